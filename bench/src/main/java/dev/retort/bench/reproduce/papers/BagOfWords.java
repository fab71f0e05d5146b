package dev.retort.bench.reproduce.papers;

import dev.retort.nn.Layer;
import dev.retort.nn.layer.Embedding;
import dev.retort.nn.layer.Linear;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// The mean of the word vectors, a hidden layer with ReLU, a classifier: a small student for sentences.
///
/// **Shape**: token indices `[B, T]`, 0 for padding → logits `[B, classes]`.
final class BagOfWords extends Layer {
    private final Embedding words;
    private final Linear hidden;
    private final Linear classifier;

    BagOfWords(int vocabulary, int width, int classes, Rng rng) {
        words = child("words", new Embedding(vocabulary, width, 0, rng));
        hidden = child("hidden", new Linear(width, width, rng));
        classifier = child("classifier", new Linear(width, classes, rng));
    }

    @Override
    protected Tensor forward(Tensor ids) {
        Tensor count = ids.ne(0.0).to(dev.retort.tensor.DType.F32).sum(true, 1).clampMin(1); // [B, 1]
        Tensor mean = words.call(ids).sum(false, 1).div(count); // the padding's vector is 0
        return classifier.call(hidden.call(mean).relu());
    }
}
