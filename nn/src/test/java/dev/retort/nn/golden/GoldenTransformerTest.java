package dev.retort.nn.golden;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.nn.Module;
import dev.retort.nn.transformer.Gpt2;
import dev.retort.nn.transformer.Llama;
import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.Safetensors;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/// Outputs and gradients of a tiny network of each transformer family are PyTorch's, from PyTorch's state
/// dict.
class GoldenTransformerTest {
    private static final double TOLERANCE = 1e-10;
    private static final Safetensors FILE = Golden.open("transformers.safetensors");

    private final Rng rng = new Rng(5);

    @Test
    void gpt2() {
        Gpt2 model = new Gpt2(Gpt2.Config.of(11, 8, 12, 2, 3), rng);
        check("gpt2", model, in -> Map.of("logits", model.call(in.get("ids"))));
    }

    @Test
    void llama() {
        Llama model = new Llama(Llama.Config.of(11, 32, 16, 2, 4, 2, 20), rng);
        check("llama", model, in -> Map.of("logits", model.call(in.get("ids"))));
    }

    @Test
    void llamaWithAttentionBias() {
        Llama model = new Llama(Llama.Config.of(11, 32, 16, 1, 4, 1, 20).withAttentionBias(), rng);
        check("qwen", model, in -> Map.of("logits", model.call(in.get("ids"))));
    }

    private static void check(String name, Module model, Function<Map<String, Tensor>, Map<String, Tensor>> call) {
        model.to(DType.F64);
        model.loadStateDict(Golden.under(FILE, name + "/state/"));
        Map<String, Tensor> inputs = Golden.under(FILE, name + "/in/");
        Map<String, Tensor> expected = Golden.under(FILE, name + "/out/");
        Map<String, Tensor> outputs = call.apply(inputs);
        assertThat(outputs.keySet()).isEqualTo(expected.keySet());
        Tensor total = Tensor.scalar(DType.F64, 0);
        for (String output : expected.keySet()) {
            Golden.assertClose(output, outputs.get(output), expected.get(output), TOLERANCE);
            total = total.add(
                    outputs.get(output).mul(inputs.get("weight_" + output)).sum());
        }
        total.backward();
        Map<String, Tensor> gradients = Golden.under(FILE, name + "/grad/");
        assertThat(gradients.keySet()).isEqualTo(model.namedParameters().keySet());
        gradients.forEach((path, gradient) -> Golden.assertClose(
                "gradient of " + path, model.namedParameters().get(path).grad(), gradient, TOLERANCE));
    }
}
