package dev.retort.nn.transformer;

import dev.retort.nn.layer.Dropout;
import dev.retort.nn.layer.Embedding;
import dev.retort.nn.layer.LayerNorm;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;

/// What encoder and decoder of [Bart] start with: tokens and positions, normed.
///
/// The first two rows of the table of positions are unused, as in the authors' checkpoints.
record BartEmbeddings(Embedding tokens, Embedding positions, LayerNorm norm, Dropout dropout, int context) {
    static final int UNUSED = 2;

    Tensor sum(Tensor ids, DecoderContext where) {
        int last = where.past() + (ids.rank() == 2 ? ids.size(1) : 0);
        if (ids.rank() != 2 || ids.dtype().isFloating() || ids.size(1) == 0 || last > context) {
            throw new OpException("bart: expects token indices [B, T] and at most " + context + " positions, got "
                    + ids.type() + " after " + where.past());
        }
        Tensor places = CausalModel.positions(ids, where).add(UNUSED);
        return dropout.call(norm.call(tokens.call(ids).add(positions.call(places))));
    }
}
