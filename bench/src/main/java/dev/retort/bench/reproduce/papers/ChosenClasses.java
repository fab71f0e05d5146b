package dev.retort.bench.reproduce.papers;

import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Sample;
import dev.retort.nn.data.Subset;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// The samples of some classes; class i here is class `chosen[i]` there.
final class ChosenClasses implements Dataset {
    private final Subset samples;
    private final int[] chosen;

    private ChosenClasses(Subset samples, int[] chosen) {
        this.samples = samples;
        this.chosen = chosen;
    }

    static ChosenClasses of(Dataset source, int... chosen) {
        int[] labels = source.labels();
        int[] kept = IntStream.range(0, labels.length)
                .filter(i -> position(chosen, labels[i]) >= 0)
                .toArray();
        return new ChosenClasses(new Subset(source, kept), chosen.clone());
    }

    private static int position(int[] chosen, long label) {
        return Arrays.stream(chosen).boxed().toList().indexOf((int) label);
    }

    @Override
    public int size() {
        return samples.size();
    }

    @Override
    public Sample get(int index) {
        Tensor label = Tensor.of(new long[] {label(index)}).reshape(Shape.SCALAR);
        return new Sample(samples.get(index).input(), label);
    }

    @Override
    public long label(int index) {
        return position(chosen, samples.label(index));
    }

    @Override
    public List<String> classNames() {
        List<String> names = samples.classNames();
        return names.isEmpty()
                ? names
                : Arrays.stream(chosen).mapToObj(names::get).toList();
    }
}
