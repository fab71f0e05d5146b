package dev.retort.distill.teacher;

import dev.retort.distill.feature.Features;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.feature.TapDropout;
import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.nn.ModuleHook;
import dev.retort.nn.data.Batch;
import dev.retort.nn.data.DataLoader;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Transform;
import dev.retort.nn.layer.Dropout;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a network says in several passes with dropout: its dropout layers work as in training, all else as
/// in evaluation.
///
/// Source: Gal and Ghahramani, "Dropout as a Bayesian approximation", 2016, arXiv 1506.02142.
public final class DropoutPasses {
    private static final int BATCH = 256;

    private DropoutPasses() {}

    /// The logits [P, N, L] of all samples in order. Masks come from `rng` alone; modes and generators of
    /// the network stay as they are.
    ///
    /// @param extra dropout beside the network's own layers, or null
    /// @throws IllegalArgumentException if there is no dropout at all: all passes would be the same
    public static Tensor logits(
            Layer network, Dataset data, Transform transform, int passes, @Nullable TapDropout extra, Rng rng) {
        List<TapDropout> sites = new ArrayList<>();
        for (var entry : network.modules().entrySet()) {
            Module module = entry.getValue();
            if (module instanceof Dropout dropout && dropout.p() > 0 && dropout.p() < 1) {
                sites.add(new TapDropout(Tap.output(entry.getKey()), dropout.p()));
            }
        }
        if (extra != null && extra.rate() > 0) {
            sites.add(extra);
        }
        if (sites.isEmpty()) {
            throw new IllegalArgumentException(
                    "dropout passes: expected a network with dropout, or a tap to drop at, got neither");
        }
        Tensor[] all = new Tensor[passes];
        for (int pass = 0; pass < passes; pass++) {
            all[pass] = pass(network, data, transform, sites, rng.fork(pass));
        }
        return Tensor.stack(0, all);
    }

    private static Tensor pass(Layer network, Dataset data, Transform transform, List<TapDropout> sites, Rng rng) {
        List<ModuleHook> hooks = new ArrayList<>();
        List<Tensor> parts = new ArrayList<>();
        try {
            for (int site = 0; site < sites.size(); site++) {
                hooks.add(sites.get(site).on(network, rng.fork(site)));
            }
            DataLoader.Config config = DataLoader.Config.evaluation(BATCH).withTransform(transform);
            for (Batch batch : new DataLoader(data, config)) {
                parts.addAll(Features.quietly(network, batch.inputs(), Set.of(Tap.LOGITS))
                        .values());
            }
        } finally {
            hooks.forEach(ModuleHook::close);
        }
        return Tensor.cat(0, parts.toArray(Tensor[]::new));
    }
}
