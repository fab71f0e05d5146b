package dev.retort.nn.transformer;

import dev.retort.nn.Layer;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// A decoder that predicts each next token from those before it.
///
/// **Shape**: token indices `[B, T]` → logits `[B, T, V]`. Position t sees positions 0 … t.
public abstract class CausalModel extends Layer implements Decoder {
    /// A model without contents; subclasses register theirs.
    protected CausalModel() {}

    /// Features of the last layer, after the final norm: `[B, T]` → `[B, T, E]`.
    protected abstract Tensor hidden(Tensor ids, DecoderContext context);

    /// Logits of features: `[..., E]` → `[..., V]`.
    protected abstract Tensor head(Tensor hidden);

    /// Number of attention layers: slots of a [KeyValueCache].
    public abstract int layers();

    @Override
    protected final Tensor forward(Tensor ids) {
        return head(checkedHidden(ids, DecoderContext.NONE));
    }

    /// Logits of all positions `[B, T, V]`, with a cache, padding or positions.
    public final Tensor call(Tensor ids, DecoderContext context) {
        return run(in -> new Tensor[] {head(checkedHidden(in[0], context))}, ids)[0];
    }

    @Override
    public final Tensor next(Tensor ids, DecoderContext context) {
        return run(
                in -> {
                    Tensor hidden = checkedHidden(in[0], context);
                    return new Tensor[] {head(hidden.select(1, hidden.size(1) - 1))};
                },
                ids)[0];
    }

    @Override
    public final KeyValueCache cache(int capacity) {
        return new KeyValueCache(layers(), Math.min(capacity, contextLength()));
    }

    private Tensor checkedHidden(Tensor ids, DecoderContext context) {
        String name = getClass().getSimpleName().toLowerCase(java.util.Locale.ROOT);
        if (ids.rank() != 2 || ids.dtype().isFloating() || ids.size(1) == 0) {
            throw new OpException(name + ": expects token indices [B, T] with T at least 1, got " + ids.type());
        }
        int positions = context.past() + ids.size(1);
        if (positions > contextLength()) {
            throw new OpException(name + ": expects at most " + contextLength() + " positions, got " + positions);
        }
        check(name, "visible", context.visible(), ids.size(0), positions);
        check(name, "positions", context.positions(), ids.size(0), ids.size(1));
        Tensor hidden = hidden(ids, context);
        KeyValueCache cache = context.cache();
        if (cache != null) {
            cache.advance(ids.size(1));
        }
        return hidden;
    }

    private static void check(String name, String what, @Nullable Tensor given, int batch, int length) {
        if (given != null && (given.rank() != 2 || given.size(0) != batch || given.size(1) != length)) {
            throw new OpException(name + ": expects " + what + " [" + batch + ", " + length + "], got " + given.type());
        }
    }

    /// Consecutive positions after the cache `[T]`, or those of the context `[B, T]`.
    static Tensor positions(Tensor ids, DecoderContext context) {
        Tensor given = context.positions();
        return given != null
                ? given
                : Tensor.arange(context.past(), context.past() + ids.size(1), 1, dev.retort.tensor.DType.I64)
                        .to(ids.device());
    }
}
