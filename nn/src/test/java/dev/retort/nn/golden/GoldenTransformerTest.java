package dev.retort.nn.golden;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.nn.Module;
import dev.retort.nn.transformer.Bart;
import dev.retort.nn.transformer.Bert;
import dev.retort.nn.transformer.Deit;
import dev.retort.nn.transformer.Gpt2;
import dev.retort.nn.transformer.Llama;
import dev.retort.nn.transformer.VisionTransformer;
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

    @Test
    void bertWithNormsAfter() {
        bert("bert", Bert.Norm.POST);
    }

    @Test
    void bertWithNormsBefore() {
        bert("bert_pre", Bert.Norm.PRE);
    }

    private void bert(String name, Bert.Norm norm) {
        Bert model = new Bert(Bert.Config.of(11, 8, 12, 2, 3, 20).withNorm(norm), rng);
        check(name, model, in -> {
            Bert.Output output = model.encode(in.get("ids"), in.get("mask"), in.get("types"));
            return Map.of("hidden", output.hidden(), "pooled", output.pooled());
        });
    }

    @Test
    void bart() {
        Bart model = new Bart(Bart.Config.of(11, 8, 12, 2, 3, 20), rng);
        check("bart", model, in -> Map.of("logits", model.call(in.get("source"), in.get("mask"), in.get("target"))));
    }

    @Test
    void visionTransformer() {
        VisionTransformer model = new VisionTransformer(
                VisionTransformer.Config.of(8, 4, 12, 2, 3, 5).withHidden(20), rng);
        check("vit", model, in -> Map.of("logits", model.call(in.get("images"))));
    }

    @Test
    void deit() {
        Deit model = new Deit(Deit.Config.of(8, 4, 12, 2, 3, 5).withHidden(20), rng);
        check("deit", model, in -> {
            Deit.Logits logits = model.heads(in.get("images"));
            return Map.of("logits", logits.classes(), "distilled", logits.distilled());
        });
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
