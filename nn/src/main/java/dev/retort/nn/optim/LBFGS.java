package dev.retort.nn.optim;

import dev.retort.nn.Parameter;
import dev.retort.nn.StateValues;
import dev.retort.nn.Stateful;
import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/// Limited-memory BFGS (Liu and Nocedal, 1989): a quasi-Newton method that remembers the last steps and
/// changes of the gradient. For smooth losses of whole batches; a step asks for the loss several times,
/// so it takes a closure. All vectors are kept on the host in double.
///
/// Saved names: `n_iter`, `t`, `h_diag`, `loss`, `d`, `gradient`, and for step number i `step.i`,
/// `change.i`.
public final class LBFGS implements Stateful {
    private static final double LEAST_CURVATURE = 1e-10;

    private final Map<String, Parameter> parameters;
    private final Config config;
    private final List<double[]> steps = new ArrayList<>();
    private final List<double[]> changes = new ArrayList<>();
    private double[] direction = new double[0];
    private double[] gradient = new double[0];
    private double length;
    private double diagonal = 1;
    private double loss;
    private long iterations;

    /// Hyperparameters; the defaults are PyTorch's.
    ///
    /// @param lr              length of a step along the direction (at first: divided by the gradient's
    ///     1-norm)
    /// @param maxIterations   iterations a call of [#step]
    /// @param maxEvaluations  evaluations of the loss a call of [#step]
    /// @param gradientLimit   largest gradient at which the search ends
    /// @param changeLimit     least change of loss or parameters at which it goes on
    /// @param history         steps that are remembered
    /// @param strongWolfe     whether the length of a step is searched for such that both of Wolfe's
    ///     conditions hold
    public record Config(
            double lr,
            int maxIterations,
            int maxEvaluations,
            double gradientLimit,
            double changeLimit,
            int history,
            boolean strongWolfe) {
        /// Checks the ranges.
        ///
        /// @throws OpException naming what is out of range
        public Config {
            if (!(lr >= 0) || maxIterations < 1 || maxEvaluations < 1 || history < 1) {
                throw new OpException(
                        "lbfgs: expects lr >= 0 and at least one iteration, evaluation and step to remember, got " + lr
                                + ", " + maxIterations + ", " + maxEvaluations + " and " + history);
            }
            if (!(gradientLimit >= 0 && changeLimit >= 0)) {
                throw new OpException("lbfgs: expects limits >= 0, got " + gradientLimit + " and " + changeLimit);
            }
        }

        /// 20 iterations and 25 evaluations a step, 100 steps remembered, limits 1e-7 and 1e-9, no search.
        public static Config of(double lr) {
            return new Config(lr, 20, 25, 1e-7, 1e-9, 100, false);
        }

        /// The learning rate 1 and the rest as in [#of].
        public static Config defaults() {
            return of(1);
        }

        /// The same with a search along the direction.
        public Config withStrongWolfe() {
            return new Config(lr, maxIterations, maxEvaluations, gradientLimit, changeLimit, history, true);
        }

        /// The same with another number of iterations, and 5/4 as many evaluations.
        public Config withMaxIterations(int count) {
            return new Config(lr, count, Math.max(1, count * 5 / 4), gradientLimit, changeLimit, history, strongWolfe);
        }
    }

    /// An optimiser of all parameters alike.
    public LBFGS(Map<String, Parameter> parameters, Config config) {
        this.parameters = new LinkedHashMap<>(parameters);
        this.config = config;
    }

    /// Drops the gradients of all parameters.
    public void zeroGrad() {
        parameters.values().forEach(Parameter::zeroGrad);
    }

    /// Goes downhill for some iterations.
    ///
    /// @param closure drops the gradients, computes the loss, runs backward, and returns the loss
    /// @return the loss before the step
    public double step(Supplier<Tensor> closure) {
        double first = closure.get().item();
        double[] g = gradients();
        double now = first;
        int evaluations = 1;
        for (int i = 1; i <= config.maxIterations && largest(g) > config.gradientLimit; i++) {
            iterations++;
            remember(g);
            gradient = g;
            loss = now;
            length = iterations == 1 ? Math.min(1, 1 / sumOfSizes(g)) * config.lr : config.lr;
            double slope = dot(g, direction);
            if (slope > -config.changeLimit) {
                break;
            }
            if (config.strongWolfe) {
                double[] origin = values();
                WolfeSearch search = new WolfeSearch(t -> at(closure, origin, t), direction, config.changeLimit);
                WolfeSearch.Point found = search.run(length, new WolfeSearch.Point(0, now, g, slope));
                evaluations += search.evaluations();
                length = found.t();
                now = found.loss();
                g = found.gradient();
                move(origin, length);
            } else {
                move(values(), length);
                if (i < config.maxIterations) {
                    now = closure.get().item();
                    g = gradients();
                    evaluations++;
                }
            }
            if (evaluations >= config.maxEvaluations
                    || largest(direction) * length <= config.changeLimit
                    || Math.abs(now - loss) < config.changeLimit) {
                break;
            }
        }
        return first;
    }

    private WolfeSearch.Point at(Supplier<Tensor> closure, double[] origin, double t) {
        move(origin, t);
        double value = closure.get().item();
        double[] g = gradients();
        return new WolfeSearch.Point(t, value, g, dot(g, direction));
    }

