package dev.retort.nn.layer;

/// The partial inverse of [MaxPool3d]: the largest elements at their places, zeros elsewhere.
///
/// **Shape**: values and indices `[N, C, D, H, W]`, as [dev.retort.tensor.Tensor#maxPool3dWithIndices] gives them
/// → extents (L − 1)·stride − 2·padding + kernel, or given ones.
public final class MaxUnpool3d extends MaxUnpool {
    /// Windows side by side.
    public MaxUnpool3d(int kernel) {
        this(kernel, kernel, 0);
    }

    /// The windows that were pooled.
    ///
    /// @throws IllegalArgumentException if kernel or stride are below 1, or padding is below 0
    public MaxUnpool3d(int kernel, int stride, int padding) {
        super(3, kernel, stride, padding);
    }
}
