package dev.retort.bench.reproduce.papers;

import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Sample;
import dev.retort.nn.data.Subset;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A task of half of the classes, and images of other kinds for its pool.
///
/// @param task    the classes with even numbers
/// @param others  images of the classes with odd numbers
/// @param foreign images of a second data set in the same shape, or null
record Pools(ImageTask task, Dataset others, @Nullable Dataset foreign) {
    private static final int BLOCK = 7;

    static Pools of(ImageTask all, @Nullable Dataset foreign) {
        int[] even = IntStream.range(0, all.classes()).filter(c -> c % 2 == 0).toArray();
        int[] odd = IntStream.range(0, all.classes()).filter(c -> c % 2 == 1).toArray();
        return new Pools(
                all.ofClasses(all.name() + ", even classes", even), ChosenClasses.of(all.train(), odd), foreign);
    }

    /// The kinds of images, the right one first.
    List<String> names() {
        List<String> names = new ArrayList<>(List.of("in-distribution", "other classes", "jigsaw", "noise"));
        if (foreign != null) {
            names.add("second data set");
        }
        return names;
    }

    /// So many images of a kind; `right` are images of the right kind, which the jigsaw is cut from.
    Dataset draw(String kind, Dataset right, int count, long seed) {
        Rng rng = new Rng(seed).fork(12);
        return switch (kind) {
            case "other classes" -> some(others, count, rng);
            case "jigsaw" -> new Made(right, count, rng, Pools::jigsaw);
            case "noise" -> new Made(right, count, rng, Pools::noise);
            case "second data set" -> some(requireForeign(), count, rng);
            default -> throw new IllegalArgumentException("pool: expected one of " + names() + ", got " + kind);
        };
    }

    private Dataset requireForeign() {
        Dataset present = foreign;
        if (present == null) {
            throw new IllegalArgumentException("pool: expected a second data set, got none");
        }
        return present;
    }

    private static Dataset some(Dataset source, int count, Rng rng) {
        int[] order = rng.permutation(source.size());
        return new Subset(source, Arrays.copyOf(order, Math.min(count, order.length)));
    }

    /// An image in blocks of 7 x 7 pixels, in another order; what is left over at the edges stays.
    static Tensor jigsaw(Tensor image, Rng rng) {
        int height = image.size(1);
        int width = image.size(2);
        int rows = height / BLOCK;
        int columns = width / BLOCK;
        int[] order = rng.permutation(rows * columns);
        float[] from = image.toFloats();
        float[] to = from.clone();
        for (int block = 0; block < order.length; block++) {
            int y = block / columns * BLOCK;
            int x = block % columns * BLOCK;
            int sourceY = order[block] / columns * BLOCK;
            int sourceX = order[block] % columns * BLOCK;
            for (int channel = 0; channel < image.size(0); channel++) {
                for (int row = 0; row < BLOCK; row++) {
                    int plane = channel * height;
                    System.arraycopy(
                            from, (plane + sourceY + row) * width + sourceX, to, (plane + y + row) * width + x, BLOCK);
                }
            }
        }
        return Tensor.of(to, image.shape().dims());
    }

    /// Independent uniform pixels.
    static Tensor noise(Tensor image, Rng rng) {
        return Random.uniform(rng, 0, 1, DType.F32, image.shape().dims());
    }

    private interface Maker {
        Tensor make(Tensor image, Rng rng);
    }

    /// Images made of others, each by its own draws.
    private record Made(Dataset source, int size, Rng rng, Maker maker) implements Dataset {
        @Override
        public Sample get(int index) {
            Tensor image = source.get(index % source.size()).input();
            Tensor none = Tensor.of(new long[] {Sample.UNLABELLED}).reshape(Shape.SCALAR);
            return new Sample(maker.make(image, rng.fork(index)), none);
        }

        @Override
        public long label(int index) {
            return Sample.UNLABELLED;
        }
    }
}
