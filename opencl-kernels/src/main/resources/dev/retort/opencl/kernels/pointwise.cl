// Element-wise ops: out[i] = f(x[i]) and its gradient out[i] = g[i] * f'(x[i]), for strided and broadcast windows.
// Each line below is one kernel and states its formula; p and q are the op's attributes.
//
// With CHAIN defined, each line is a function instead, and the one kernel applies several of them to an element, so that
// what is between them is never written. The host writes what it applies (launch/Chain):
//
//   silu(a) * b     CHAIN_OPERANDS 3     CHAIN_PARAMETERS  , __global const S* in1, __global const S* in2, ...
//                   CHAIN_VALUES  const A x1 = LD(in1, at[1]); const A x2 = LD(in2, at[2]);
//                                 const A v0 = rounded(unary_silu_of(x1, p0, q0));
//                                 const A v1 = rounded(binary_mul_of(v0, x2));
//                   CHAIN_RESULT  v1
//
// With PRODUCT defined as well, product.cl follows and applies the chain to its results, and there is no kernel here.

#define ROOT_HALF K(0.7071067811865476)
#define TWO_BY_ROOT_PI K(1.1283791670955126)
#define ROOT_TWO_BY_PI K(0.7978845608028654)
#define BY_ROOT_TWO_PI K(0.3989422804014327)

#pragma OPENCL FP_CONTRACT OFF // one by one or in a chain, an op gives the same bits

#ifdef CHAIN
#define UNARY(name, value) \
    static inline A name##_of(const A x, const A p, const A q) { return value; }
#define GRADIENT(name, value) \
    static inline A name##_backward_of(const A g, const A x, const A y, const A p, const A q) { return value; }
#define BINARY(name, value) \
    static inline A name##_of(const A a, const A b) { return value; }
#else

// out = f(x)
#define UNARY(name, value)                                                                                 \
    __kernel void name(const Layout L, __global S* restrict out, __global const S* restrict in,            \
                       const A p, const A q) {                                                             \
        EACH_WIDE(i, L.n) {                                                                                \
            LOCATE(L, i, 2)                                                                                \
            const A x = LD(in, at[1]);                                                                     \
            ST(out, at[0], value);                                                                         \
        }                                                                                                  \
    }

// out = g * f'(x), where y = f(x)
#define GRADIENT(name, value)                                                                              \
    __kernel void name##_backward(const Layout L, __global S* restrict out,                                \
                                  __global const S* restrict gs, __global const S* restrict xs,            \
                                  __global const S* restrict ys, const A p, const A q) {                   \
        EACH_WIDE(i, L.n) {                                                                                \
            LOCATE(L, i, 4)                                                                                \
            const A g = LD(gs, at[1]);                                                                     \
            const A x = LD(xs, at[2]);                                                                     \
            const A y = LD(ys, at[3]);                                                                     \
            ST(out, at[0], value);                                                                         \
        }                                                                                                  \
    }

// out = f(a, b)
#define BINARY(name, value)                                                                                \
    __kernel void name(const Layout L, __global S* restrict out, __global const S* restrict as,            \
                       __global const S* restrict bs) {                                                    \
        EACH_WIDE(i, L.n) {                                                                                \
            LOCATE(L, i, 3)                                                                                \
            const A a = LD(as, at[1]);                                                                     \
            const A b = LD(bs, at[2]);                                                                     \
            ST(out, at[0], value);                                                                         \
        }                                                                                                  \
    }

#endif

#ifdef FLOATING

