package dev.retort.distill;

/// Networks of one architecture under a name. The name stands for them in the text of a method, by which a saved run
/// is told from another: name what differs.
///
/// @param name     not empty, such as `resnet14`
/// @param networks makes them
public record Architecture(String name, NetworkFactory networks) {
    /// Checks the name.
    ///
    /// @throws IllegalArgumentException if it is empty
    public Architecture {
        if (name.isBlank()) {
            throw new IllegalArgumentException("architecture: expected a name, got '" + name + "'");
        }
    }

    /// The name.
    @Override
    public String toString() {
        return name;
    }
}
