package dev.retort.bench.text;

import dev.retort.nn.init.Init;
import dev.retort.nn.residual.ResidualSpec;
import dev.retort.nn.text.Tokenizer;
import dev.retort.nn.text.TokenizerJson;
import dev.retort.nn.transformer.Gpt2;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.Json;
import dev.retort.tensor.io.Safetensors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/// A decoder with its tokenizer in one safetensors file: weights, and as metadata the configuration and the
/// tokenizer.
///
/// @param shape     what the network looks like
/// @param tokenizer of its texts
/// @param model     the network
record LanguageModel(Shape shape, Tokenizer tokenizer, Gpt2 model) {
    private static final String CONFIG = "retort.lm";
    private static final String TOKENIZER = "tokenizer.json";
    /// A GPT-2 of any size.
    ///
    /// @param context  positions
    /// @param width    features of the stream
    /// @param layers   blocks
    /// @param heads    attention heads
    /// @param residual kind of the residual connections, as [ResidualSpec] writes it
    record Shape(int context, int width, int layers, int heads, String residual) {
        Gpt2.Config config(int vocabulary) {
            return Gpt2.Config.of(vocabulary, context, width, layers, heads).withResidual(ResidualSpec.parse(residual));
        }

        /// Weights that it has at least: tables of tokens and positions, and 12 width² a block. As a double, which
        /// does not overflow.
        double leastWeights(int vocabulary) {
            return (double) width * vocabulary + (double) width * context + 12.0 * layers * width * width;
        }
    }

    void save(Path file) throws IOException {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("context", shape.context);
        config.put("width", shape.width);
        config.put("layers", shape.layers);
        config.put("heads", shape.heads);
        config.put("residual", shape.residual);
        Map<String, Tensor> state = new LinkedHashMap<>(model.stateDict());
        state.remove("lm_head.weight"); // the table of tokens, which is there already
        Safetensors.write(
                file, state, Map.of(CONFIG, Json.of(config).toString(), TOKENIZER, TokenizerJson.write(tokenizer)));
    }

    /// Reads what [#save] wrote.
    ///
    /// @throws FormatException if the file is no language model of this program
    static LanguageModel load(Path file) throws IOException {
        Safetensors weights = Safetensors.open(file);
        String config = weights.metadata().get(CONFIG);
        String tokens = weights.metadata().get(TOKENIZER);
        if (config == null || tokens == null) {
            throw new FormatException("generate: " + file + ": expects a language model that 'retort train-lm' saved");
        }
        try {
            Shape shape = shape(file, config);
            if (shape.layers < 0 || shape.width < 1 || shape.context < 1) {
                throw new IllegalArgumentException("expects sizes of a network, got " + shape);
            }
            Tokenizer tokenizer = TokenizerJson.parse(tokens.getBytes(StandardCharsets.UTF_8), file.toString());
            requireWeights(weights, shape, tokenizer.size());
            Gpt2 model = Init.skipped(() -> new Gpt2(shape.config(tokenizer.size()), new Rng(0)));
            Map<String, Tensor> state = new LinkedHashMap<>(weights.loadAll());
            Tensor table = state.get("transformer.wte.weight");
            if (table != null) {
                state.put("lm_head.weight", table);
            }
            model.loadStateDict(state);
            model.eval();
            return new LanguageModel(shape, tokenizer, model);
        } catch (IllegalArgumentException e) {
            throw new FormatException("generate: " + file + ": " + e.getMessage(), e);
        }
    }

    /// A file may claim a network that no memory could hold: what it needs must be in it.
    private static void requireWeights(Safetensors weights, Shape shape, int vocabulary) {
        long present = weights.names().stream()
                .mapToLong(name -> weights.type(name).shape().numel())
                .sum();
        if (shape.leastWeights(vocabulary) > present) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "%s of %d tokens has at least %.0f weights, the file has %d",
                    shape,
                    vocabulary,
                    shape.leastWeights(vocabulary),
                    present));
        }
    }

    private static Shape shape(Path file, String config) throws FormatException {
        try {
            Json.Obj parts = Json.parse(config).asObject();
            return new Shape(
                    parts.get("context").asInt(),
                    parts.get("width").asInt(),
                    parts.get("layers").asInt(),
                    parts.get("heads").asInt(),
                    parts.get("residual").asText());
        } catch (FormatException e) {
            throw new FormatException("generate: " + file + ": " + e.getMessage(), e);
        }
    }
}
