// Decompositions of small matrices, one work-group a matrix, its lanes along rows or columns. The launcher converts to F64
// where the device has it. Matrices are contiguous; `matrix` below is the number in the batch.

#define LANE const int lane = get_local_id(0), lanes = get_local_size(0), matrix = get_group_id(0);
#define MEET barrier(CLK_GLOBAL_MEM_FENCE | CLK_LOCAL_MEM_FENCE)

#ifdef IS_F64
#define ROUNDING 0x1.0p-53
#define bits_of(x) as_long(x)
#else
#define ROUNDING 0x1.0p-24f
#define bits_of(x) ((long)as_int(x))
#endif

// A = L L^T: column by column, the rest of the matrix is updated after each (l holds A before, L afterwards)
__kernel void cholesky(const int n, __global S* ls, __global int* fault, const int site) {
    LANE
    __global S* l = ls + (long)matrix * n * n;
    for (int j = 0; j < n; j++) {
        const A pivot = l[j * n + j];
        MEET;
        if (lane == 0) {
            if (!(pivot > 0)) {
                fail(fault, site, bits_of(pivot), matrix * n + j);
            }
            l[j * n + j] = sqrt(pivot);
        }
        MEET;
        for (int i = j + 1 + lane; i < n; i += lanes) {
            l[i * n + j] /= l[j * n + j];
            l[j * n + i] = 0;
        }
        MEET;
        for (int i = j + 1 + lane; i < n; i += lanes) {
            for (int k = j + 1; k <= i; k++) {
                l[i * n + k] -= l[i * n + j] * l[k * n + j];
            }
        }
        MEET;
    }
}

// X with A X = B for triangular A, one work-item a column of B; x holds B before
__kernel void triangular_solve(const int matrices, const int n, const int columns, const int upper, const int unit,
                               __global const S* as, __global S* xs) {
    EACH(e, matrices * columns) {
        __global const S* a = as + (long)(e / columns) * n * n;
        __global S* x = xs + (long)(e / columns) * n * columns + e % columns;
        for (int step = 0; step < n; step++) {
            const int i = upper ? n - 1 - step : step;
            A rest = x[i * columns];
            for (int k = upper ? i + 1 : 0; k < (upper ? n : i); k++) {
                rest -= a[i * n + k] * x[k * columns];
            }
            x[i * columns] = unit ? rest : rest / a[i * n + i];
        }
    }
}

// A with its rows exchanged = L U: column by column, the largest element below becomes the pivot, and the rest of the
// matrix is updated (a holds A before; L below the diagonal and U on and above it afterwards)
__kernel void lu(const int m, const int n, __global S* as, __global long* all_rows, __global S* signs) {
    LANE
    __local int chosen;
    __global S* a = as + (long)matrix * m * n;
    __global long* rows = all_rows + (long)matrix * m;
    A sign = 1;
    for (int i = lane; i < m; i += lanes) {
        rows[i] = i;
    }
    for (int j = 0; j < min(m, n); j++) {
        MEET;
        if (lane == 0) {
            int pivot = j;
            for (int i = j + 1; i < m; i++) {
                pivot = fabs(a[i * n + j]) > fabs(a[pivot * n + j]) ? i : pivot;
            }
            const long row = rows[j];
            rows[j] = rows[pivot];
            rows[pivot] = row;
            chosen = pivot;
        }
        MEET;
        const int pivot = chosen;
        sign = pivot == j ? sign : -sign;
        for (int k = lane; k < n && pivot != j; k += lanes) {
            const A x = a[j * n + k];
            a[j * n + k] = a[pivot * n + k];
            a[pivot * n + k] = x;
        }
        MEET;
        const A head = a[j * n + j];
        for (int i = j + 1 + lane; i < m && head != 0; i += lanes) {
            const A factor = a[i * n + j] / head;
            a[i * n + j] = factor;
            for (int k = j + 1; k < n; k++) {
                a[i * n + k] -= factor * a[j * n + k];
            }
        }
    }
    if (lane == 0) {
        signs[matrix] = sign;
    }
}

// Faults at a pivot of 0.
__kernel void check_pivots(const int matrices, const int n, __global const S* a, __global int* fault, const int site) {
    EACH(e, matrices * n) {
        if (a[(long)(e / n) * n * n + (e % n) * (n + 1)] == 0) {
            fail(fault, site, 0, e);
        }
    }
}

