package dev.retort.opencl.launch;

import dev.retort.tensor.DType;

/// The definitions that make a kernel for an element type.
///
/// `S` is the type in memory, `A` the type of arithmetic, `LD` and `ST` convert; a second type has the
/// same names with a suffix. `K(0.5)` is a constant of type `A`.
final class Types {
    private Types() {}

    /// Kernels that compute on `dtype`.
    static String of(DType dtype) {
        return define("", dtype);
    }

    /// Kernels that read `first` and also deal with `second` (names ending in 2).
    static String of(DType first, DType second) {
        return define("", first) + define("2", second);
    }

    /// Kernels that move elements of `dtype` as they are.
    static String bits(DType dtype) {
        return switch (dtype.bytes()) {
            case 1 -> "#define S uchar\n#define A uchar\n#define BITS 1\n";
            case 2 -> "#define S ushort\n#define A ushort\n#define BITS 2\n";
            case 4 -> "#define S uint\n#define A uint\n#define BITS 4\n";
            default -> "#define S ulong\n#define A ulong\n#define BITS 8\n";
        };
    }

    /// The second type alone, behind [#bits].
    static String second(DType dtype) {
        return define("2", dtype);
    }

    /// The same as `type` where kernels differ by one more number.
    static String with(String variant, String name, int value) {
        return variant + "#define " + name + " " + value + "\n";
    }

    private static String define(String suffix, DType dtype) {
        String memory = switch (dtype) {
            case F32 -> "float";
            case F64 -> "double";
            case F16 -> "half";
            case BF16 -> "ushort";
            case I64 -> "long";
            case I32 -> "int";
            case I8 -> "char";
            case U8, BOOL -> "uchar";
        };
        String arithmetic = switch (dtype) {
            case F32, F16, BF16 -> "float";
            case F64 -> "double";
            case I64, I32, I8, U8, BOOL -> "long";
        };
        return "#define S" + suffix + " " + memory + "\n#define A" + suffix + " " + arithmetic + "\n#define IS" + suffix
                + "_" + dtype + " 1\n";
    }
}
