package dev.retort.tensor.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Tensor;

/// Comparisons of results; the only place where tolerances become limits.
public final class Close {
    private Close() {}

    /// Unit roundoff of a floating dtype: half the distance from 1 to the next number.
    public static double eps(DType dtype) {
        return switch (dtype) {
            case F64 -> 0x1.0p-53;
            case F32 -> 0x1.0p-24;
            case F16 -> 0x1.0p-11;
            case BF16 -> 0x1.0p-8;
            case I64, I32, I8, U8, BOOL -> 0;
        };
    }

    /// Same type, and |actual − expected| ≤ tolerance · (|expected| + min(1, max |expected|)) in every
    /// element; NaN and infinities must agree.
    public static void assertClose(String what, Tensor actual, Tensor expected, double tolerance) {
        assertThat(actual.shape()).as(what).isEqualTo(expected.shape());
        assertClose(what, actual.toDoubles(), expected.toDoubles(), tolerance);
    }

    /// As above, for values in row-major order.
    public static void assertClose(String what, double[] actual, double[] expected, double tolerance) {
        assertThat(actual.length).as(what).isEqualTo(expected.length);
        double scale = 0;
        for (double e : expected) {
            scale = Double.isFinite(e) ? Math.max(scale, Math.abs(e)) : scale;
        }
        scale = Math.min(scale, 1);
        for (int i = 0; i < expected.length; i++) {
            double a = actual[i];
            double e = expected[i];
            boolean same = Double.isFinite(e)
                    ? Math.abs(a - e) <= tolerance * (Math.abs(e) + scale)
                    : Double.compare(a, e) == 0;
            if (!same) {
                fail("%s: element %d: expected %s, got %s, tolerance %.3g", what, i, e, a, tolerance);
            }
        }
    }

    /// Same type and the same bits (all NaN count as one).
    public static void assertSameBits(String what, Tensor actual, Tensor expected) {
        assertThat(actual.type()).as(what).isEqualTo(expected.type());
        HostStorage a = actual.toHost();
        HostStorage e = expected.toHost();
        for (int i = 0; i < e.size(); i++) {
            if (bits(a, i) != bits(e, i)) {
                fail("%s: element %d: expected %s, got %s", what, i, e.getDouble(i), a.getDouble(i));
            }
        }
    }

    /// The bits of an element, one pattern for all NaN.
    static long bits(HostStorage storage, int i) {
        return storage.dtype().isFloating() ? Double.doubleToLongBits(storage.getDouble(i)) : storage.getLong(i);
    }
}