// A = Q R by Householder reflections I - scale v v^T with v[k] = 1: a holds A before, afterwards R on and above the
// diagonal and the v below it; scales is work space. Signs as in LAPACK.
__kernel void qr(const int m, const int n, __global S* as, __global S* all_scales, __global S* qs) {
    LANE
    const int count = min(m, n);
    __global S* a = as + (long)matrix * m * n;
    __global S* scales = all_scales + (long)matrix * count;
    __global S* q = qs + (long)matrix * m * count;
    for (int k = 0; k < count; k++) {
        MEET;
        if (lane == 0) {
            A below = 0;
            for (int i = k + 1; i < m; i++) {
                below = hypot(below, a[i * n + k]);
            }
            const A head = a[k * n + k];
            const A length = -copysign(hypot(head, below), head);
            scales[k] = below == 0 ? 0 : (length - head) / length;
            if (below != 0) {
                for (int i = k + 1; i < m; i++) {
                    a[i * n + k] /= head - length;
                }
                a[k * n + k] = length;
            }
        }
        MEET;
        for (int j = k + 1 + lane; j < n; j += lanes) {
            A dot = a[k * n + j];
            for (int i = k + 1; i < m; i++) {
                dot += a[i * n + k] * a[i * n + j];
            }
            dot *= scales[k];
            a[k * n + j] -= dot;
            for (int i = k + 1; i < m; i++) {
                a[i * n + j] -= dot * a[i * n + k];
            }
        }
    }
    MEET;
    for (int j = lane; j < count; j += lanes) { // column j of Q: the reflections, last one first, of a unit vector
        for (int i = 0; i < m; i++) {
            q[i * count + j] = i == j;
        }
        for (int k = count - 1; k >= 0; k--) {
            A dot = q[k * count + j];
            for (int i = k + 1; i < m; i++) {
                dot += a[i * n + k] * q[i * count + j];
            }
            dot *= scales[k];
            q[k * count + j] -= dot;
            for (int i = k + 1; i < m; i++) {
                q[i * count + j] -= dot * a[i * n + k];
            }
        }
    }
}

// Faults at the first element that is not finite.
__kernel void check_finite(const int total, const int size, __global const S* a, __global int* fault, const int site) {
    EACH(e, total) {
        if (!isfinite(a[e])) {
            fail(fault, site, bits_of(a[e]), e / size);
        }
    }
}

// The sign of the largest element of a strided vector, the first of equals.
static inline A sign_of_largest(__global const S* v, int length, int step) {
    A largest = 0;
    for (int i = 0; i < length; i++) {
        const A x = v[i * step];
        largest = fabs(x) > fabs(largest) ? x : largest;
    }
    return largest < 0 ? -1 : 1;
}

