package dev.retort.distill;

import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Sample;
import java.util.List;

/// Two data sets, one after the other.
///
/// @param first  indices from 0
/// @param second indices from the size of the first
record JoinedSamples(Dataset first, Dataset second) implements Dataset {
    @Override
    public int size() {
        return first.size() + second.size();
    }

    @Override
    public Sample get(int index) {
        return index < first.size() ? first.get(index) : second.get(index - first.size());
    }

    @Override
    public long label(int index) {
        return index < first.size() ? first.label(index) : second.label(index - first.size());
    }

    @Override
    public List<String> classNames() {
        return first.classNames();
    }
}
