package dev.retort.tensor.catalog;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.NonDifferentiable;
import dev.retort.tensor.op.Op;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What the catalogue knows of one op record.
///
/// For gradient checks: take the samples of kind [Sample.Kind#REGULAR] of the specs with
/// [#hasGradient()], perturb the inputs [#differentiableInputs(Sample)] in `F64`, and look at the results
/// [#differentiableResults()]. Do the same through the gradient where [#secondOrder()] holds.
public final class OpSpec {
    /// Inputs that an op must reject, and a part of the message.
    ///
    /// @param label    what is wrong
    /// @param message  a part of the expected message
    /// @param attempt  runs the op
    public record ErrorSample(String label, String message, Runnable attempt) {}

    /// An independent, naive way to compute the first result.
    @FunctionalInterface
    public interface Oracle {
        /// The first result in row-major order, from `F64` inputs.
        double[] expected(Op op, Tensor[] inputs);
    }

    private final Class<? extends Op> type;
    private final String variant;
    private final List<Sample> samples = new ArrayList<>();
    private final List<ErrorSample> errors = new ArrayList<>();
    private boolean gradient;
    private boolean secondOrder = true;
    private int[] differentiable = {};
    private int[] results = {0};
    private double factor = 1;
    private int reduction = 1;
    private @Nullable Oracle oracle;

    private OpSpec(Class<? extends Op> type, String variant) {
        this.type = type;
        this.variant = variant;
        gradient = !NonDifferentiable.class.isAssignableFrom(type);
    }

    // ---- how the family sections describe an op ------------------------------------------------------------------

    static OpSpec of(Class<? extends Op> type) {
        return new OpSpec(type, "");
    }

    /// A second spec of a record whose attributes change its nature, such as the two forms of GELU.
    static OpSpec of(Class<? extends Op> type, String variant) {
        return new OpSpec(type, variant);
    }

    OpSpec sample(String label, Op op, Supplier<Tensor[]> inputs) {
        samples.add(new Sample(label, Sample.Kind.REGULAR, op, inputs));
        return this;
    }

    OpSpec special(String label, Op op, Supplier<Tensor[]> inputs) {
        samples.add(new Sample(label, Sample.Kind.SPECIAL, op, inputs));
        return this;
    }

    OpSpec large(String label, Op op, Supplier<Tensor[]> inputs) {
        samples.add(new Sample(label, Sample.Kind.LARGE, op, inputs));
        return this;
    }

    /// Says that the method gives the same bits as the sample added last.
    OpSpec method(Function<Tensor[], Tensor> sameResult) {
        samples.getLast().method(sameResult);
        return this;
    }

    OpSpec error(String label, String message, Op op, Supplier<Tensor[]> inputs) {
        errors.add(new ErrorSample(label, message, () -> Engine.run(op, inputs.get())));
        return this;
    }

    OpSpec error(String label, String message, Runnable attempt) {
        errors.add(new ErrorSample(label, message, attempt));
        return this;
    }

    /// Gradients are defined otherwise than as the derivative (straight-through), so no gradient check
    /// applies.
    OpSpec noGradientCheck() {
        gradient = false;
        return this;
    }

    OpSpec firstOrderOnly() {
        secondOrder = false;
        return this;
    }

    OpSpec differentiableInputs(int... inputs) {
        differentiable = inputs;
        return this;
    }

    OpSpec differentiableResults(int... indices) {
        results = indices;
        return this;
    }

    OpSpec looser(double times) {
        factor = times;
        return this;
    }

    OpSpec reduction(int length) {
        reduction = length;
        return this;
    }

    OpSpec oracle(Oracle firstResult) {
        oracle = firstResult;
        return this;
    }

    // ---- what tests ask ------------------------------------------------------------------------------------------

    /// The op's name, with the variant if there are several specs of one record.
    public String name() {
        String name = samples.getFirst().op().name();
        return variant.isEmpty() ? name : name + "/" + variant;
    }

    /// What tells several specs of one record apart; empty if there is one.
    String variant() {
        return variant;
    }

    /// The op record.
    public Class<? extends Op> type() {
        return type;
    }

    /// Valid inputs; at least one is regular.
    public List<Sample> samples() {
        return List.copyOf(samples);
    }

    /// Inputs that are rejected.
    public List<ErrorSample> errors() {
        return List.copyOf(errors);
    }

    /// Whether a gradient check against differences must succeed.
    public boolean hasGradient() {
        return gradient;
    }

    /// Whether a check of the gradient's gradient must succeed too.
    public boolean secondOrder() {
        return gradient && secondOrder;
    }

    /// Positions of the inputs to differentiate in: by default the floating ones.
    public int[] differentiableInputs(Sample sample) {
        if (!gradient) {
            return new int[0];
        }
        int[] floating = sample.floatingInputs();
        return differentiable.length == 0
                ? floating
                : Arrays.stream(floating)
                        .filter(i -> Arrays.stream(differentiable).anyMatch(d -> d == i))
                        .toArray();
    }

    /// Positions of the results that carry gradients: by default the first only.
    public int[] differentiableResults() {
        return results.clone();
    }

    /// Allowed error of a result computed with unit roundoff `eps`, as a fraction of the largest element:
    /// grows with the length of the op's sums.
    public double tolerance(double eps) {
        return eps * factor * (8 + reduction);
    }

    /// A second way to compute the first result of the regular samples; null if the spec has none.
    public @Nullable Oracle oracle() {
        return oracle;
    }

    @Override
    public String toString() {
        return name();
    }
}
