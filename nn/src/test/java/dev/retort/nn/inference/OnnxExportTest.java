package dev.retort.nn.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.nn.Layer;
import dev.retort.nn.layer.Conv2d;
import dev.retort.nn.layer.Sequential;
import dev.retort.nn.models.CifarResNet;
import dev.retort.nn.transformer.Gpt2;
import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.OnnxModel;
import dev.retort.tensor.op.PoolOp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is in exported files; that run-times compute the right numbers from them is tested in bench/onnxruntime.
class OnnxExportTest {
    @TempDir
    private Path folder;

    private static final class Of extends Layer {
        private final UnaryOperator<Tensor> body;

        Of(UnaryOperator<Tensor> body) {
            this.body = body;
        }

        @Override
        protected Tensor forward(Tensor x) {
            return body.apply(x);
        }
    }

    private OnnxExport.Written export(Layer network, Tensor example) throws IOException {
        network.eval();
        return OnnxExport.write(network, example, file());
    }

    private Path file() {
        return folder.resolve("network.onnx");
    }

    /// Every node reads only what is there before it, and no two give one name.
    private static void checkOrder(OnnxModel model, String input) {
        Set<String> known = new HashSet<>(model.initializers().keySet());
        known.add(input);
        known.add(""); // an optional input that is left out
        for (OnnxModel.Node node : model.nodes()) {
            assertThat(known).as("inputs of " + node.name()).containsAll(node.inputs());
            for (String output : node.outputs()) {
                assertThat(known.add(output)).as("new name " + output).isTrue();
            }
        }
        assertThat(known).contains("output");
    }

    @Test
    void resNetKeepsNamesWeightsAndPaths() throws IOException {
        CifarResNet network = new CifarResNet(CifarResNet.Config.of(8, 10), new Rng(1));
        OnnxExport.Written written = export(network, Tensor.zeros(1, 3, 32, 32));
        OnnxModel model = OnnxModel.read(file());
        checkOrder(model, "input");
        assertThat(written.anyBatch()).isTrue();
        assertThat(written.nodes()).isEqualTo(model.nodes().size());
        for (Map.Entry<String, Tensor> entry : network.stateDict().entrySet()) {
            Tensor back = model.initializers().get(entry.getKey());
            if (!entry.getKey().endsWith("num_batches_tracked")) {
                assertThat(back).as(entry.getKey()).isNotNull();
                assertThat(back.toFloats())
                        .as(entry.getKey())
                        .isEqualTo(entry.getValue().toFloats());
            }
        }
        assertThat(model.nodes())
                .filteredOn(node -> node.opType().equals("Conv"))
                .hasSize(7);
        assertThat(model.nodes()).anySatisfy(node -> assertThat(node.name()).startsWith("layer1.0.conv1/Conv_"));
    }

    @Test
    void fileIsASourceOfWeights() throws IOException {
        Gpt2 network = new Gpt2(Gpt2.Config.of(11, 8, 12, 2, 3), new Rng(2));
        var _ = export(network, Tensor.of(new long[] {1, 2, 3}, 1, 3));
        OnnxModel model = OnnxModel.read(file());
        checkOrder(model, "input_ids");
        Gpt2 twin = new Gpt2(Gpt2.Config.of(11, 8, 12, 2, 3), new Rng(3));
        Map<String, Tensor> state = model.stateDict();
        state.keySet().retainAll(network.stateDict().keySet());
        twin.loadStateDict(state);
        network.stateDict()
                .forEach((name, tensor) -> assertThat(twin.stateDict().get(name).toFloats())
                        .as(name)
                        .isEqualTo(tensor.toFloats()));
        // One table for the tokens and the head: it is in the file once.
        assertThat(model.initializers()).containsKey("transformer.wte.weight").doesNotContainKey("lm_head.weight");
    }

    @Test
    void batchIsFixedWhereAnOpNeedsIt() throws IOException {
        // Sums over the batch in a way that depends on its size, which no attribute can say.
        Layer spread = new Of(x -> x.var(1, false, 0));
        assertThat(export(spread, Random.normal(new Rng(4), 6, 2)).anyBatch()).isFalse();
        checkOrder(OnnxModel.read(file()), "input");
        assertThat(export(new Of(x -> x.sum(false, 1)), Random.normal(new Rng(4), 6, 2))
                        .anyBatch())
                .isTrue();
    }

    @Test
    void errorNamesModuleAndOp() {
        Layer inner = new Of(x -> x.diagonal(0, 1, 2));
        Sequential network = new Sequential(new Conv2d(Conv2d.Config.of(3, 3, 1), new Rng(5)), inner);
        assertThatThrownBy(() -> export(network, Random.normal(new Rng(6), 1, 3, 4, 4)))
                .isInstanceOf(InferenceException.class)
                .hasMessage("onnx_export: 1: diagonal: the op has no form in ONNX's operator set 17");
        assertThat(file()).doesNotExist();
    }

    @Test
    void resultWithoutOnnxFormIsAnError() {
        Layer network = new Of(x -> Engine.run(new PoolOp.MaxPool2d(PoolOp.Window.of(2, 2, 0)), x)[1]);
        assertThatThrownBy(() -> export(network, Random.normal(new Rng(7), 1, 1, 4, 4)))
                .isInstanceOf(InferenceException.class)
                .hasMessageContaining("max_pool2d: this result of the op has no ONNX form");
    }

    @Test
    void trainingModeAndBadExamplesAreErrors() {
        Layer network = new Of(x -> x);
        assertThatThrownBy(() -> OnnxExport.write(network, Tensor.ones(1), file()))
                .isInstanceOf(InferenceException.class)
                .hasMessageContaining("call eval() first");
        assertThatThrownBy(() -> export(network, Tensor.zeros(0, 3)))
                .isInstanceOf(InferenceException.class)
                .hasMessageContaining("got F32[0, 3]");
    }

    @Test
    void dependenceOnDataIsAnError() {
        Layer network = new Of(x -> x.get(0, 0) > 0 ? x.neg() : x.abs());
        assertThatThrownBy(() -> export(network, Tensor.of(new float[] {1, -1}, 1, 2)))
                .isInstanceOf(InferenceException.class)
                .hasMessageContaining("depends on its data");
        assertThat(Files.exists(file())).isFalse();
    }

    @Test
    void networkThatDoesNothingIsAFile() throws IOException {
        var _ = export(new Of(x -> x), Tensor.ones(DType.F32, 1, 2));
        OnnxModel model = OnnxModel.read(file());
        assertThat(model.nodes()).hasSize(1);
        assertThat(model.nodes().getFirst().opType()).isEqualTo("Identity");
    }
}
