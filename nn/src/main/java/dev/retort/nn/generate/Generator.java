package dev.retort.nn.generate;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradScope;
import dev.retort.nn.transformer.Decoder;
import dev.retort.tensor.OpException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/// Writes text with a decoder.
///
/// ```java
/// model.eval();
/// Generator generator = new Generator(model, GenerationConfig.sampling(200, 7).withTopK(40));
/// for (int token : generator.stream(tokenizer.encode("It is a truth").ids())) { … }
/// ```
///
/// Nothing is recorded. The same seed gives the same tokens. Dropout follows the model's mode: put it in
/// evaluation mode first.
public final class Generator {
    private final Decoder model;
    private final GenerationConfig config;

    /// A writer with `model`.
    public Generator(Decoder model, GenerationConfig config) {
        this.model = model;
        this.config = config;
    }

    /// Continues a prompt.
    ///
    /// @throws OpException if the prompt is empty, longer than the model's context, or has unknown tokens
    public Generation generate(int... prompt) {
        return generate(List.of(prompt)).getFirst();
    }

    /// Continues several prompts, which may differ in length, as one batch.
    ///
    /// @throws OpException as [#generate(int...)]
    public List<Generation> generate(List<int[]> prompts) {
        return generate(prompts, (_, _) -> true);
    }

    /// Continues several prompts and shows the tokens as they come; a beam search shows them at the end.
    ///
    /// @throws OpException as [#generate(int...)]
    public List<Generation> generate(List<int[]> prompts, TokenListener listener) {
        if (prompts.isEmpty()) {
            return List.of();
        }
        try (GradScope _ = Autograd.noGrad()) {
            return config.beams() == 1 ? sample(prompts, listener) : search(prompts, listener);
        }
    }

    private List<Generation> sample(List<int[]> prompts, TokenListener listener) {
        Writing writing = new Writing(model, config, prompts);
        while (writing.step(listener)) {
            continue; // all the work is in the condition
        }
        return writing.results();
    }

    private List<Generation> search(List<int[]> prompts, TokenListener listener) {
        List<Generation> results = new ArrayList<>();
        for (int i = 0; i < prompts.size(); i++) {
            int[] row = {i};
            Decoder one = prompts.size() == 1 ? model : model.select(row);
            Generation best = new BeamSearch(one, config, prompts.get(i)).run();
            results.add(best);
            for (int token : best.tokens()) {
                if (!listener.onToken(i, token)) {
                    break;
                }
            }
        }
        return results;
    }

    /// The continuation of a prompt as tokens that are computed when they are asked for; what is not asked
    /// for costs nothing. Each `iterator()` writes the same text anew.
    ///
    /// @throws OpException if the configuration is a beam search, or as [#generate(int...)]
    public Iterable<Integer> stream(int... prompt) {
        if (config.beams() > 1) {
            throw new OpException("generate: expects 1 beam for a stream, got " + config.beams());
        }
        return () -> new Tokens(new Writing(model, config, List.of(prompt)));
    }

    /// Tokens on demand.
    private static final class Tokens implements Iterator<Integer> {
        private static final int NONE = -1;
        private final Writing writing;
        private int next = NONE;
        private boolean more = true;

        Tokens(Writing writing) {
            this.writing = writing;
        }

        @Override
        public boolean hasNext() {
            if (next == NONE && more) {
                try (GradScope _ = Autograd.noGrad()) {
                    more = writing.step((_, token) -> {
                        next = token;
                        return true;
                    });
                }
            }
            return next != NONE;
        }

        @Override
        public Integer next() {
            if (!hasNext()) {
                throw new NoSuchElementException("generate: the text has ended");
            }
            int token = next;
            next = NONE;
            return token;
        }
    }
}
