package dev.retort.tensor;

/// Einstein summation.
final class Einsum {
    private Einsum() {}

    static Tensor of(String equation, Tensor... operands) {
        throw new OpException("einsum: " + equation + " of " + operands.length);
    }
}