    /// Takes the last step into the history and finds the next direction −H·g.
    private void remember(double[] g) {
        double[] next = new double[g.length];
        for (int i = 0; i < g.length; i++) {
            next[i] = -g[i];
        }
        if (iterations > 1) {
            double[] change = new double[g.length];
            double[] step = new double[g.length];
            for (int i = 0; i < g.length; i++) {
                change[i] = g[i] - gradient[i];
                step[i] = direction[i] * length;
            }
            double curvature = dot(change, step);
            if (curvature > LEAST_CURVATURE) {
                if (steps.size() == config.history) {
                    steps.removeFirst();
                    changes.removeFirst();
                }
                steps.add(step);
                changes.add(change);
                diagonal = curvature / dot(change, change);
            }
            twoLoops(next);
        }
        direction = next;
    }

    /// q ← H·q, H being built from the remembered steps on diagonal · I.
    private void twoLoops(double[] q) {
        int count = steps.size();
        double[] shares = new double[count];
        for (int i = count - 1; i >= 0; i--) {
            shares[i] = dot(steps.get(i), q) / dot(changes.get(i), steps.get(i));
            add(q, -shares[i], changes.get(i));
        }
        for (int i = 0; i < q.length; i++) {
            q[i] *= diagonal;
        }
        for (int i = 0; i < count; i++) {
            double back = dot(changes.get(i), q) / dot(changes.get(i), steps.get(i));
            add(q, shares[i] - back, steps.get(i));
        }
    }

    // ---- parameters as one vector ----

    private int count() {
        return parameters.values().stream().mapToInt(Parameter::numel).sum();
    }

    private double[] values() {
        double[] out = new double[count()];
        int at = 0;
        for (Parameter parameter : parameters.values()) {
            double[] own = parameter.tensor().detach().to(DType.F64).toDoubles();
            System.arraycopy(own, 0, out, at, own.length);
            at += own.length;
        }
        return out;
    }

    private double[] gradients() {
        double[] out = new double[count()];
        int at = 0;
        for (Parameter parameter : parameters.values()) {
            Tensor own = parameter.requiresGrad() ? parameter.grad() : null;
            if (own != null) {
                System.arraycopy(own.to(DType.F64).toDoubles(), 0, out, at, own.numel());
            }
            at += parameter.numel();
        }
        return out;
    }

    /// Sets the parameters to origin + t · direction.
    private void move(double[] origin, double t) {
        int at = 0;
        for (Parameter parameter : parameters.values()) {
            double[] own = new double[parameter.numel()];
            for (int i = 0; i < own.length; i++) {
                own[i] = origin[at + i] + t * direction[at + i];
            }
            if (parameter.requiresGrad()) {
                parameter.set(Tensor.wrap(DType.F64, own)
                        .reshape(parameter.shape())
                        .to(parameter.tensor().dtype())
                        .to(parameter.tensor().device()));
            }
            at += own.length;
        }
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static void add(double[] to, double factor, double[] what) {
        for (int i = 0; i < to.length; i++) {
            to[i] += factor * what[i];
        }
    }

    private static double largest(double[] x) {
        return Arrays.stream(x).map(Math::abs).max().orElse(0);
    }

    private static double sumOfSizes(double[] x) {
        return Arrays.stream(x).map(Math::abs).sum();
    }

    // ---- state ----

    @Override
    public Map<String, Tensor> stateDict() {
        Map<String, Tensor> state = new LinkedHashMap<>();
        state.put("n_iter", StateValues.of(iterations));
        state.put("t", StateValues.of(length));
        state.put("h_diag", StateValues.of(diagonal));
        state.put("loss", StateValues.of(loss));
        state.put("d", Tensor.of(direction, direction.length));
        state.put("gradient", Tensor.of(gradient, gradient.length));
        for (int i = 0; i < steps.size(); i++) {
            state.put("step." + i, Tensor.of(steps.get(i), steps.get(i).length));
            state.put("change." + i, Tensor.of(changes.get(i), changes.get(i).length));
        }
        return state;
    }

    @Override
    public void loadStateDict(Map<String, Tensor> state) {
        List<String> names = new ArrayList<>(List.of("n_iter", "t", "h_diag", "loss", "d", "gradient"));
        int remembered = 0;
        while (state.containsKey("step." + remembered)) {
            names.addAll(List.of("step." + remembered, "change." + remembered));
            remembered++;
        }
        StateValues.expect("optimizer", state, names);
        boolean fresh = StateValues.toLong(state, "n_iter") == 0; // no direction yet
        for (String name : names.subList(4, names.size())) {
            Tensor found = found(state, name);
            int size = found.numel();
            if (size != count() && !(size == 0 && fresh)) {
                throw new IllegalArgumentException("loadStateDict: the optimizer expects '" + name + "' of " + count()
                        + " numbers, got " + found.type());
            }
        }
        iterations = StateValues.toLong(state, "n_iter");
        length = StateValues.toDouble(state, "t");
        diagonal = StateValues.toDouble(state, "h_diag");
        loss = StateValues.toDouble(state, "loss");
        direction = found(state, "d").toDoubles();
        gradient = found(state, "gradient").toDoubles();
        steps.clear();
        changes.clear();
        for (int i = 0; i < remembered; i++) {
            steps.add(found(state, "step." + i).toDoubles());
            changes.add(found(state, "change." + i).toDoubles());
        }
    }

    private static Tensor found(Map<String, Tensor> state, String name) {
        return Objects.requireNonNull(state.get(name), name); // there, or the names would have been refused
    }
}
