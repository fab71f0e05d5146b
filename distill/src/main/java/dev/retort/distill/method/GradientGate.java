package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.GradientRule;
import dev.retort.distill.Term;
import dev.retort.nn.Parameter;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Gradient gating: distillation may not pull against the labels.
///
/// ```
/// g, h = gradients of the terms on labels and of the others, over all parameters that both reach
/// DROP:    step along g + h where ⟨g, h⟩ ≥ 0, else along g
/// PROJECT: step along g + h where ⟨g, h⟩ ≥ 0, else along g + h − (⟨g, h⟩/‖g‖²) g
/// ```
///
/// Parameters that only one of the two reaches, such as adapters, always have its gradient. The decision is for a whole
/// step and all parameters together. A step has two backward passes.
///
/// Source: Du, Czarnecki, Jayakumar, Farajtabar, Pascanu and Lakshminarayanan, "Adapting auxiliary losses using
/// gradient similarity", 2018, arXiv 1812.02224 (DROP); Yu, Kumar, Gupta, Levine, Hausman and Finn, "Gradient surgery
/// for multi-task learning", 2020, arXiv 2001.06782 (PROJECT, there for both gradients, here for h alone).
///
/// @param method   of one run, with a term on labels and others
/// @param conflict what happens where the two disagree
public record GradientGate(DistillationMethod method, Conflict conflict) implements Around {
    /// What happens to the gradient of distillation where it disagrees with that of the labels.
    public enum Conflict {
        /// It is left out.
        DROP,
        /// It loses its part along the gradient of the labels.
        PROJECT
    }

    /// Checks the method.
    ///
    /// @throws IllegalArgumentException if it has several runs or a rule of its own
    public GradientGate {
        if (!Around.fits(method)) {
            throw new IllegalArgumentException("gradient gate: expected a method of one run, got " + method);
        }
    }

    /// Gradients that disagree are dropped.
    public GradientGate(DistillationMethod method) {
        this(method, Conflict.DROP);
    }

    @Override
    public String name() {
        return "gated-" + method.name();
    }

    @Override
    public GradientRule gradients() {
        return new Gate(conflict);
    }

    private record Gate(Conflict conflict) implements GradientRule {
        @Override
        public int groups() {
            return 2;
        }

        @Override
        public int group(Term term) {
            return Around.onLabels(term) ? 0 : 1;
        }

        @Override
        public Map<String, Tensor> combine(List<Map<String, Tensor>> gradients, Map<String, Parameter> parameters) {
            Map<String, Tensor> task = gradients.get(0);
            Map<String, Tensor> taught = gradients.get(1);
            double product = product(task, taught);
            double square = product < 0 ? product(task, task, taught) : 1;
            Map<String, Tensor> out = new LinkedHashMap<>(task);
            taught.forEach((name, gradient) -> {
                Tensor own = task.get(name);
                if (own == null) {
                    out.put(name, gradient);
                } else if (product >= 0) {
                    out.put(name, own.add(gradient));
                } else if (conflict == Conflict.PROJECT) {
                    out.put(name, own.mul(1 - product / square).add(gradient));
                }
            });
            return out;
        }

        /// ⟨a, b⟩ over the parameters of both.
        private static double product(Map<String, Tensor> a, Map<String, Tensor> b) {
            return product(a, b, b);
        }

        /// ⟨a, b⟩ over the parameters of all three.
        private static double product(Map<String, Tensor> a, Map<String, Tensor> b, Map<String, Tensor> within) {
            double sum = 0;
            for (Map.Entry<String, Tensor> entry : a.entrySet()) {
                Tensor other = b.get(entry.getKey());
                if (other != null && within.containsKey(entry.getKey())) {
                    sum += entry.getValue().mul(other).sum().to(DType.F64).item();
                }
            }
            return sum;
        }

        @Override
        public Map<String, Tensor> stateDict() {
            return Map.of();
        }

        @Override
        public void loadStateDict(Map<String, Tensor> state) {
            // The gate remembers nothing.
        }
    }
}
