// Element-wise ops with truth values (uchar, 0 or 1): comparisons, connectives, choices.

// out = a ~ b; comparisons with NaN are false but NE
#define COMPARE(name, relation)                                                                               \
    __kernel void name(const Layout L, __global uchar* out, __global const S* as, __global const S* bs) {     \
        EACH(i, L.n) {                                                                                        \
            LOCATE(L, i, 3)                                                                                   \
            const A a = LD(as, at[1]);                                                                        \
            const A b = LD(bs, at[2]);                                                                        \
            out[at[0]] = (a relation b) ? 1 : 0;                                                              \
        }                                                                                                     \
    }

COMPARE(compare_eq, ==)
COMPARE(compare_ne, !=)
COMPARE(compare_lt, <)
COMPARE(compare_le, <=)
COMPARE(compare_gt, >)
COMPARE(compare_ge, >=)

#define TEST(name, condition)                                                                                 \
    __kernel void name(const Layout L, __global uchar* out, __global const S* in) {                           \
        EACH(i, L.n) {                                                                                        \
            LOCATE(L, i, 2)                                                                                   \
            const A x = LD(in, at[1]);                                                                        \
            out[at[0]] = (condition) ? 1 : 0;                                                                 \
        }                                                                                                     \
    }

#ifdef FLOATING
TEST(is_nan, isnan(x))
TEST(is_finite, isfinite(x))
#else
TEST(is_nan, false)
TEST(is_finite, true)
TEST(logical_not, x == 0)
COMPARE(logical_and, &)
COMPARE(logical_or, |)
COMPARE(logical_xor, ^)
#endif
