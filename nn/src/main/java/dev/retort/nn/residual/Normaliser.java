package dev.retort.nn.residual;

import dev.retort.tensor.Tensor;

/// How LAuReL's raw residual weights become α (of the branch) and β (of the stream).
///
/// The paper says that unbounded weights do not work well and names softmax and sigmoid as normalisers,
/// but neither which of them an experiment used nor where the raw weights start. All start at raw = 0
/// here ([#NONE] at 1).
public enum Normaliser {
    /// (α, β) = 2 · softmax(a, b): 1 and 1 at first, so that the network starts as the plain one; in
    /// (0, 2), sum 2. Our default.
    SCALED_SOFTMAX("softmax2", 2),
    /// (α, β) = softmax(a, b): ½ and ½ at first. The literal reading.
    SOFTMAX("softmax", 2),
    /// α = sigmoid(a), β = 1 − α: the paper's form with one parameter; ½ and ½ at first.
    SIGMOID("sigmoid", 1),
    /// α = sigmoid(a), β = sigmoid(b): ½ and ½ at first, each on its own.
    SIGMOID_PAIR("sigmoid-pair", 2),
    /// α = 2 · sigmoid(a), β = 2 · sigmoid(b): 1 and 1 at first, each on its own in (0, 2).
    SCALED_SIGMOID_PAIR("sigmoid-pair2", 2),
    /// α = a, β = b, starting at 1: unbounded.
    NONE("none", 2);

    private final String text;
    private final int parameters;

    Normaliser(String text, int parameters) {
        this.text = text;
        this.parameters = parameters;
    }

    /// Parameters a connection, or a channel.
    public int parameters() {
        return parameters;
    }

    /// Raw weights at first.
    double start() {
        return this == NONE ? 1 : 0;
    }

    /// Whether α = β = 1 at first.
    public boolean startsPlain() {
        return switch (this) {
            case SCALED_SOFTMAX, SCALED_SIGMOID_PAIR, NONE -> true;
            case SOFTMAX, SIGMOID, SIGMOID_PAIR -> false;
        };
    }

    /// α and β from the raw weights `[parameters]` or `[parameters, D]`.
    Tensor[] weights(Tensor raw) {
        return switch (this) {
            case SCALED_SOFTMAX -> pair(raw.softmax(0).mul(2));
            case SOFTMAX -> pair(raw.softmax(0));
            case SIGMOID -> {
                Tensor alpha = raw.select(0, 0).sigmoid();
                yield new Tensor[] {alpha, alpha.neg().add(1)};
            }
            case SIGMOID_PAIR -> pair(raw.sigmoid());
            case SCALED_SIGMOID_PAIR -> pair(raw.sigmoid().mul(2));
            case NONE -> pair(raw);
        };
    }

    private static Tensor[] pair(Tensor both) {
        return new Tensor[] {both.select(0, 0), both.select(0, 1)};
    }

    /// The name in specifications, such as `softmax2`.
    @Override
    public String toString() {
        return text;
    }
}
