package dev.retort.nn.transformer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// [Bert] with the head that says which token each position holds.
///
/// **Shape**: token indices `[B, T]` → logits `[B, T, V]`. Names are those of Hugging Face's
/// `BertForMaskedLM`: `bert.…`, `cls.predictions.…`; there is no pooler.
public final class BertMaskedLm extends Layer {
    private final Bert bert;
    private final BertPredictions predictions;

    /// A network with random weights.
    public BertMaskedLm(Bert.Config config, Rng rng) {
        bert = child("bert", new Bert(config.withoutPooler(), rng));
        predictions = child("cls", new BertPredictions.Holder(config, bert.tokens(), rng))
                .predictions();
    }

    /// The encoder.
    public Bert bert() {
        return bert;
    }

    @Override
    protected Tensor forward(Tensor ids) {
        return predictions.call(bert.call(ids));
    }
}
