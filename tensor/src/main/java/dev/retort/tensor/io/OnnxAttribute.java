package dev.retort.tensor.io;

/// The value of an attribute of an ONNX node.
public sealed interface OnnxAttribute {
    /// An integer.
    record Int(long value) implements OnnxAttribute {}

    /// A list of integers.
    record Ints(long... values) implements OnnxAttribute {}

    /// A number.
    record Real(float value) implements OnnxAttribute {}

    /// A word.
    record Text(String value) implements OnnxAttribute {}
}
