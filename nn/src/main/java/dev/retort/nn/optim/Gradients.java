package dev.retort.nn.optim;

import dev.retort.nn.Parameter;
import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/// Changes to accumulated gradients before an optimiser step.
public final class Gradients {
    private Gradients() {}

    /// Euclidean norm of all gradients together; parameters without one count as 0.
    public static double norm(Collection<Parameter> parameters) {
        List<Tensor> sums = new ArrayList<>();
        for (Parameter parameter : parameters) {
            Tensor gradient = parameter.borrowGrad();
            if (gradient != null) {
                // the square of a half overflows beyond 256
                DType wide = gradient.dtype().promote(DType.F32);
                sums.add(gradient.borrow().to(wide).square().sum().to(DType.F64));
            }
        }
        if (sums.isEmpty()) {
            return 0;
        }
        double squares = 0;
        for (double sum : Tensor.stack(0, sums.toArray(Tensor[]::new)).toDoubles()) { // a device is read once
            squares += sum;
        }
        return Math.sqrt(squares);
    }

    /// Scales all gradients by maxNorm/(norm + 1e-6) if that is below 1; returns the norm before
    /// (Pascanu et al., 2012, arXiv 1211.5063).
    ///
    /// @throws OpException if `maxNorm` is negative or not a number
    public static double clipNorm(Collection<Parameter> parameters, double maxNorm) {
        if (!(maxNorm >= 0)) {
            throw new OpException("clip norm: expects a largest norm >= 0, got " + maxNorm);
        }
        double norm = norm(parameters);
        double factor = maxNorm / (norm + 1e-6);
        if (factor < 1) {
            scale(parameters, factor);
        }
        return norm;
    }

    /// Cuts each element of the gradients to [−limit, limit].
    ///
    /// @throws OpException if `limit` is negative or not a number
    public static void clipValue(Collection<Parameter> parameters, double limit) {
        if (!(limit >= 0)) {
            throw new OpException("clip value: expects a limit >= 0, got " + limit);
        }
        for (Parameter parameter : parameters) {
            Tensor gradient = parameter.borrowGrad();
            if (gradient != null) {
                parameter.tensor().grad(gradient.borrow().clamp(-limit, limit));
            }
        }
    }

    /// Multiplies all gradients. Makes new tensors: two parameters may hold the same gradient
    /// tensor.
    public static void scale(Collection<Parameter> parameters, double factor) {
        for (Parameter parameter : parameters) {
            Tensor gradient = parameter.borrowGrad();
            if (gradient != null) {
                parameter.tensor().grad(gradient.borrow().mul(factor));
            }
        }
    }
}
