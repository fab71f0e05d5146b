package dev.retort.distill.method;

import dev.retort.distill.feature.Tap;
import dev.retort.nn.Buffer;
import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/// What a teacher's batch normalisations remember of its training data, and how far samples are from it.
///
/// ```
/// Σ_l ( ‖mean_l(x) − running_mean_l‖ + ‖var_l(x) − running_var_l‖ )
/// ```
///
/// @param normalisations by where their input is found
record BatchStatistics(Map<Tap, Module> normalisations) {
    /// Those of a teacher.
    ///
    /// @param method for the message
    /// @throws IllegalArgumentException if it has none
    static BatchStatistics of(String method, Layer teacher) {
        Map<Tap, Module> found = new LinkedHashMap<>();
        teacher.modules().forEach((path, module) -> {
            if (module.ownBuffers().containsKey("running_mean")) {
                found.put(Tap.input(path), module);
            }
        });
        if (found.isEmpty()) {
            throw new IllegalArgumentException(
                    method + ": expected a teacher with batch normalisation, whose statistics guide the inputs");
        }
        return new BatchStatistics(found);
    }

    /// Where to look.
    Set<Tap> taps() {
        return normalisations.keySet();
    }

    /// The sum over all normalisations.
    ///
    /// @param seen what the taps saw, [N, C, …] each
    Tensor mismatch(Map<Tap, Tensor> seen) {
        Tensor total = null;
        for (Map.Entry<Tap, Module> entry : normalisations.entrySet()) {
            Tensor own = mismatch(GeneratorLoss.require(seen, entry.getKey()), entry.getValue());
            total = total == null ? own : total.add(own);
        }
        if (total == null) {
            throw new IllegalStateException("batch statistics: expected at least one normalisation, got none");
        }
        return total;
    }

    /// That of one normalisation, over the channels of what it receives.
    static Tensor mismatch(Tensor received, Module normalisation) {
        Tensor mean = buffer(normalisation, "running_mean");
        Tensor var = buffer(normalisation, "running_var");
        Tensor rows = received.transpose(0, 1).flatten(1); // [C, N·…]
        Tensor byMean = rows.mean(false, 1).sub(mean);
        Tensor byVar = rows.var(0, false, 1).sub(var);
        return length(byMean).add(length(byVar));
    }

    /// Channels of all normalisations together.
    int channels() {
        return normalisations.values().stream()
                .mapToInt(module -> buffer(module, "running_mean").numel())
                .sum();
    }

    /// Means of what each normalisation receives over the plane, side by side, [N, channels].
    Tensor planeMeans(Map<Tap, Tensor> seen) {
        return Tensor.cat(
                1,
                taps().stream()
                        .map(tap -> planeMean(GeneratorLoss.require(seen, tap)))
                        .toArray(Tensor[]::new));
    }

    private static Tensor planeMean(Tensor received) {
        return received.rank() == 2 ? received : received.flatten(2).mean(false, 2);
    }

    private static Tensor length(Tensor vector) {
        return vector.square().sum().clampMin(1e-24).sqrt();
    }

    private static Tensor buffer(Module module, String name) {
        Buffer found = module.ownBuffers().get(name);
        if (found == null) {
            throw new IllegalStateException("batch statistics: expected a buffer " + name + " beside running_mean");
        }
        return found.tensor();
    }
}
