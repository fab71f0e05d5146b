package dev.retort.nn.layer;

/// The partial inverse of [MaxPool2d]: the largest elements at their places, zeros elsewhere.
///
/// **Shape**: values and indices `[N, C, H, W]`, as [dev.retort.tensor.Tensor#maxPool2dWithIndices] gives them
/// → extents (L − 1)·stride − 2·padding + kernel, or given ones.
public final class MaxUnpool2d extends MaxUnpool {
    /// Windows side by side.
    public MaxUnpool2d(int kernel) {
        this(kernel, kernel, 0);
    }

    /// The windows that were pooled.
    ///
    /// @throws IllegalArgumentException if kernel or stride are below 1, or padding is below 0
    public MaxUnpool2d(int kernel, int stride, int padding) {
        super(2, kernel, stride, padding);
    }
}
