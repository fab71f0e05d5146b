package dev.retort.tensor;

/// Element type of a tensor. Names follow the safetensors format.
///
/// Binary ops promote their operands with [#promote]: `BOOL` to any, integers to the wider integer (`U8`
/// with `I8` gives `I32`, the smallest type here that holds both), integers with floating types to the
/// floating type, and `F16` with `BF16` to `F32`.
public enum DType {
    /// 32-bit IEEE 754 floating point, the default.
    F32(4, true, true),
    /// 64-bit IEEE 754 floating point: the reference precision, used for gradient checks.
    F64(8, true, true),
    /// bfloat16: 8 exponent bits, 7 fraction bits; stored as `short`.
    BF16(2, true, true),
    /// 16-bit IEEE 754 floating point; stored as `short`.
    F16(2, true, true),
    /// 64-bit signed integer, the type of indices.
    I64(8, false, true),
    /// 32-bit signed integer.
    I32(4, false, true),
    /// 8-bit signed integer.
    I8(1, false, true),
    /// 8-bit unsigned integer; stored as `byte`, read as 0 to 255.
    U8(1, false, false),
    /// Truth value; stored as `byte` 0 or 1.
    BOOL(1, false, false);

    private final int bytes;
    private final boolean floating;
    private final boolean signed;

    DType(int bytes, boolean floating, boolean signed) {
        this.bytes = bytes;
        this.floating = floating;
        this.signed = signed;
    }

    /// Size of one element in bytes.
    public int bytes() {
        return bytes;
    }

    /// Whether this is `F32`, `F64`, `BF16` or `F16`.
    public boolean isFloating() {
        return floating;
    }

    /// Whether this is an integer type; `BOOL` is not.
    public boolean isInteger() {
        return !floating && this != BOOL;
    }

    /// Whether values may be negative.
    public boolean isSigned() {
        return signed;
    }

    /// The smallest type that both operands of a binary op convert to.
    public DType promote(DType other) {
        if (this == other) {
            return this;
        }
        if (floating || other.floating) {
            return floating && other.floating ? promoteFloating(this, other) : (floating ? this : other);
        }
        if (this == BOOL || other == BOOL) {
            return this == BOOL ? other : this;
        }
        if (this == I64 || other == I64) {
            return I64;
        }
        return I32; // I32 with a byte type, or U8 with I8
    }

    private static DType promoteFloating(DType a, DType b) {
        return a == F64 || b == F64 ? F64 : F32; // F32 with a half type, or F16 with BF16
    }
}
