package dev.retort.bench.model;

import dev.retort.nn.Layer;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Picture;
import dev.retort.nn.init.Init;
import dev.retort.tensor.Device;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.AtomicFile;
import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.Safetensors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// Everything that is needed to use a saved classifier besides its weights. It is kept inside the
/// safetensors file (metadata key `retort.card`), so that one file suffices, and written beside it as
/// JSON for people.
///
/// @param architecture  the model, as [ModelSpec] writes it
/// @param input         extents of an image
/// @param classes       names in the order of the outputs
/// @param normalization what is done to pixels in [0, 1]
/// @param provenance    where the model comes from: data, method, seed, accuracy, versions
public record ModelCard(
        String architecture,
        ImageShape input,
        List<String> classes,
        Normalization normalization,
        Map<String, Object> provenance) {
    private static final String KEY = "retort.card";
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(
                    DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES,
                    DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES,
                    DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .build();

    /// A classifier with what belongs to it.
    ///
    /// @param file  where it comes from
    /// @param card  the card
    /// @param model in evaluation mode
    public record Loaded(Path file, ModelCard card, Layer model) {
        /// This model, if the images have the extents that it was trained on.
        ///
        /// @throws IllegalArgumentException if not
        public Loaded forImages(Dataset images) {
            if (images.size() > 0) {
                ImageShape shape = ImageShape.of(images.get(0).input().shape());
                if (!shape.equals(card.input)) {
                    throw new IllegalArgumentException("model: " + file + ": expects images of " + card.input
                            + ", which it was trained on, got " + shape);
                }
            }
            return this;
        }

        /// Logits [1, classes] of a picture, resized and normalised as the card says.
        public Tensor logits(Picture picture) {
            ImageShape shape = card.input;
            Tensor image = picture.resize(shape.height(), shape.width()).toTensor();
            Tensor prepared = card.normalization.toTransform().apply(image, new Rng(0)); // draws nothing
            return model.call(prepared.unsqueeze(0).to(model.device())).detach().to(Device.CPU);
        }
    }

    /// Writes `model` to `file` (safetensors), and the card beside it with the ending `.json`. Both
    /// appear whole or not at all.
    public void save(Layer model, Path file) throws IOException {
        String json = JSON.writerWithDefaultPrettyPrinter().writeValueAsString(this);
        Safetensors.write(file, model.stateDict(), Map.of(KEY, json));
        AtomicFile.write(beside(file), json.getBytes(StandardCharsets.UTF_8));
    }

    private static Path beside(Path file) {
        String name = file.getFileName().toString();
        String stem = name.endsWith(".safetensors") ? name.substring(0, name.length() - ".safetensors".length()) : name;
        return file.resolveSibling(stem + ".json");
    }

    /// A card may claim a model that no memory could hold: what it needs must be in the file.
    private static void checkSize(ModelSpec spec, ImageShape input, Map<String, Tensor> state) {
        long present = state.values().stream().mapToLong(Tensor::numel).sum();
        if (spec.leastWeights(input) > present) {
            throw new IllegalArgumentException(spec + " for images " + input + " has at least "
                    + spec.leastWeights(input) + " weights, the file has " + present);
        }
    }

    private static void checkChannels(ModelCard card) {
        int normalized = card.normalization.toTransform().mean().length;
        if (normalized != card.input.channels()) {
            throw new IllegalArgumentException("expects a mean and a deviation for each of " + card.input.channels()
                    + " channels of images " + card.input + ", got " + normalized);
        }
    }

    /// Reads a model that [#save] wrote.
    ///
    /// @throws FormatException if the file has no card, or card and weights do not fit
    /// @throws IOException     if the file is missing or cannot be read
    public static Loaded load(Path file) throws IOException {
        Safetensors weights = Safetensors.open(file);
        String json = weights.metadata().get(KEY);
        if (json == null && weights.metadata().containsKey("retort.lm")) {
            throw new FormatException(
                    "model: " + file + ": expects a classifier, got a language model, which 'retort generate' runs");
        }
        if (json == null) {
            throw new FormatException("model: " + file + ": expects a model card in the metadata (key " + KEY
                    + "), got only " + weights.metadata().keySet());
        }
        try {
            ModelCard card = JSON.readValue(json, ModelCard.class);
            ModelSpec spec = ModelSpec.parse(card.architecture);
            Map<String, Tensor> state = weights.loadAll();
            checkChannels(card);
            checkSize(spec, card.input, state);
            Layer model = Init.skipped(() -> spec.create(card.input, card.classes.size(), new Rng(0)));
            model.loadStateDict(state);
            model.eval();
            return new Loaded(file, card, model);
        } catch (JacksonException e) {
            throw new FormatException(
                    "model: " + file + ": the model card cannot be read: " + e.getOriginalMessage(), e);
        } catch (IllegalArgumentException | NullPointerException e) {
            throw new FormatException("model: " + file + ": the model card does not fit: " + e.getMessage(), e);
        }
    }
}
