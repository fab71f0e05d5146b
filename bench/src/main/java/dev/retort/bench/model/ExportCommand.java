package dev.retort.bench.model;

import dev.retort.bench.CommandException;
import dev.retort.bench.OutputFile;
import dev.retort.nn.Layer;
import dev.retort.nn.inference.InferenceException;
import dev.retort.nn.inference.OnnxExport;
import dev.retort.tensor.Tensor;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/// `retort export`: a saved model as an ONNX file.
@Command(
        name = "export",
        description = {
            "Write a saved model as an ONNX file, which ONNX Runtime and others execute.",
            "The file takes normalised pixels, as the model card says, or with --pixels values in [0, 1].",
            "Example: retort export --model student.safetensors --out student.onnx"
        })
public final class ExportCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Option(names = "--model", required = true, paramLabel = "FILE", description = "A student.safetensors.")
    private @Nullable Path model;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "The .onnx file to write.")
    private @Nullable Path out;

    @Option(
            names = "--pixels",
            description = "Put the normalisation into the file; the weights' names then begin with 'model.'.")
    private boolean pixels;

    @Option(names = "--force", description = "Replace an existing file.")
    private boolean force;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    /// A model with what is done to its inputs.
    private static final class FromPixels extends Layer {
        private final Layer model;
        private final Normalization normalization;

        FromPixels(Layer model, Normalization normalization) {
            this.model = child("model", model);
            this.normalization = normalization;
            eval();
        }

        @Override
        protected Tensor forward(Tensor x) {
            return model.call(x.sub(channels(normalization.mean())).div(channels(normalization.std())));
        }

        private static Tensor channels(List<Float> values) {
            float[] array = new float[values.size()];
            for (int i = 0; i < array.length; i++) {
                array[i] = values.get(i);
            }
            return Tensor.of(array, array.length, 1, 1);
        }
    }

    @Override
    public Integer call() throws Exception {
        if (spec == null || model == null || out == null) {
            throw new IllegalStateException("export: run by picocli, which fills these in");
        }
        if (Files.exists(out) && !force) {
            throw new CommandException("export: " + out + " exists; use --force to replace it");
        }
        OutputFile.check(out, model);
        ModelCard.Loaded loaded = ModelCard.load(model);
        ImageShape shape = loaded.card().input();
        Tensor example = Tensor.zeros(1, shape.channels(), shape.height(), shape.width());
        try {
            Layer network =
                    pixels ? new FromPixels(loaded.model(), loaded.card().normalization()) : loaded.model();
            OnnxExport.Written written = OnnxExport.write(network, example, out);
            print(spec.commandLine().getOut(), loaded.card(), written);
        } catch (InferenceException e) {
            throw new CommandException("export: " + e.getMessage(), e);
        }
        return 0;
    }

    private void print(PrintWriter to, ModelCard card, OnnxExport.Written written) {
        ImageShape shape = card.input();
        if (json) {
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("file", String.valueOf(out));
            result.put("architecture", card.architecture());
            result.put("nodes", written.nodes());
            result.put("bytes", written.bytes());
            result.put("anyBatch", written.anyBatch());
            to.println(JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(result));
            return;
        }
        to.printf(
                Locale.ROOT,
                "%s: %s, %,d nodes, %,d bytes%ninput: [%s, %d, %d, %d], %s%n" + "output: logits of %d classes: %s%n",
                out,
                card.architecture(),
                written.nodes(),
                written.bytes(),
                written.anyBatch() ? "batch" : "1",
                shape.channels(),
                shape.height(),
                shape.width(),
                pixels
                        ? "pixels in [0, 1]"
                        : "(pixels in [0, 1] - " + card.normalization().mean() + ") / "
                                + card.normalization().std(),
                card.classes().size(),
                String.join(", ", card.classes()));
    }
}
