package dev.retort.autograd;

import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Compares gradients with central differences in float64: (f(x + h) − f(x − h)) / 2h.
///
/// Outputs are weighted with random numbers v, so that one difference checks an element of Σ_k ⟨v_k,
/// ∂f_k/∂x⟩. Both ways of differentiating are compared: with fast kernels, and with a graph. All floating
/// inputs must be `F64`; inputs of other dtypes are passed through. The function must be deterministic
/// and smooth within h of its inputs.
///
/// ```java
/// GradCheck.defaults().firstOrder("tanh", in -> new Tensor[] {in[0].tanh()}, x).verify();
/// ```
///
/// @param step       h, relative to max(1, |x|)
/// @param relative   largest relative error
/// @param absolute   largest absolute error
/// @param maxSamples how many elements of each input are checked, drawn at random; 0 for all
/// @param seed       of the weights and of the draw
public record GradCheck(double step, double relative, double absolute, int maxSamples, long seed) {
    private static final GradCheck DEFAULTS = new GradCheck(1e-6, 1e-6, 1e-7, 0, 1);

    /// Step 1e-6, relative error 1e-6, absolute error 1e-7, all elements.
    public static GradCheck defaults() {
        return DEFAULTS;
    }

    /// With other tolerances.
    public GradCheck withTolerance(double newRelative, double newAbsolute) {
        return new GradCheck(step, newRelative, newAbsolute, maxSamples, seed);
    }

    /// With another step.
    public GradCheck withStep(double newStep) {
        return new GradCheck(newStep, relative, absolute, maxSamples, seed);
    }

    /// With at most `count` elements of each input.
    public GradCheck withSamples(int count) {
        return new GradCheck(step, relative, absolute, count, seed);
    }

    /// What was found.
    ///
    /// @param ok         whether all compared elements agree
    /// @param message    the worst element, or what else is wrong
    /// @param worstError the largest |analytic − numeric| / (absolute + relative · max(|analytic|,
    /// |numeric|)); at most
    ///                   1 if all is well
    public record Report(boolean ok, String message, double worstError) {
        /// Throws if the check failed.
        ///
        /// @throws AssertionError with the message
        public void verify() {
            if (!ok) {
                throw new AssertionError(message);
            }
        }

        static Report failed(String message) {
            return new Report(false, message, Double.POSITIVE_INFINITY);
        }
    }

    /// Checks the first derivatives of `function` at `inputs`.
    ///
    /// @param name names the function in the report
    public Report firstOrder(String name, UnaryOperator<Tensor[]> function, Tensor... inputs) {
        return check(name, function, false, inputs);
    }

    /// @param constantAllowed whether a function may have no graph; its differences must then be zero
    private Report check(String name, UnaryOperator<Tensor[]> function, boolean constantAllowed, Tensor... inputs) {
        String where = "gradcheck of " + name + ": ";
        Tensor[] leaves = leaves(where, inputs);
        Tensor[] outputs;
        try (GradScope _ = Autograd.enableGrad()) {
            outputs = function.apply(leaves);
        }
        Tensor[] weights = weights(outputs);
        boolean constant = Arrays.stream(outputs).noneMatch(Tensor::requiresGrad);
        String wrong =
                constant && !constantAllowed ? "no output requires a gradient" : unfit(function, leaves, outputs);
        if (wrong != null) {
            return Report.failed(where + wrong);
        }
        GradOptions retain = GradOptions.defaults().withAllowUnused().withRetainGraph();
        @Nullable Tensor[] fast = analytic(leaves, outputs, weights, retain);
        @Nullable Tensor[] graph = analytic(leaves, outputs, weights, retain.withCreateGraph());
        Differences differences = new Differences(this, function, weights);
        Report worst = new Report(true, where + "all elements agree", 0);
        for (int i = 0; i < leaves.length; i++) {
            if (leaves[i].dtype().isFloating()) {
                worst = worse(worst, differences.compare(where, i, leaves, fast[i], "without a graph"));
                worst = worse(worst, differences.compare(where, i, leaves, graph[i], "with createGraph"));
            }
        }
        return worst;
    }

