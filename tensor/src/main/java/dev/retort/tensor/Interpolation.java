package dev.retort.tensor;

/// How [Tensor#interpolate(Interpolation, boolean, int...)] makes a result element; PyTorch's modes for
/// any number of directions.
public enum Interpolation {
    /// The element ⌊i · in/out⌋ (PyTorch's `nearest`).
    NEAREST,
    /// The element whose centre is nearest, ⌊(i + ½) · in/out⌋ (PyTorch's `nearest-exact`).
    NEAREST_EXACT,
    /// Linear between neighbours in each direction (PyTorch's `linear`, `bilinear` and `trilinear`).
    LINEAR,
    /// Cubic convolution over four neighbours in each direction, a = −¾ (Keys, 1981; PyTorch's `bicubic`).
    CUBIC,
    /// The mean of the elements that a result covers (PyTorch's `area`: adaptive average pooling).
    AREA
}
