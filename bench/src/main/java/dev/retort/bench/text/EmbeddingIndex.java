package dev.retort.bench.text;

import dev.retort.nn.data.CacheFolder;
import dev.retort.nn.text.SentenceEncoder;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.Safetensors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Embeddings of texts that are kept in the cache folder, under a checksum of model and texts.
///
/// @param texts      the texts
/// @param embeddings of length 1, `[N, E]`
record EmbeddingIndex(List<String> texts, Tensor embeddings) {
    /// A text that was found.
    ///
    /// @param number place among the texts, from 1
    /// @param score  cosine similarity, in [−1, 1]
    record Hit(int number, double score, String text) {}

    /// The embeddings of texts, from the cache if they are there.
    ///
    /// @param model what the embeddings depend on besides the texts
    static EmbeddingIndex of(SentenceEncoder encoder, String model, List<String> texts, IntConsumer progress) {
        return of(encoder, model, texts, progress, CacheFolder.path().resolve("embeddings"));
    }

    /// The same with another folder.
    static EmbeddingIndex of(
            SentenceEncoder encoder, String model, List<String> texts, IntConsumer progress, Path cache) {
        Path file = cache.resolve(checksum(model, texts) + ".safetensors");
        if (Files.exists(file)) {
            Tensor kept = kept(file);
            if (kept != null && kept.rank() == 2 && kept.size(0) == texts.size() && kept.size(1) == encoder.width()) {
                progress.accept(texts.size());
                return new EmbeddingIndex(texts, kept);
            }
        }
        Tensor embeddings = encoder.embed(texts, progress);
        keep(file, embeddings);
        return new EmbeddingIndex(texts, embeddings);
    }

    /// What cannot be kept is computed again the next time: no reason to withhold the result.
    private static void keep(Path file, Tensor embeddings) {
        try {
            Safetensors.write(file, Map.of("embeddings", embeddings));
        } catch (IOException e) {
            System.err.println("retort: warning: embeddings are not kept, " + file + " cannot be written: " + e);
        }
    }

    private static @Nullable Tensor kept(Path file) {
        try {
            return Safetensors.read(file).get("embeddings");
        } catch (FormatException e) {
            return null; // damaged: computed again and written over
        } catch (IOException e) {
            System.err.println("retort: warning: kept embeddings " + file + " cannot be read: " + e);
            return null;
        }
    }

    private static String checksum(String model, List<String> texts) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(model.getBytes(StandardCharsets.UTF_8));
            for (String text : texts) {
                digest.update((byte) 0);
                digest.update(text.getBytes(StandardCharsets.UTF_8));
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /// The texts that are most similar to a query, best first.
    List<Hit> search(Tensor query, int top) {
        float[] scores = embeddings.matmul(query.reshape(query.numel())).toFloats();
        return IntStream.range(0, scores.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> -scores[i]))
                .limit(top)
                .map(i -> new Hit(i + 1, scores[i], texts.get(i)))
                .toList();
    }
}
