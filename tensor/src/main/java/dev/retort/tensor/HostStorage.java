package dev.retort.tensor;

import java.lang.reflect.Array;
import org.jspecify.annotations.Nullable;

/// A buffer on the Java heap: one primitive array, by element type.
///
/// | dtype | array |
/// | --- | --- |
/// | `F32` | `float[]` |
/// | `F64` | `double[]` |
/// | `BF16`, `F16` | `short[]` (bits) |
/// | `I64` | `long[]` |
/// | `I32` | `int[]` |
/// | `I8`, `U8`, `BOOL` | `byte[]` |
public final class HostStorage extends Storage {
    /// Null when the memory was given back.
    private @Nullable Object array;

    private final boolean pooled;
    private boolean offered;

    private HostStorage(DType dtype, Object array, boolean pooled) {
        super(dtype, Array.getLength(array));
        this.array = array;
        this.pooled = pooled;
    }

    private HostStorage(DType dtype, Object array) {
        this(dtype, array, false);
    }

    /// A buffer around the array of a result that was asked for by [Workspace#floats] or
    /// [Workspace#overwritten], and that nobody else refers to.
    public static HostStorage result(float[] array) {
        return new HostStorage(DType.F32, array, array.length >= RecentArrays.LEAST && !Workspace.isOpen());
    }

    /// The same for indices that were asked for by [Workspace#longs].
    public static HostStorage result(long[] array) {
        return new HostStorage(DType.I64, array, array.length >= ArrayPool.LEAST && !Workspace.isOpen());
    }

    @Override
    public boolean isReleasable() {
        return pooled;
    }

    /// A large result goes to the results that follow; reading it afterwards is an error.
    /// Other buffers stay until they are collected as garbage.
    @Override
    protected synchronized void free() {
        Object present = array;
        if (pooled && present != null) {
            array = null;
            if (!(present instanceof float[] floats && RecentArrays.put(floats))) {
                ArrayPool.shared().put(present);
            }
        }
    }

    /// Says whether the op that runs next reads this result last, so that its kernel may write over it.
    public void offer(boolean last) {
        offered = last;
    }

    /// The array for a kernel's own result, if it was offered; reading this afterwards is an error.
    synchronized float @Nullable [] handOver() {
        if (offered && pooled && !isKept() && array instanceof float[] floats) {
            offered = false;
            array = null;
            return floats;
        }
        return null;
    }

    private Object present() {
        Object present = array;
        if (present == null) {
            throw new OpException(
                    "storage: the memory of this result was given back when backward had passed it; take a"
                            + " copy() or detach() of what is read later, before backward");
        }
        return present;
    }

    /// A zeroed buffer.
    ///
    /// @throws MemoryShortage if the heap has no room for it
    public static HostStorage allocate(DType dtype, int size) {
        try {
            return new HostStorage(dtype, array(dtype, size));
        } catch (OutOfMemoryError e) {
            throw MemoryShortage.of(dtype, size, e);
        }
    }

    private static Object array(DType dtype, int size) {
        return switch (dtype) {
            case F32 -> new float[size];
            case F64 -> new double[size];
            case BF16, F16 -> new short[size];
            case I64 -> new long[size];
            case I32 -> new int[size];
            case I8, U8, BOOL -> new byte[size];
        };
    }

    /// A buffer around `array`, which is not copied.
    ///
    /// @throws OpException if the array's type is not the one that `dtype` is stored in
    public static HostStorage wrap(DType dtype, Object array) {
        Class<?> expected = switch (dtype) {
            case F32 -> float[].class;
            case F64 -> double[].class;
            case BF16, F16 -> short[].class;
            case I64 -> long[].class;
            case I32 -> int[].class;
            case I8, U8, BOOL -> byte[].class;
        };
        if (!expected.isInstance(array)) {
            throw new OpException("storage: " + dtype + " is stored in " + expected.getSimpleName() + ", got "
                    + array.getClass().getSimpleName());
        }
        return new HostStorage(dtype, array);
    }

    @Override
    public Device device() {
        return Device.CPU;
    }

    /// The array itself, not a copy.
    public Object array() {
        return present();
    }

    /// The array of an `F32` buffer.
    public float[] floats() {
        return (float[]) present();
    }

    /// The array of an `F64` buffer.
    public double[] doubles() {
        return (double[]) present();
    }

    /// The bits of a `BF16` or `F16` buffer.
    public short[] shorts() {
        return (short[]) present();
    }

    /// The array of an `I64` buffer.
    public long[] longs() {
        return (long[]) present();
    }

    /// The array of an `I32` buffer.
    public int[] ints() {
        return (int[]) present();
    }

    /// The array of an `I8`, `U8` or `BOOL` buffer.
    public byte[] bytes() {
        return (byte[]) present();
    }

    /// Element `i` as a double (exact but for `I64` beyond 2⁵³).
    public double getDouble(int i) {
        return switch (dtype()) {
            case F32 -> floats()[i];
            case F64 -> doubles()[i];
            case BF16 -> Float.intBitsToFloat(shorts()[i] << 16);
            case F16 -> Float.float16ToFloat(shorts()[i]);
            case I64 -> longs()[i];
            case I32 -> ints()[i];
            case I8, BOOL -> bytes()[i];
            case U8 -> bytes()[i] & 0xFF;
        };
    }

    /// Writes `value` to element `i`, rounded to the element type (floating types to nearest even;
    /// integers by truncation towards zero, then to the low bits; `BOOL` to 0 or 1).
    public void setDouble(int i, double value) {
        switch (dtype()) {
            case F32 -> floats()[i] = (float) value;
            case F64 -> doubles()[i] = value;
            case BF16 -> shorts()[i] = toBf16(roundToOdd(value));
            case F16 -> shorts()[i] = Float.floatToFloat16(roundToOdd(value));
            case I64 -> longs()[i] = (long) value;
            case I32 -> ints()[i] = (int) (long) value;
            case I8, U8 -> bytes()[i] = (byte) (long) value;
            case BOOL -> bytes()[i] = (byte) (value != 0 ? 1 : 0);
        }
    }

    /// Element `i` as a long; floating types are truncated towards zero.
    public long getLong(int i) {
        return switch (dtype()) {
            case I64 -> longs()[i];
            case I32 -> ints()[i];
            case I8, BOOL -> bytes()[i];
            case U8 -> bytes()[i] & 0xFF;
            case F32, F64, BF16, F16 -> (long) getDouble(i);
        };
    }

    /// Writes `value` to element `i`; integer types keep the low bits, `BOOL` becomes 0 or 1.
    public void setLong(int i, long value) {
        switch (dtype()) {
            case I64 -> longs()[i] = value;
            case I32 -> ints()[i] = (int) value;
            case I8, U8 -> bytes()[i] = (byte) value;
            case BOOL -> bytes()[i] = (byte) (value != 0 ? 1 : 0);
            case F32 -> floats()[i] = value;
            case F64, BF16, F16 -> setDouble(i, value);
        }
    }

    /// `value` as a float whose last bit is 1 where it is inexact: rounding that on to a half type
    /// rounds `value` once.
    private static float roundToOdd(double value) {
        float near = (float) value;
        int bits = Float.floatToRawIntBits(near);
        if (near == value || Float.isNaN(near) || (bits & 1) == 1) {
            return near;
        }
        return Float.intBitsToFloat(Math.abs(near) > Math.abs(value) ? bits - 1 : bits + 1);
    }

    /// bfloat16 bits of `value`, rounded to nearest even; NaN stays NaN.
    public static short toBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) ((bits >>> 16) | 0x40); // a payload in the low half only must not become infinity
        }
        return (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
    }
}
