package dev.retort.autograd.vjp;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.Fused;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// How gradients flow back through one op: which tensors are kept for it, and the gradient of each input.
///
/// A rule either has one term per differentiable input, each computed only if that gradient is wanted, or
/// gives all gradients at once.
public final class Rule {
    /// No gradient flows: for ops that are never recorded.
    public static final Rule NONE = new Rule(new Term[0], Saved.NOTHING, null);

    private final Term[] terms;
    private final Saved joint;
    private final @Nullable AllGradients all;

    private Rule(Term[] terms, Saved joint, @Nullable AllGradients all) {
        this.terms = terms;
        this.joint = joint;
        this.all = all;
    }

    /// Gradient of one input; null means none (zero).
    @FunctionalInterface
    interface Gradient {
        @Nullable
        Tensor of(VjpContext c);
    }

    /// Gradients of all inputs; null entries mean none.
    @FunctionalInterface
    public interface AllGradients {
        /// One entry per input.
        @Nullable
        Tensor[] of(VjpContext c);
    }

    /// The derivative with respect to one input.
    record Term(int input, Saved saved, Gradient gradient) {}

    /// The gradient of input `input`, which reads `saved`.
    static Term wrt(int input, Saved saved, Gradient gradient) {
        return new Term(input, saved, gradient);
    }

    /// A rule of separate terms.
    static Rule of(Term... terms) {
        return new Rule(terms, Saved.NOTHING, null);
    }

    /// A linear op of one input: nothing is saved.
    static Rule linear(Gradient gradient) {
        return of(new Term(0, Saved.NOTHING, gradient));
    }

    /// All gradients at once.
    public static Rule joint(Saved saved, AllGradients all) {
        return new Rule(new Term[0], saved, all);
    }

    /// A fused op: its fast kernel where no graph is wanted, only the first output has a gradient and
    /// `fits` holds; else the composite is differentiated. All inputs are saved, for the composite.
    static Rule fused(Fused op, Saved outputs, Predicate<VjpContext> fits, AllGradients fast) {
        return joint(
                Saved.ALL_INPUTS.and(outputs),
                c -> !c.createGraph() && onlyFirst(c) && fits.test(c) ? fast.of(c) : c.throughComposite(op));
    }

    /// A fused op whose fast kernel gives the gradients of all inputs.
    static Rule fused(Fused op, Saved outputs, AllGradients fast) {
        return fused(op, outputs, _ -> true, fast);
    }

    private static boolean onlyFirst(VjpContext c) {
        for (int j = 1; j < c.outputs(); j++) {
            if (c.gradOrNull(j) != null) {
                return false;
            }
        }
        return true;
    }

    /// Whether a gradient can flow to input `i` at all.
    public boolean reaches(int i) {
        for (Term term : terms) {
            if (term.input == i) {
                return true;
            }
        }
        return all != null;
    }

    /// What must be kept if gradients of the inputs with `needs[i]` may be wanted.
    public Saved saved(boolean[] needs) {
        Saved saved = joint;
        for (Term term : terms) {
            if (term.input < needs.length && needs[term.input]) { // optional inputs may be absent
                saved = saved.and(term.saved);
            }
        }
        return saved;
    }

    /// The wanted gradients, one entry per input; null entries are not wanted or zero.
    public @Nullable Tensor[] gradients(VjpContext c) {
        if (all != null) {
            return all.of(c);
        }
        @Nullable Tensor[] gradients = new Tensor[c.inputs()];
        for (Term term : terms) {
            if (term.input < c.inputs() && c.needs(term.input)) {
                gradients[term.input] = term.gradient.of(c);
            }
        }
        return gradients;
    }
}
