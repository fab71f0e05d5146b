package dev.retort.nn.parametrize;

import dev.retort.nn.Parameter;
import dev.retort.nn.Parametrization;
import dev.retort.tensor.Tensor;
import java.util.Map;

/// g · v/‖v‖ for each output channel (dimension 0): length and direction are trained apart (Salimans and
/// Kingma, 2016, arXiv 1602.07868). The stored weight is the direction v; the length is saved as
/// `weight_g`.
public final class WeightNorm implements Parametrization {
    private final Parameter length;

    /// Starts at the lengths of `weight`, so that the value does not change.
    public WeightNorm(Tensor weight) {
        length = new Parameter(norm(weight.detach()).copy());
    }

    private static Tensor norm(Tensor weight) {
        int[] rest = new int[weight.rank() - 1];
        for (int i = 0; i < rest.length; i++) {
            rest[i] = i + 1;
        }
        return rest.length == 0 ? weight.abs() : weight.norm(2, true, rest);
    }

    @Override
    public Tensor value(Tensor original) {
        return original.mul(length.value().div(norm(original)));
    }

    @Override
    public String name() {
        return "weight norm";
    }

    @Override
    public Map<String, Parameter> parameters() {
        return Map.of("g", length);
    }
}
