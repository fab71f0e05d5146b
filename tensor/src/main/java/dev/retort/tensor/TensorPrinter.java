package dev.retort.tensor;

/// Prints tensors as NumPy does.
final class TensorPrinter {
    private TensorPrinter() {}

    static String print(Tensor tensor) {
        return tensor.type() + " " + java.util.Arrays.toString(tensor.toDoubles());
    }
}
