package dev.retort.bench.peers.duel;

import dev.retort.nn.Module;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/// Copies of a module's parameters and buffers by name, as leaves of libtorch's graph.
final class TorchParameters {
    private final Map<String, Tensor> all = new LinkedHashMap<>();
    private final List<Tensor> trained = new ArrayList<>();

    /// Copies; matrices of four dimensions go channels-last if asked for.
    TorchParameters(Module module, boolean channelsLast, boolean training) {
        module.namedParameters().forEach((name, parameter) -> {
            Tensor copy = Torch.of(parameter.tensor());
            Tensor placed = channelsLast && copy.dim() == 4 ? Torch.channelsLast(copy) : copy;
            all.put(name, placed.set_requires_grad(training));
            trained.add(placed);
        });
        module.namedBuffers().forEach((name, buffer) -> all.put(name, Torch.of(buffer.tensor())));
    }

    boolean has(String name) {
        return all.containsKey(name);
    }

    Tensor get(String name) {
        Tensor tensor = all.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException("torch: no parameter '" + name + "' among " + all.keySet());
        }
        return tensor;
    }

    void put(String name, Tensor tensor) {
        all.put(name, tensor);
    }

    List<Tensor> trained() {
        return trained;
    }
}
