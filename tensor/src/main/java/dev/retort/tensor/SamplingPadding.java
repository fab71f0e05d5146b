package dev.retort.tensor;

/// What [Tensor#gridSample] finds outside of a map.
public enum SamplingPadding {
    /// Zeros.
    ZEROS,
    /// The nearest element of the border.
    BORDER,
    /// The map mirrored at its border: at the outer edge of the border's elements, or at their centres
    /// where corners are aligned.
    REFLECTION
}
