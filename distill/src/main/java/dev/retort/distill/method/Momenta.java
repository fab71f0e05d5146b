package dev.retort.distill.method;

import dev.retort.distill.GradientRule;
import dev.retort.distill.Term;
import dev.retort.nn.Parameter;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;

/// A momentum for each group of terms: the direction is the sum of all. Weight decay goes with the first group.
///
/// ```
/// v_g ← m_g v_g + gradient_g (+ λ w for the first),  direction = Σ_g v_g
/// ```
///
/// A parameter that a single group reaches has the common momentum, and the decay.
final class Momenta implements GradientRule {
    private final double[] momenta;
    private final double common;
    private final double weightDecay;
    private final ToIntFunction<Term> groups;
    private final Map<String, Tensor> velocities = new LinkedHashMap<>();

    /// @param momenta of each group
    /// @param common  of parameters that one group reaches
    Momenta(double[] momenta, double common, double weightDecay, ToIntFunction<Term> groups) {
        this.momenta = momenta.clone();
        this.common = common;
        this.weightDecay = weightDecay;
        this.groups = groups;
    }

    /// Refuses a momentum m and a difference Δ of which m + Δ or m − Δ is outside [0, 1).
    static void requireMomenta(String method, double momentum, double delta) {
        if (!(delta >= 0 && delta <= momentum && momentum + delta < 1)) {
            throw new IllegalArgumentException(method + ": expected a momentum and a delta of at least 0 with their sum"
                    + " and difference in [0, 1), got " + momentum + " and " + delta);
        }
    }

    @Override
    public int groups() {
        return momenta.length;
    }

    @Override
    public int group(Term term) {
        return groups.applyAsInt(term);
    }

    @Override
    public Map<String, Tensor> combine(List<Map<String, Tensor>> gradients, Map<String, Parameter> parameters) {
        Map<String, Tensor> directions = new LinkedHashMap<>();
        parameters.forEach((name, parameter) -> {
            long reached =
                    gradients.stream().filter(own -> own.containsKey(name)).count();
            boolean decays = weightDecay > 0;
            for (int group = 0; group < momenta.length; group++) {
                Tensor gradient = gradients.get(group).get(name);
                if (gradient == null) {
                    continue;
                }
                if (decays) {
                    gradient = gradient.add(parameter.tensor().detach().mul(weightDecay));
                    decays = false;
                }
                String slot = name + "." + group;
                Tensor before = velocities.get(slot);
                double momentum = reached == 1 ? common : momenta[group];
                Tensor velocity = before == null
                        ? gradient.copy()
                        : before.to(gradient.device()).mul(momentum).add(gradient);
                velocities.put(slot, velocity);
                directions.merge(name, velocity, Tensor::add);
            }
        });
        return directions;
    }

    @Override
    public Map<String, Tensor> stateDict() {
        return new LinkedHashMap<>(velocities);
    }

    @Override
    public void loadStateDict(Map<String, Tensor> state) {
        velocities.clear();
        state.forEach((name, velocity) -> velocities.put(name, velocity.copy()));
    }
}
