package dev.retort.nn.transformer;

import dev.retort.nn.Layer;
import dev.retort.nn.layer.Dropout;
import dev.retort.nn.layer.Linear;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// [Bert] with a linear classifier on the pooled vector.
///
/// **Shape**: token indices `[B, T]`, filled up with the padding token → logits `[B, classes]`. Names are
/// those of Hugging Face's `BertForSequenceClassification`: `bert.…`, `classifier.weight`.
public final class BertClassifier extends Layer {
    private final Bert bert;
    private final Dropout dropout;
    private final Linear classifier;

    /// A network with random weights.
    ///
    /// @throws OpException if the configuration has no pooler
    public BertClassifier(Bert.Config config, int classes, Rng rng) {
        if (!config.pooled()) {
            throw new OpException("bert_classifier: expects a configuration with a pooler");
        }
        bert = child("bert", new Bert(config, rng));
        dropout = child("dropout", new Dropout(config.dropout(), rng));
        classifier = child("classifier", Weights.linear(config.width(), classes, true, rng));
    }

    /// The encoder.
    public Bert bert() {
        return bert;
    }

    @Override
    protected Tensor forward(Tensor ids) {
        return classifier.call(dropout.call(bert.pooled(ids)));
    }
}