// Eigenvalues and eigenvectors of a symmetric matrix by cyclic Jacobi rotations (Jacobi, 1846): each makes one pair of
// off-diagonal elements zero, and their sum of squares falls until nothing but rounding is left. The lower triangle is
// read; a and v are work space, order too.
__kernel void eigh(const int n, __global const S* in, __global S* as, __global S* vs, __global int* orders,
                   __global S* values, __global S* vectors) {
    LANE
    __local A total[MOST_ITEMS];
    __global const S* from = in + (long)matrix * n * n;
    __global S* a = as + (long)matrix * n * n;
    __global S* v = vs + (long)matrix * n * n;
    __global int* order = orders + (long)matrix * n;
    A squares = 0;
    for (int e = lane; e < n * n; e += lanes) {
        const int i = e / n, j = e % n;
        a[e] = from[max(i, j) * n + min(i, j)];
        v[e] = i == j;
        squares += a[e] * a[e];
    }
    const A noise = ROUNDING * sqrt(lanes_sum(squares, total)) / max(n, 1);
    int rotated = 1;
    for (int sweep = 0; sweep < 60 && rotated; sweep++) {
        rotated = 0;
        for (int p = 0; p < n - 1; p++) {
            for (int q = p + 1; q < n; q++) {
                MEET; // no barrier depends on the data: a pair that is zero already is turned by nothing
                const A apq = a[p * n + q];
                const A theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
                const A t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1));
                const bool turns = fabs(apq) > noise;
                const A c = turns ? 1 / sqrt(t * t + 1) : 1;
                const A s = turns ? t * c : 0;
                rotated |= turns;
                MEET;
                for (int k = lane; k < n; k += lanes) { // rows p and q
                    const A x = a[p * n + k];
                    const A y = a[q * n + k];
                    a[p * n + k] = c * x - s * y;
                    a[q * n + k] = s * x + c * y;
                }
                MEET;
                for (int k = lane; k < n; k += lanes) { // columns p and q
                    const A x = a[k * n + p];
                    const A y = a[k * n + q];
                    a[k * n + p] = c * x - s * y;
                    a[k * n + q] = s * x + c * y;
                    const A w = v[k * n + p];
                    const A z = v[k * n + q];
                    v[k * n + p] = c * w - s * z;
                    v[k * n + q] = s * w + c * z;
                }
            }
        }
        MEET;
    }
    if (lane == 0) { // ascending, by insertion
        for (int i = 0; i < n; i++) {
            int at = i;
            for (; at > 0 && a[order[at - 1] * n + order[at - 1]] > a[i * n + i]; at--) {
                order[at] = order[at - 1];
            }
            order[at] = i;
        }
    }
    MEET;
    for (int j = lane; j < n; j += lanes) {
        const int from_column = order[j];
        values[(long)matrix * n + j] = a[from_column * n + from_column];
        const A sign = sign_of_largest(v + from_column, n, n);
        for (int i = 0; i < n; i++) {
            vectors[(long)matrix * n * n + i * n + j] = sign * v[i * n + from_column];
        }
    }
}

