package dev.retort.nn.layer;

import dev.retort.nn.Module;
import dev.retort.nn.Parameter;
import dev.retort.nn.init.Init;
import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Vectors of a table looked up by index and put together bag by bag: their sum, mean or maximum. An
/// empty bag gives zeros, and `paddingIndex` counts in no bag.
///
/// **Shape**: indices `[B, L]`, or `[M]` with the starts of the bags `[B]` → `[B, D]`.
/// **Parameters**: `weight` `[V, D]`, standard normal at first.
public final class EmbeddingBag extends Module {
    /// How the vectors of a bag are put together.
    public enum Mode {
        /// Their sum.
        SUM,
        /// Their mean, PyTorch's default.
        MEAN,
        /// The largest of each feature.
        MAX
    }

    private final int rows;
    private final int width;
    private final Mode mode;
    private final int paddingIndex;
    private final Parameter weight;

    /// Means of bags of a table of `rows` vectors of `width` numbers.
    public EmbeddingBag(int rows, int width, Rng rng) {
        this(rows, width, Mode.MEAN, -1, rng);
    }

    /// A table whose row `paddingIndex` is 0 at first and counts in no bag; −1 for none.
    public EmbeddingBag(int rows, int width, Mode mode, int paddingIndex, Rng rng) {
        if (rows < 1 || width < 1 || paddingIndex >= rows) {
            throw new OpException("embedding_bag: expects positive extents and a padding index below the rows, got "
                    + rows + " x " + width + ", padding index " + paddingIndex);
        }
        this.rows = rows;
        this.width = width;
        this.mode = mode;
        this.paddingIndex = paddingIndex;
        Tensor initial = Init.normal(Shape.of(rows, width), 0, 1, rng);
        if (paddingIndex >= 0) {
            initial.select(0, paddingIndex).copyFrom(Tensor.scalar(DType.F32, 0));
        }
        weight = parameter("weight", initial);
    }

    /// The table `[V, D]`.
    public Parameter weight() {
        return weight;
    }

    /// Bags of equal size, `[B, L]`.
    public Tensor call(Tensor indices) {
        return run(in -> new Tensor[] {rectangle(in[0])}, indices)[0];
    }

    /// Bags of any size: bag b is indices `[M]` from `offsets[b]` to the next offset, or the end.
    ///
    /// @param offsets starts of the bags `[B]`, rising from 0
    public Tensor call(Tensor indices, Tensor offsets) {
        return run(in -> new Tensor[] {bags(in[0], in[1], null)}, indices, offsets)[0];
    }

    /// Weighted sums of bags of any size, `weights` `[M]` being a factor of each index's vector.
    public Tensor call(Tensor indices, Tensor offsets, Tensor weights) {
        return run(in -> new Tensor[] {bags(in[0], in[1], in[2])}, indices, offsets, weights)[0];
    }

    private Tensor rectangle(Tensor indices) {
        if (indices.rank() != 2) {
            throw new OpException("embedding_bag: expects indices [B, L], or [M] with offsets, got " + indices.type());
        }
        long[] starts = new long[indices.size(0)];
        for (int b = 0; b < starts.length; b++) {
            starts[b] = (long) b * indices.size(1);
        }
        return bags(indices.flatten(0), Tensor.of(starts, starts.length), null);
    }

    private Tensor bags(Tensor indices, Tensor offsets, @Nullable Tensor factors) {
        if (factors != null && mode != Mode.SUM) {
            throw new OpException("embedding_bag: expects weights with mode SUM only, got " + mode);
        }
        if (indices.rank() != 1
                || offsets.rank() != 1
                || factors != null && !factors.shape().equals(indices.shape())) {
            throw new OpException("embedding_bag: expects indices [M], offsets [B] and weights [M], got "
                    + indices.type() + ", " + offsets.type() + (factors == null ? "" : " and " + factors.type()));
        }
        long[] wanted = indices.toLongs();
        long[] bag = bagOfEach(wanted.length, offsets.toLongs());
        int count = offsets.size(0);
        int[] kept = new int[wanted.length];
        int sum = 0;
        long[] sizes = new long[count];
        for (int i = 0; i < wanted.length; i++) {
            if (wanted[i] != paddingIndex || paddingIndex < 0) {
                kept[sum++] = i;
                sizes[(int) bag[i]]++;
            }
        }
        Tensor places = Tensor.of(Arrays.copyOf(kept, sum), sum).to(DType.I64).to(indices.device());
        Tensor vectors = weight.value().embedding(indices.indexSelect(0, places));
        if (factors != null) {
            vectors = vectors.mul(factors.indexSelect(0, places).unsqueeze(1));
        }
        long[] bagOfKept = new long[sum];
        for (int i = 0; i < sum; i++) {
            bagOfKept[i] = bag[kept[i]];
        }
        return mode == Mode.MAX ? largest(vectors, sizes) : added(vectors, bagOfKept, sizes);
    }

    private static long[] bagOfEach(int length, long[] starts) {
        if (starts.length > 0 && starts[0] != 0) {
            throw new OpException("embedding_bag: expects the first offset to be 0, got " + starts[0]);
        }
        if (starts.length == 0 && length > 0) {
            throw new OpException("embedding_bag: expects at least one bag, got " + length + " indices");
        }
        long[] bag = new long[length];
        for (int b = 0; b < starts.length; b++) {
            long end = b + 1 < starts.length ? starts[b + 1] : length;
            if (end < starts[b] || end > length) {
                throw new OpException(
                        "embedding_bag: expects rising offsets up to " + length + ", got " + Arrays.toString(starts));
            }
            Arrays.fill(bag, (int) starts[b], (int) end, b);
        }
        return bag;
    }

    private Tensor added(Tensor vectors, long[] bag, long[] sizes) {
        Tensor zeros = Tensor.zeros(vectors.dtype(), sizes.length, width).to(vectors.device());
        Tensor sums = zeros.indexAdd(0, Tensor.of(bag, bag.length).to(vectors.device()), vectors);
        if (mode == Mode.SUM) {
            return sums;
        }
        double[] shares = new double[sizes.length];
        for (int b = 0; b < shares.length; b++) {
            shares[b] = 1.0 / Math.max(1, sizes[b]);
        }
        Tensor factor = Tensor.of(shares, shares.length, 1).to(vectors.dtype()).to(vectors.device());
        return sums.mul(factor);
    }

    /// The bags side by side in a rectangle, whose free places repeat the first vector of the bag.
    private Tensor largest(Tensor vectors, long[] sizes) {
        int longest = (int) Arrays.stream(sizes).max().orElse(0);
        if (longest == 0) {
            return Tensor.zeros(vectors.dtype(), sizes.length, width).to(vectors.device());
        }
        long[] place = new long[sizes.length * longest];
        boolean[] empty = new boolean[sizes.length];
        int at = 0;
        for (int b = 0; b < sizes.length; b++) {
            empty[b] = sizes[b] == 0;
            for (int i = 0; i < longest; i++) {
                place[b * longest + i] = empty[b] ? 0 : at + (i < sizes[b] ? i : 0);
            }
            at += (int) sizes[b];
        }
        Tensor all = vectors.indexSelect(0, Tensor.of(place, place.length).to(vectors.device()))
                .reshape(sizes.length, longest, width);
        Tensor none = Tensor.of(empty, sizes.length, 1).to(vectors.device()).expand(sizes.length, width);
        return all.max(1, false).values().maskedFill(none, 0);
    }

    @Override
    protected String extra() {
        return rows + ", " + width + ", " + mode + (paddingIndex < 0 ? "" : ", padding = " + paddingIndex);
    }
}
