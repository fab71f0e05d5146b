package dev.retort.tensor;

/// What is known of a tensor before it is computed: element type and shape.
public record TensorType(DType dtype, Shape shape) {
    /// This type with another shape.
    public TensorType with(Shape other) {
        return new TensorType(dtype, other);
    }

    /// This type with another element type.
    public TensorType with(DType other) {
        return new TensorType(other, shape);
    }

    @Override
    public String toString() {
        return dtype + shape.toString();
    }
}