// Three sums over the lanes of a work-group at once.
static inline void lanes_sums(A* x, A* y, A* z, __local A* scratch) {
    const int lane = get_local_id(0);
    const int lanes = get_local_size(0);
    scratch[lane] = *x;
    scratch[MOST_ITEMS + lane] = *y;
    scratch[2 * MOST_ITEMS + lane] = *z;
    for (int step = lanes / 2; step > 0; step /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (lane < step) {
            for (int k = lane; k < 3 * MOST_ITEMS; k += MOST_ITEMS) {
                scratch[k] += scratch[k + step];
            }
        }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    *x = scratch[0];
    *y = scratch[MOST_ITEMS];
    *z = scratch[2 * MOST_ITEMS];
    barrier(CLK_LOCAL_MEM_FENCE);
}

// Thin singular values by one-sided Jacobi rotations (Hestenes, 1958): pairs of columns are rotated until all are
// orthogonal; their lengths are the singular values, the rotations together are V. Work space: `columns` holds the
// `count` columns of A (of A^T, if wide) as rows of `length`, `turns` the rotations.
__kernel void svd_rotate(const int length, const int count, __global S* all_columns, __global S* all_turns,
                         __global S* all_lengths, __global int* orders) {
    LANE
    __local A total[3 * MOST_ITEMS];
    __global S* columns = all_columns + (long)matrix * length * count;
    __global S* turns = all_turns + (long)matrix * count * count;
    __global S* lengths = all_lengths + (long)matrix * count;
    __global int* order = orders + (long)matrix * count;
    for (int e = lane; e < count * count; e += lanes) {
        turns[e] = e / count == e % count;
    }
    A squares = 0;
    for (int e = lane; e < length * count; e += lanes) {
        squares += columns[e] * columns[e];
    }
    const A noise = ROUNDING * ROUNDING * lanes_sum(squares, total);
    const A tolerance = 4 * sqrt((A)length) * ROUNDING;
    int rotated = 1;
    for (int sweep = 0; sweep < 60 && rotated; sweep++) {
        rotated = 0;
        for (int p = 0; p < count - 1; p++) {
            for (int q = p + 1; q < count; q++) {
                A xx = 0, yy = 0, xy = 0;
                MEET;
                for (int k = lane; k < length; k += lanes) {
                    const A x = columns[p * length + k];
                    const A y = columns[q * length + k];
                    xx += x * x;
                    yy += y * y;
                    xy += x * y;
                }
                lanes_sums(&xx, &yy, &xy, total);
                const bool turn = fabs(xy) > fmax(noise, tolerance * sqrt(xx) * sqrt(yy));
                const A zeta = (yy - xx) / (2 * xy);
                const A t = copysign(1 / (fabs(zeta) + sqrt(1 + zeta * zeta)), zeta);
                const A c = turn ? 1 / sqrt(1 + t * t) : 1;
                const A s = turn ? c * t : 0;
                rotated |= turn;
                for (int k = lane; k < length; k += lanes) {
                    const A x = columns[p * length + k];
                    const A y = columns[q * length + k];
                    columns[p * length + k] = c * x - s * y;
                    columns[q * length + k] = s * x + c * y;
                }
                for (int k = lane; k < count; k += lanes) {
                    const A x = turns[p * count + k];
                    const A y = turns[q * count + k];
                    turns[p * count + k] = c * x - s * y;
                    turns[q * count + k] = s * x + c * y;
                }
            }
        }
        MEET;
    }
    for (int i = lane; i < count; i += lanes) {
        A sum = 0;
        for (int k = 0; k < length; k++) {
            sum += columns[i * length + k] * columns[i * length + k];
        }
        lengths[i] = sqrt(sum);
    }
    MEET;
    if (lane == 0) { // descending, by insertion
        for (int i = 0; i < count; i++) {
            int at = i;
            for (; at > 0 && lengths[order[at - 1]] < lengths[i]; at--) {
                order[at] = order[at - 1];
            }
            order[at] = i;
        }
    }
}

// Writes to row `row` a unit vector that is orthogonal to the rows before: the unit vector of the coordinate which they
// cover least, freed from them twice (the second time removes the rounding errors of the first).
static inline void complete(__global S* basis, int row, int length) {
    __global S* own = basis + row * length;
    int least = 0;
    A least_cover = LARGEST;
    for (int k = 0; k < length; k++) {
        A cover = 0;
        for (int r = 0; r < row; r++) {
            cover += basis[r * length + k] * basis[r * length + k];
        }
        if (cover < least_cover) {
            least_cover = cover;
            least = k;
        }
    }
    for (int k = 0; k < length; k++) {
        own[k] = k == least;
    }
    for (int pass = 0; pass < 2; pass++) {
        for (int r = 0; r < row; r++) {
            A share = 0;
            for (int k = 0; k < length; k++) {
                share += own[k] * basis[r * length + k];
            }
            for (int k = 0; k < length; k++) {
                own[k] -= share * basis[r * length + k];
            }
        }
        A squares = 0;
        for (int k = 0; k < length; k++) {
            squares += own[k] * own[k];
        }
        for (int k = 0; k < length; k++) {
            own[k] /= sqrt(squares);
        }
    }
}

// U, S and Vh from the rotated columns, one work-item a matrix. `basis` is work space like `columns`. Columns that are zero
// but for rounding have no direction: they are replaced by unit vectors that complete the basis.
__kernel void svd_finish(const int matrices, const int m, const int n, __global const S* all_columns,
                         __global const S* all_turns, __global const S* all_lengths, __global const int* orders,
                         __global S* all_basis, __global S* us, __global S* ss, __global S* vhs) {
    const int tall = m >= n;
    const int length = max(m, n);
    const int count = min(m, n);
    EACH(matrix, matrices) {
        __global const S* columns = all_columns + (long)matrix * length * count;
        __global const S* turns = all_turns + (long)matrix * count * count;
        __global const S* lengths = all_lengths + (long)matrix * count;
        __global const int* order = orders + (long)matrix * count;
        __global S* basis = all_basis + (long)matrix * length * count;
        __global S* u = us + (long)matrix * m * count;
        __global S* vh = vhs + (long)matrix * count * n;
        for (int i = 0; i < count; i++) {
            const A size = lengths[order[i]];
            ss[(long)matrix * count + i] = size;
            if (size > length * ROUNDING * lengths[order[0]]) {
                for (int k = 0; k < length; k++) {
                    basis[i * length + k] = columns[order[i] * length + k] / size;
                }
            } else {
                complete(basis, i, length);
            }
            __global const S* turn = turns + order[i] * count;
            __global const S* left = tall ? basis + i * length : turn;
            __global const S* right = tall ? turn : basis + i * length;
            const A sign = sign_of_largest(left, m, 1);
            for (int k = 0; k < m; k++) {
                u[k * count + i] = sign * left[k];
            }
            for (int k = 0; k < n; k++) {
                vh[i * n + k] = sign * right[k];
            }
        }
    }
}
