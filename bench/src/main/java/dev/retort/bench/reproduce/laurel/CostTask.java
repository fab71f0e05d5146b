package dev.retort.bench.reproduce.laurel;

import dev.retort.bench.reproduce.CellRun;
import dev.retort.distill.TrainingStopped;
import dev.retort.nn.Module;
import dev.retort.nn.models.CifarResNet;
import dev.retort.nn.transformer.Llama;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/// What connections cost in training, against the plain one: time of a step and memory that is kept for
/// the backward pass.
///
/// Steps of the two models alternate, so that whatever else the machine does hits both, and the median of
/// the pairs' ratios is taken. Memory is what the heap holds after a forward pass and a garbage
/// collection, minus what it held before.
///
/// @param language whose models are measured
/// @param vision   whose models are measured too
/// @param pairs    pairs of steps; as many again, at most 5, go before
record CostTask(LanguageTask language, VisionTask vision, int pairs) implements Task {
    private static final int WARM_UP = 5;
    private static final String PLAIN = "plain";

    @Override
    public String name() {
        return "cost";
    }

    @Override
    public Map<String, String> configuration() {
        return Map.of("cost", pairs + " pairs of steps");
    }

    @Override
    public List<String> models() {
        return language.models().stream().filter(model -> !model.equals(PLAIN)).toList();
    }

    @Override
    public Map<String, Double> run(String model, long seed, CellRun run) {
        Map<String, Double> metrics = new LinkedHashMap<>();
        Llama plain = language.create(PLAIN, seed);
        Llama other = language.create(model, seed);
        compare(
                "language",
                language.training(plain, seed),
                language.training(other, seed),
                new Memory(plain, () -> language.loss(plain, language.batch(seed, 0))),
                new Memory(other, () -> language.loss(other, language.batch(seed, 0))),
                metrics,
                run);
        if (vision.models().contains(model)) {
            CifarResNet plainNet = vision.create(PLAIN, seed);
            CifarResNet otherNet = vision.create(model, seed);
            compare(
                    "vision",
                    vision.training(plainNet, seed),
                    vision.training(otherNet, seed),
                    new Memory(plainNet, () -> vision.loss(plainNet, seed, 0)),
                    new Memory(otherNet, () -> vision.loss(otherNet, seed, 0)),
                    metrics,
                    run);
        }
        return metrics;
    }

    private void compare(
            String name,
            ResumableTraining plain,
            ResumableTraining other,
            Memory plainMemory,
            Memory otherMemory,
            Map<String, Double> metrics,
            CellRun run) {
        int before = Math.min(pairs, WARM_UP);
        double[] ratios = new double[pairs];
        double[] seconds = new double[pairs];
        plain.model().train();
        other.model().train();
        for (int i = -before; i < pairs; i++) {
            if (run.stopRequested()) {
                throw new TrainingStopped("cost", i, null); // seconds of work: measured again from the start
            }
            double base = plain.timed(Math.max(0, i));
            double mine = other.timed(Math.max(0, i));
            if (i >= 0) {
                ratios[i] = mine / base;
                seconds[i] = mine;
            }
            run.progress(name, before + i, before + pairs);
        }
        metrics.put(name + "_step_ratio", ResumableTraining.median(ratios));
        metrics.put(name + "_step_seconds", ResumableTraining.median(seconds));
        double mine = otherMemory.kept();
        metrics.put(name + "_memory_ratio", mine / plainMemory.kept());
        metrics.put(name + "_memory_bytes", mine);
    }

    /// What a forward pass leaves on the heap.
    private record Memory(Module model, Supplier<Tensor> forward) {
        private static final int TRIES = 5;

        /// The median of five measurements, in bytes: other threads' garbage may add or leave.
        double kept() {
            model.zeroGrad();
            double[] kept = new double[TRIES];
            for (int i = 0; i < TRIES; i++) {
                long before = used();
                Tensor loss = forward.get();
                long after = used();
                kept[i] = after - before;
                loss.backward(); // keeps the graph reachable until here
                model.zeroGrad();
            }
            return ResumableTraining.median(kept);
        }

        private static long used() {
            System.gc();
            Runtime runtime = Runtime.getRuntime();
            return runtime.totalMemory() - runtime.freeMemory();
        }
    }
}
