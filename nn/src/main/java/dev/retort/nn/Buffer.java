package dev.retort.nn;

import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;

/// A tensor of a module that is saved with it but not trained, such as running statistics.
public final class Buffer {
    private final boolean optional;
    private Tensor tensor;

    /// A buffer that stores `initial` itself, not a copy.
    public Buffer(Tensor initial) {
        this(initial, false);
    }

    /// A buffer; an `optional` one may be absent from a state dict that is loaded, and then keeps its
    /// value.
    public Buffer(Tensor initial, boolean optional) {
        this.tensor = initial.detach();
        this.optional = optional;
    }

    /// The stored tensor.
    public Tensor tensor() {
        return tensor;
    }

    /// Extents.
    public Shape shape() {
        return tensor.shape();
    }

    /// Whether a state dict without this buffer may be loaded strictly.
    public boolean optional() {
        return optional;
    }

    /// Overwrites the stored elements; the source broadcasts and is converted.
    public void set(Tensor source) {
        tensor.copyFrom(source.detach());
    }

    /// Converts a floating buffer to another dtype; integers and truth values stay as they are.
    public void to(DType dtype) {
        if (tensor.dtype().isFloating()) {
            tensor = tensor.to(dtype);
        }
    }

    /// Moves the buffer to another device.
    public void to(Device device) {
        tensor = tensor.to(device);
    }
}
