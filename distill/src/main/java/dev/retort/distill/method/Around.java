package dev.retort.distill.method;

import dev.retort.distill.DataFree;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Term;
import dev.retort.tensor.Rng;
import java.util.List;
import java.util.Set;

/// A method around another one of a single run: the same needs, samples and terms, of which it changes something.
interface Around extends DistillationMethod {
    /// The one inside.
    DistillationMethod method();

    @Override
    default Set<Need> needs() {
        return method().needs();
    }

    @Override
    default List<Term> terms(Setup setup) {
        return method().terms(setup);
    }

    @Override
    default Scope scope() {
        return method().scope();
    }

    @Override
    default int[] members(long[] labels, Rng rng) {
        return method().members(labels, rng);
    }

    @Override
    default int peers() {
        return method().peers();
    }

    /// Whether a method is one run over data of its own.
    static boolean fits(DistillationMethod method) {
        return method.stages().size() == 1 && !(method instanceof DataFree) && method.gradients() == null;
    }

    /// Whether a term compares the student with true labels alone.
    static boolean onLabels(Term term) {
        return term.loss() instanceof LabelLoss || term.loss() instanceof TokenLabelLoss;
    }
}
