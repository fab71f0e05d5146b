package dev.retort.nn.text;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradScope;
import dev.retort.nn.transformer.Bert;
import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/// Sentence embeddings: the mean of an encoder's features over a text's tokens, of length 1 (Reimers and
/// Gurevych, 2019, arXiv 1908.10084). The dot product of two is their cosine similarity.
public final class SentenceEncoder {
    private static final int BATCH = 32;

    private final Bert model;
    private final Tokenizer tokenizer;
    private final int most;

    /// An encoder that reads at most `most` tokens of a text; the model is put in evaluation mode.
    ///
    /// @throws OpException if the model has fewer positions
    public SentenceEncoder(Bert model, Tokenizer tokenizer, int most) {
        if (most > model.config().context()) {
            throw new OpException("sentence encoder: expects at most the model's "
                    + model.config().context() + " positions, got " + most);
        }
        this.model = model;
        this.tokenizer = tokenizer;
        this.most = most;
        model.eval();
    }

    /// Numbers of an embedding, E.
    public int width() {
        return model.config().width();
    }

    /// Embeddings of texts, `F32` `[N, E]`.
    public Tensor embed(List<String> texts) {
        return embed(texts, _ -> {});
    }

    /// Embeddings of texts, `F32` `[N, E]`. Texts of similar length share a batch.
    ///
    /// @param progress told how many texts more are done
    public Tensor embed(List<String> texts, IntConsumer progress) {
        int[][] tokens = new int[texts.size()][];
        IntStream.range(0, tokens.length)
                .parallel()
                .forEach(i -> tokens[i] = tokenizer.encode(texts.get(i), most).ids());
        int[] order = IntStream.range(0, tokens.length)
                .boxed()
                .sorted(Comparator.comparingInt(i -> tokens[i].length))
                .mapToInt(i -> i)
                .toArray();
        float[] all = new float[tokens.length * width()];
        try (GradScope _ = Autograd.noGrad()) {
            for (int from = 0; from < order.length; from += BATCH) {
                int[] rows = Arrays.copyOfRange(order, from, Math.min(order.length, from + BATCH));
                float[] embedded = batch(tokens, rows).toFloats();
                for (int i = 0; i < rows.length; i++) {
                    System.arraycopy(embedded, i * width(), all, rows[i] * width(), width());
                }
                progress.accept(rows.length);
            }
        }
        return Tensor.wrap(DType.F32, all, tokens.length, width());
    }

    private Tensor batch(int[][] tokens, int[] rows) {
        int longest = Math.max(
                1, Arrays.stream(rows).map(row -> tokens[row].length).max().orElse(0));
        long[] ids = new long[rows.length * longest];
        float[] visible = new float[ids.length];
        Arrays.fill(ids, model.config().padding());
        for (int i = 0; i < rows.length; i++) {
            for (int t = 0; t < tokens[rows[i]].length; t++) {
                ids[i * longest + t] = tokens[rows[i]][t];
                visible[i * longest + t] = 1;
            }
        }
        Tensor mask = Tensor.wrap(DType.F32, visible, rows.length, longest);
        Tensor hidden = model.call(Tensor.of(ids, rows.length, longest), mask, null);
        // The length is normalized next, so the sum will do for the mean.
        Tensor sum = hidden.mul(mask.unsqueeze(2)).sum(1);
        return sum.div(sum.norm(2, true, 1).clampMin(1e-12));
    }
}
