package dev.retort.distill.feature;

/// Where a tensor is taken from a network: what goes into or comes out of the module at a path.
///
/// Before or after an activation is a matter of the side: `Tap.input("layer2.1.relu2")` is before it,
/// `Tap.output("layer2.1.relu2")` after. The empty path is the whole network.
///
/// @param path names of child modules joined by dots, as in the network's state dict
/// @param side which end of the module
public record Tap(String path, Side side) {
    /// An end of a module.
    public enum Side {
        /// What the module receives.
        INPUT,
        /// What the module returns.
        OUTPUT
    }

    /// What the whole network returns.
    public static final Tap LOGITS = new Tap("", Side.OUTPUT);

    /// What the module at `path` receives.
    public static Tap input(String path) {
        return new Tap(path, Side.INPUT);
    }

    /// What the module at `path` returns.
    public static Tap output(String path) {
        return new Tap(path, Side.OUTPUT);
    }

    /// Such as `layer2.1.relu2:input`; the network itself is `.`.
    @Override
    public String toString() {
        return (path.isEmpty() ? "." : path) + ":" + (side == Side.INPUT ? "input" : "output");
    }
}
