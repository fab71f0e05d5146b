package dev.retort.distill.method;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradScope;
import dev.retort.distill.feature.Features;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.nn.Stateful;
import dev.retort.nn.optim.Adam;
import dev.retort.nn.optim.ParameterGroup;
import dev.retort.tensor.Device;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The samples of [FastDfkd].
final class MetaSamples extends SamplePool {
    private static final int SHIFT = 4;
    private static final double BETA_1 = .5;
    private static final double BETA_2 = .999;

    private final FastDfkd config;
    private final Layer teacher;
    private final BatchStatistics statistics;
    private final SampleGenerator start;
    private final Adam outer;

    /// @throws IllegalArgumentException if the teacher has no batch normalisation
    MetaSamples(FastDfkd config, Layer teacher, Rng rng) {
        super(
                Tensor.zeros(config.sample().insert(0, config.samples()).dims()),
                config.renewed(),
                config.making().batch(),
                rng);
        this.config = config;
        this.teacher = teacher;
        statistics = BatchStatistics.of("fast dfkd", teacher);
        start = generator(rng.fork(0));
        FastDfkd.Making making = config.making();
        outer = new Adam(
                start.namedParameters(),
                Adam.config(making.lr() * making.steps()).withBetas(BETA_1, BETA_2));
    }

    private SampleGenerator generator(Rng own) {
        FastDfkd.Making making = config.making();
        SampleGenerator made =
                new SampleGenerator(config.sample(), making.low(), making.high(), making.latent(), making.width(), own);
        made.to(teacher.device());
        return made;
    }

    @Override
    Map<String, Stateful> parts() {
        Map<String, Stateful> parts = new LinkedHashMap<>();
        parts.put("generator", start);
        parts.put("optimizer", outer);
        return parts;
    }

    @Override
    Tensor make(int at, int count, int epoch, Layer student, Rng own) {
        FastDfkd.Making making = config.making();
        SampleGenerator fast = generator(own.fork(0));
        fast.loadStateDict(start.stateDict());
        int batch = Math.max(2, count); // one sample alone would have no statistics
        Parameter z =
                new Parameter(Random.normal(own.fork(1), batch, making.latent()).to(teacher.device()));
        Adam inner = new Adam(
                List.of(
                        new ParameterGroup(fast.namedParameters()),
                        new ParameterGroup(Map.of("z", z)).withLr(making.latentLr())),
                Adam.config(making.lr()).withBetas(BETA_1, BETA_2));
        List<Parameter> weights = List.copyOf(fast.parameters());
        Tensor[] targets = new Tensor[weights.size() + 1];
        Tensor[] sums = new Tensor[weights.size()];
        for (int step = 0; step < making.steps(); step++) {
            for (int i = 0; i < weights.size(); i++) {
                targets[i] = weights.get(i).tensor();
            }
            targets[weights.size()] = z.tensor();
            Tensor x = fast.call(z.tensor());
            Tensor[] gradients =
                    Autograd.grad(loss(x, epoch, student, own.fork(2).fork(step)), targets);
            for (int i = 0; i < weights.size(); i++) {
                sums[i] = step == 0 ? gradients[i] : sums[i].add(gradients[i]);
                weights.get(i).tensor().grad(gradients[i]);
            }
            z.tensor().grad(gradients[weights.size()]);
            inner.step();
        }
        learn(weights, sums);
        try (GradScope _ = Autograd.noGrad()) {
            return fast.call(z.tensor()).narrow(0, 0, count).detach().to(Device.CPU);
        }
    }

    /// Moves the start by what came of it.
    ///
    /// @param reached where the inner steps ended
    /// @param sums    of the inner gradients
    private void learn(List<Parameter> reached, Tensor[] sums) {
        List<Parameter> starts = List.copyOf(start.parameters());
        for (int i = 0; i < starts.size(); i++) {
            Tensor from = starts.get(i).tensor();
            Tensor towards = from.detach().sub(reached.get(i).tensor().detach());
            from.grad(config.making().outer() == FastDfkd.Outer.REPTILE ? towards : sums[i]);
        }
        outer.step();
        outer.zeroGrad();
    }

    private Tensor loss(Tensor x, int epoch, Layer student, Rng draws) {
        FastDfkd.Making making = config.making();
        Tensor shown = RandomViews.shifted(x, SHIFT, draws);
        Set<Tap> taps = new LinkedHashSet<>(statistics.taps());
        taps.add(Tap.LOGITS);
        Map<Tap, Tensor> seen = Features.evaluated(teacher, shown, taps);
        Tensor logits = GeneratorLoss.require(seen, Tap.LOGITS);
        boolean adversarial = making.inversion().adversarialWeight() > 0 && epoch > making.warmup();
        Tensor said = adversarial
                ? GeneratorLoss.require(Features.evaluated(student, shown, Set.of(Tap.LOGITS)), Tap.LOGITS)
                : null;
        Tensor classes = Inversion.classesInTurn(x.size(0), logits.size(1));
        return making.inversion().loss(statistics.mismatch(seen), logits, classes, said);
    }
}