static inline A sigmoid(A x) {
    const A e = exp(-fabs(x));
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

static inline A softplus(A x, A beta) {
    return beta * x > 20 ? x : log1p(exp(beta * x)) / beta;
}

static inline A sign_of(A x) {
    return isnan(x) ? x : (A)((x > 0) - (x < 0));
}

static inline A clamped(A x, A low, A high) {
    return isnan(x) ? x : fmin(fmax(x, low), high);
}

static inline A normal_cdf(A x) {
    return K(0.5) * erfc(-x * ROOT_HALF);
}

static inline A normal_density(A x) {
    return BY_ROOT_TWO_PI * exp(K(-0.5) * x * x);
}

// tanh form of Phi: 1/2 (1 + tanh u) = sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x^3)
static inline A gelu_tanh_cdf(A x) {
    return sigmoid(2 * ROOT_TWO_BY_PI * x * (1 + K(0.044715) * x * x));
}

static inline A gelu_tanh_slope(A x) {
    const A f = gelu_tanh_cdf(x);
    const A bell = f == 0 || f == 1 ? 0 : x * f * (1 - f) * ROOT_TWO_BY_PI * (1 + K(3.0) * K(0.044715) * x * x);
    return f + 2 * bell;
}

static inline A silu_slope(A x) {
    const A s = sigmoid(x);
    return s * (1 + x * (1 - s));
}

static inline A mish_slope(A x) {
    const A t = tanh(softplus(x, 1));
    return t + x * (1 - t * t) * sigmoid(x);
}

static inline A remainder_of(A a, A b) { // the sign of b
    const A r = fmod(a, b);
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static inline A power(A x, A e) {
    return x == 1 ? 1 : pow(x, e);
}

static inline A floor_divided(A a, A b) {
    const A r = fmod(a, b);
    const A q = (a - r) / b;
    const A lower = r != 0 && (b < 0) != (a < 0) ? q - 1 : q;
    return b == 0 ? a / b : lower == 0 ? copysign((A)0, a / b) : rint(lower);
}

// Winitzki's closed form, refined by Halley's method
static inline A erfinv(A x) {
    const A a = fabs(x);
    const A lg = log1p(-a * a);
    const A half_way = K(4.330746750799873) + K(0.5) * lg; // 2 / (pi 0.147)
    const A square = -lg / K(0.147);
    A y = sqrt(square / (sqrt(half_way * half_way + square) + half_way));
    for (int step = 0; step < 3; step++) {
        const A over = a < K(0.5) ? erf(y) - a : 1 - a - erfc(y);
        const A newton = over / (TWO_BY_ROOT_PI * exp(-y * y));
        y -= newton / (1 + y * newton);
    }
    return copysign(a < 1 ? y : a == 1 ? (A)INFINITY : (A)NAN, x);
}

// sum of (x + k)^-s over k = 0, 1, ... for x > -1, x not 0, by Euler and Maclaurin's formula
static inline A hurwitz(A s, A x) {
    A sum = 0;
    A at = x;
    while (at < 12) {
        sum += pow(at, -s);
        at += 1;
    }
    const A power = pow(at, -s);
    const A r = 1 / (at * at);
    A term = power * s / at;
    sum += power * at / (s - 1) + K(0.5) * power + term / 12;
    term *= (s + 1) * (s + 2) * r;
    sum -= term / 720;
    term *= (s + 3) * (s + 4) * r;
    sum += term / K(30240.0);
    term *= (s + 5) * (s + 6) * r;
    sum -= term / K(1209600.0);
    term *= (s + 7) * (s + 8) * r;
    sum += term / K(47900160.0);
    term *= (s + 9) * (s + 10) * r;
    sum -= term * K(5.284190138687493e-10);
    return isinf(x) ? 0 : sum;
}

// the derivative of order n + 1 of ln(gamma(x)) for x > -1, x not 0
static inline A polygamma_rising(A x, A n) {
    if (n > 0) {
        A factorial = fmod(n, (A)2) == 0 ? -1 : 1;
        for (A k = 2; k <= n; k += 1) {
            factorial *= k;
        }
        return factorial * hurwitz(n + 1, x);
    }
    A sum = 0;
    A at = x;
    while (at < 12) {
        sum -= 1 / at;
        at += 1;
    }
    const A r = 1 / (at * at);
    const A last = 1 / K(132.0) - r * K(0.021092796092796094);
    const A tail = r * (1 / K(12.0) - r * (1 / K(120.0) - r * (1 / K(252.0) - r * (1 / K(240.0) - r * last))));
    return sum + log(at) - K(0.5) / at - tail;
}

// the same for every x: below 0 by reflection about the nearest integer
static inline A polygamma(A x, A n) {
    if (x > 0 || isnan(x)) {
        return polygamma_rising(x, n);
    }
    const bool odd = fmod(n, (A)2) != 0;
    const A near_zero = x - rint(x);
    if (near_zero == 0) {
        return n > 0 ? (odd ? (A)INFINITY : -(A)INFINITY) : x == 0 ? copysign((A)INFINITY, -x) : (A)NAN;
    }
    const A shift = polygamma_rising(1 - x, n) - polygamma_rising(1 - near_zero, n);
    return polygamma_rising(near_zero, n) + (odd ? -shift : shift);
}

UNARY(unary_neg, -x)
UNARY(unary_abs, fabs(x))
UNARY(unary_sign, sign_of(x))
UNARY(unary_square, x * x)
UNARY(unary_add_scalar, x + p)
UNARY(unary_mul_scalar, x * p)
UNARY(unary_clamp, clamped(x, p, q))
UNARY(unary_relu, isnan(x) ? x : fmax(x, (A)0))
UNARY(unary_pow_scalar, power(x, p))
UNARY(unary_exp, exp(x))
UNARY(unary_expm1, expm1(x))
UNARY(unary_log, log(x))
UNARY(unary_log1p, log1p(x))
UNARY(unary_sqrt, sqrt(x))
UNARY(unary_rsqrt, 1 / sqrt(x))
UNARY(unary_reciprocal, 1 / x)
UNARY(unary_sin, sin(x))
UNARY(unary_cos, cos(x))
UNARY(unary_tan, tan(x))
UNARY(unary_asin, asin(x))
UNARY(unary_acos, acos(x))
UNARY(unary_atan, atan(x))
UNARY(unary_log2, log2(x))
UNARY(unary_log10, log10(x))
UNARY(unary_sinh, sinh(x))
UNARY(unary_cosh, cosh(x))
UNARY(unary_asinh, asinh(x))
UNARY(unary_acosh, acosh(x))
UNARY(unary_atanh, atanh(x))
UNARY(unary_exp2, exp2(x))
UNARY(unary_erfc, erfc(x))
UNARY(unary_erfinv, erfinv(x))
UNARY(unary_lgamma, lgamma(x))
UNARY(unary_polygamma, polygamma(x, p))
UNARY(unary_logit, log(x / (1 - x)))
UNARY(unary_tanh, tanh(x))
UNARY(unary_sigmoid, sigmoid(x))
UNARY(unary_log_sigmoid, fmin(x, (A)0) - log1p(exp(-fabs(x))))
UNARY(unary_erf, erf(x))
UNARY(unary_leaky_relu, x >= 0 ? x : p * x)
UNARY(unary_elu, x > 0 ? x : p * expm1(x))
UNARY(unary_gelu, x * normal_cdf(x))
UNARY(unary_gelu_tanh, x * gelu_tanh_cdf(x))
UNARY(unary_silu, x * sigmoid(x))
UNARY(unary_mish, x * tanh(softplus(x, 1)))
UNARY(unary_hardswish, x * clamped(x + 3, 0, 6) / 6)
UNARY(unary_hardsigmoid, clamped(x + 3, 0, 6) / 6)
UNARY(unary_softplus, softplus(x, p))
UNARY(unary_floor, floor(x))
UNARY(unary_ceil, ceil(x))
UNARY(unary_round, rint(x))

GRADIENT(unary_neg, -g)
GRADIENT(unary_abs, g * sign_of(x))
GRADIENT(unary_sign, 0)
GRADIENT(unary_square, g * 2 * x)
GRADIENT(unary_add_scalar, g)
GRADIENT(unary_mul_scalar, g * p)
GRADIENT(unary_clamp, x >= p && x <= q ? g : 0)
GRADIENT(unary_relu, x > 0 ? g : 0)
GRADIENT(unary_pow_scalar, p == 0 ? 0 : g * p * power(x, p - 1))
GRADIENT(unary_exp, g * y)
GRADIENT(unary_expm1, g * (y + 1))
GRADIENT(unary_log, g / x)
GRADIENT(unary_log1p, g / (1 + x))
GRADIENT(unary_sqrt, g / (2 * y))
GRADIENT(unary_rsqrt, K(-0.5) * g * y * y * y)
GRADIENT(unary_reciprocal, -g * y * y)
GRADIENT(unary_sin, g * cos(x))
GRADIENT(unary_cos, -g * sin(x))
GRADIENT(unary_tan, g * (1 + y * y))
GRADIENT(unary_asin, g / sqrt((1 - x) * (1 + x)))
GRADIENT(unary_acos, -g / sqrt((1 - x) * (1 + x)))
GRADIENT(unary_atan, g / (1 + x * x))
GRADIENT(unary_log2, g / (x * K(0.6931471805599453)))
GRADIENT(unary_log10, g / (x * K(2.302585092994046)))
GRADIENT(unary_sinh, g * cosh(x))
GRADIENT(unary_cosh, g * sinh(x))
GRADIENT(unary_asinh, g / sqrt(1 + x * x))
GRADIENT(unary_acosh, g / sqrt((x - 1) * (x + 1)))
GRADIENT(unary_atanh, g / ((1 - x) * (1 + x)))
GRADIENT(unary_exp2, g * y * K(0.6931471805599453))
GRADIENT(unary_erfc, -g * TWO_BY_ROOT_PI * exp(-x * x))
GRADIENT(unary_erfinv, g / TWO_BY_ROOT_PI * exp(y * y))
GRADIENT(unary_lgamma, g * polygamma(x, 0))
GRADIENT(unary_polygamma, g * polygamma(x, p + 1))
GRADIENT(unary_logit, g / (x * (1 - x)))
GRADIENT(unary_tanh, g * (1 - y * y))
GRADIENT(unary_sigmoid, g * y * (1 - y))
GRADIENT(unary_log_sigmoid, g * sigmoid(-x))
GRADIENT(unary_erf, g * TWO_BY_ROOT_PI * exp(-x * x))
GRADIENT(unary_leaky_relu, x > 0 ? g : p * g)
GRADIENT(unary_elu, x > 0 ? g : g * (y + p))
GRADIENT(unary_gelu, g * (normal_cdf(x) + x * normal_density(x)))
GRADIENT(unary_gelu_tanh, g * gelu_tanh_slope(x))
GRADIENT(unary_silu, g * silu_slope(x))
GRADIENT(unary_mish, g * mish_slope(x))
GRADIENT(unary_hardswish, x < -3 ? 0 : x > 3 ? g : g * (x / 3 + K(0.5)))
GRADIENT(unary_hardsigmoid, x > -3 && x < 3 ? g / 6 : 0)
GRADIENT(unary_softplus, p * x > 20 ? g : g * sigmoid(p * x))
GRADIENT(unary_floor, 0)
GRADIENT(unary_ceil, 0)
GRADIENT(unary_round, 0)

BINARY(binary_add, a + b)
BINARY(binary_sub, a - b)
BINARY(binary_mul, a * b)
BINARY(binary_div, a / b)
BINARY(binary_pow, power(a, b))
BINARY(binary_maximum, MAXIMUM(a, b))
BINARY(binary_minimum, MINIMUM(a, b))
BINARY(binary_remainder, remainder_of(a, b))
BINARY(binary_fmod, fmod(a, b))
BINARY(binary_floor_divide, floor_divided(a, b))
BINARY(binary_atan2, atan2(a, b))
BINARY(binary_hypot, hypot(a, b))

#if defined(CHAIN) && !defined(PRODUCT)
__kernel void chain(const Layout L, __global S* restrict out CHAIN_PARAMETERS) {
    EACH_WIDE(i, L.n) {
        LOCATE(L, i, CHAIN_OPERANDS)
        CHAIN_VALUES
        ST(out, at[0], CHAIN_RESULT);
    }
}
#endif

#else // integers: 64-bit arithmetic that wraps around, stored in the low bits

// x to the power e, wrapping around; 1 / x^(-e) truncated for negative e, which is 0 unless x = 1 or -1
static inline long power(long x, long e) {
    if (e < 0) {
        return x == 1 ? 1 : x == -1 ? 1 - 2 * (e & 1) : 0;
    }
    long result = 1;
    long square = x;
    for (long rest = e; rest > 0; rest >>= 1) {
        result = (rest & 1) ? result * square : result;
        square *= square;
    }
    return result;
}

UNARY(unary_neg, -x)
UNARY(unary_abs, x < 0 ? -x : x)
UNARY(unary_sign, (x > 0) - (x < 0))
UNARY(unary_square, x * x)
UNARY(unary_add_scalar, x + p)
UNARY(unary_mul_scalar, x * p)
UNARY(unary_clamp, min(max(x, p), q))
UNARY(unary_relu, max(x, (A)0))

BINARY(binary_add, a + b)
BINARY(binary_sub, a - b)
BINARY(binary_mul, a * b)
BINARY(binary_pow, power(a, b))
BINARY(binary_maximum, max(a, b))
BINARY(binary_minimum, min(a, b))

// out = f(a, b) with r = a - b * trunc(a / b), below = whether a / b lies below its truncation; a divisor of 0 is a fault
#define DIVISION(name, value)                                                                              \
    __kernel void name(const Layout L, __global S* out, __global const S* as, __global const S* bs,        \
                       __global int* fault, const int site) {                                              \
        EACH(i, L.n) {                                                                                     \
            LOCATE(L, i, 3)                                                                                \
            const A a = LD(as, at[1]);                                                                     \
            const A b = LD(bs, at[2]);                                                                     \
            if (b == 0) {                                                                                  \
                fail(fault, site, a, i);                                                                   \
            } else {                                                                                       \
                const A r = b == -1 ? 0 : a % b; /* the smallest long has no quotient with -1 */           \
                const A below = r != 0 && (r < 0) != (b < 0);                                              \
                ST(out, at[0], value);                                                                     \
            }                                                                                              \
        }                                                                                                  \
    }

DIVISION(binary_remainder, below ? r + b : r)
DIVISION(binary_fmod, r)
DIVISION(binary_floor_divide, b == -1 ? -a : a / b - below)

#endif
