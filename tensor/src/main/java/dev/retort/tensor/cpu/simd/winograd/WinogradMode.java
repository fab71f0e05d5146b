package dev.retort.tensor.cpu.simd.winograd;

/// Which fast algorithm 3 x 3 convolutions of stride 1 may use.
///
/// The system property `dev.retort.winograd` (`off`, `f2`, `f4`) sets it at the start. Errors are in docs/numerics.md.
public enum WinogradMode {
    /// Products in the order of the definition only.
    OFF(0),
    /// F(2 x 2, 3 x 3): 2.25 times fewer multiplications.
    F2(2),
    /// F(4 x 4, 3 x 3): 4 times fewer multiplications, a larger rounding error.
    F4(4);

    private static volatile WinogradMode current = initial();

    /// Outputs of a tile along one axis.
    public final int outputs;

    WinogradMode(int outputs) {
        this.outputs = outputs;
    }

    /// The mode in use.
    public static WinogradMode current() {
        return current;
    }

    /// Changes the mode of all later convolutions of this process; returns the one before.
    public static WinogradMode set(WinogradMode mode) {
        WinogradMode before = current;
        current = mode;
        return before;
    }

    private static WinogradMode initial() {
        String set = System.getProperty("dev.retort.winograd", "f4");
        return switch (set) {
            case "off" -> OFF;
            case "f2" -> F2;
            case "f4" -> F4;
            default ->
                throw new IllegalArgumentException("dev.retort.winograd: expected off, f2 or f4, got '" + set + "'");
        };
    }
}
