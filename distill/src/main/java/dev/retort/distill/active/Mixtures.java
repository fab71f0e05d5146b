package dev.retort.distill.active;

import dev.retort.distill.select.Selection;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Sample;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The inputs of chosen samples, each as it is or with its partner mixed in.
final class Mixtures implements Dataset {
    private final Dataset pool;
    private final List<Selection.Pick> picks = new ArrayList<>();

    Mixtures(Dataset pool) {
        this.pool = pool;
    }

    void add(Selection selection) {
        picks.addAll(selection.picks());
    }

    @Override
    public int size() {
        return picks.size();
    }

    @Override
    public Sample get(int index) {
        Selection.Pick pick = picks.get(index);
        Sample own = pool.get(pick.index());
        Selection.@Nullable Blend blend = pick.blend();
        if (blend == null) {
            return own;
        }
        Tensor other = pool.get(blend.partner()).input();
        return own.withInput(own.input().mul(1 - blend.weight()).add(other.mul(blend.weight())));
    }
}