    /// Checks the second derivatives: the gradients, as functions of inputs and output weights, are
    /// checked in turn.
    ///
    /// @param name names the function in the report
    public Report secondOrder(String name, UnaryOperator<Tensor[]> function, Tensor... inputs) {
        Tensor[] outputs;
        try (GradScope _ = Autograd.noGrad()) {
            outputs = function.apply(inputs.clone());
        }
        Tensor[] weights = Arrays.stream(weights(outputs))
                .filter(w -> w.dtype().isFloating())
                .toArray(Tensor[]::new);
        Tensor[] both = Arrays.copyOf(inputs, inputs.length + weights.length);
        System.arraycopy(weights, 0, both, inputs.length, weights.length);
        return check("the gradient of " + name, new GradientFunction(function, inputs.length)::apply, true, both);
    }

    private static Tensor[] leaves(String where, Tensor[] inputs) {
        Tensor[] leaves = new Tensor[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            if (inputs[i].dtype().isFloating() && inputs[i].dtype() != DType.F64) {
                throw new OpException(
                        where + "expects floating inputs of dtype F64, input " + i + " is " + inputs[i].type());
            }
            leaves[i] = inputs[i].detach();
            if (inputs[i].dtype().isFloating()) {
                leaves[i].requiresGrad(true);
            }
        }
        return leaves;
    }

    /// One weight per output element, standard normal; integer outputs get themselves, unused.
    private Tensor[] weights(Tensor[] outputs) {
        Rng rng = new Rng(seed);
        Tensor[] weights = new Tensor[outputs.length];
        for (int k = 0; k < outputs.length; k++) {
            weights[k] = outputs[k].dtype().isFloating()
                    ? Random.normal(
                            rng, 0, 1, outputs[k].dtype(), outputs[k].shape().dims())
                    : outputs[k];
        }
        return weights;
    }

    private static @Nullable String unfit(UnaryOperator<Tensor[]> function, Tensor[] leaves, Tensor[] outputs) {
        Tensor[] again = Differences.evaluate(function, leaves);
        for (int k = 0; k < outputs.length; k++) {
            if (!again[k].type().equals(outputs[k].type())) {
                return "output " + k + " was " + outputs[k].type() + " and is " + again[k].type() + " the second time";
            }
            if (!Arrays.equals(again[k].toDoubles(), outputs[k].toDoubles())) {
                return "output " + k + " is not the same the second time: the function is not deterministic";
            }
        }
        return null;
    }

    private static @Nullable Tensor[] analytic(
            Tensor[] leaves, Tensor[] outputs, Tensor[] weights, GradOptions options) {
        Tensor[] floating = Arrays.stream(leaves).filter(Tensor::requiresGrad).toArray(Tensor[]::new);
        Tensor[] roots = Arrays.stream(outputs).filter(Tensor::requiresGrad).toArray(Tensor[]::new);
        Tensor[] gradients = new Tensor[roots.length];
        int n = 0;
        for (int k = 0; k < outputs.length; k++) {
            if (outputs[k].requiresGrad()) {
                gradients[n++] = weights[k];
            }
        }
        if (roots.length == 0) {
            return new Tensor[leaves.length];
        }
        @Nullable
        Tensor[] found =
                Autograd.grad(Arrays.asList(roots), Arrays.asList(floating), options.withGradOutputs(gradients));
        @Nullable Tensor[] all = new Tensor[leaves.length];
        n = 0;
        for (int i = 0; i < leaves.length; i++) {
            all[i] = leaves[i].requiresGrad() ? found[n++] : null;
        }
        return all;
    }

    private static Report worse(Report a, Report b) {
        return b.worstError() > a.worstError() || Double.isNaN(b.worstError()) ? b : a;
    }
}
