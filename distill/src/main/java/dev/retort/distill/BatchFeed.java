package dev.retort.distill;

import dev.retort.nn.StateValues;
import dev.retort.nn.Stateful;
import dev.retort.nn.data.Batch;
import dev.retort.nn.data.DataLoader;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Hands out the micro-batches of one step after the other, pass after pass over the data.
final class BatchFeed implements Stateful {
    private final DataLoader loader;
    private final int parts;
    private final int views;
    private Iterator<Batch> rest;

    BatchFeed(DataLoader loader, int parts, int views) {
        this.loader = loader;
        this.parts = parts;
        this.views = views;
        this.rest = loader.iterator();
    }

    /// Steps that a pass over the data takes.
    static int stepsPerPass(int samples, int batchSize) {
        return Math.ceilDiv(samples, batchSize);
    }

    /// The next step's micro-batches; the last step of a pass may have fewer and smaller ones.
    List<Batch> next() {
        if (!rest.hasNext()) {
            rest = loader.iterator();
        }
        List<Batch> step = new ArrayList<>();
        while (step.size() < parts && rest.hasNext()) {
            step.add(rest.next());
        }
        return step;
    }

    /// The inputs of a batch, the usual view first.
    List<Tensor> views(Batch batch) {
        List<Tensor> all = new ArrayList<>();
        all.add(batch.inputs());
        for (int view = 1; view < views; view++) {
            all.add(loader.view(batch, view).inputs());
        }
        return all;
    }

    @Override
    public Map<String, Tensor> stateDict() {
        Map<String, Tensor> state = new LinkedHashMap<>();
        state.put("epoch", StateValues.of(loader.position().epoch()));
        state.put("batch", StateValues.of((long) loader.position().batch()));
        return state;
    }

    @Override
    public void loadStateDict(Map<String, Tensor> state) {
        StateValues.expect("data position", state, List.of("epoch", "batch"));
        loader.seek(
                new DataLoader.Position(StateValues.toLong(state, "epoch"), (int) StateValues.toLong(state, "batch")));
        rest = loader.iterator();
    }
}
