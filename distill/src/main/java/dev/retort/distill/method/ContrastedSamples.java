package dev.retort.distill.method;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradScope;
import dev.retort.distill.feature.Features;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Buffer;
import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.nn.Parameter;
import dev.retort.nn.Stateful;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.ReLU;
import dev.retort.nn.layer.Sequential;
import dev.retort.nn.optim.Adam;
import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The images of [Cmi].
final class ContrastedSamples extends SamplePool {
    private static final int EMBEDDED = 128;
    private static final int SHIFT = 4;
    private static final double LEAST_PART = .25;
    private static final double BETA_1 = .5;

    private final Cmi config;
    private final Layer teacher;
    private final BatchStatistics statistics;
    private final Cache cache;
    private final Sequential head;
    private final Adam headAdam;

    /// Features of the kept images, local and global side by side [N, 2F].
    private static final class Cache extends Module {
        private final Buffer features;

        Cache(int samples, int channels) {
            features = buffer("features", Tensor.zeros(samples, 2 * channels));
        }
    }

    /// @throws IllegalArgumentException if the teacher has no batch normalisation
    ContrastedSamples(Cmi config, Layer teacher, Rng rng) {
        super(
                Tensor.zeros(config.sample().insert(0, config.samples()).dims()),
                config.renewed(),
                config.making().batch(),
                rng);
        this.config = config;
        this.teacher = teacher;
        statistics = BatchStatistics.of("cmi", teacher);
        int channels = statistics.channels();
        Rng own = rng.fork(0);
        head = new Sequential(new Linear(channels, channels, own), new ReLU(), new Linear(channels, EMBEDDED, own));
        cache = new Cache(config.samples(), channels);
        head.to(teacher.device());
        headAdam = new Adam(head.namedParameters(), Adam.config(config.making().lr()));
    }

    @Override
    Map<String, Stateful> parts() {
        Map<String, Stateful> parts = new LinkedHashMap<>();
        parts.put("cache", cache);
        parts.put("head", head);
        parts.put("optimizer", headAdam);
        return parts;
    }

    @Override
    Tensor make(int at, int count, int epoch, Layer student, Rng own) {
        Cmi.Making making = config.making();
        SampleGenerator generator = new SampleGenerator(
                config.sample(), making.low(), making.high(), making.latent(), making.width(), own.fork(0));
        generator.to(teacher.device());
        int batch = Math.max(2, count); // one image alone would have no statistics
        Parameter z =
                new Parameter(Random.normal(own.fork(1), batch, making.latent()).to(teacher.device()));
        Map<String, Parameter> moved = new LinkedHashMap<>();
        generator.namedParameters().forEach((name, parameter) -> moved.put("generator." + name, parameter));
        moved.put("z", z);
        Adam adam = new Adam(moved, Adam.config(making.lr()).withBetas(BETA_1, .999));
        int filled = epoch == 1 ? at : config.samples();
        for (int step = 0; step < making.steps(); step++) {
            Rng draws = own.fork(2).fork(step);
            Tensor loss = loss(generator.call(z.tensor()), student, cached(filled, draws.fork(0)), draws);
            List<Parameter> all = new ArrayList<>(moved.values());
            if (making.contrast() > 0) {
                all.addAll(head.parameters());
            }
            Tensor[] gradients =
                    Autograd.grad(loss, all.stream().map(Parameter::tensor).toArray(Tensor[]::new));
            for (int i = 0; i < gradients.length; i++) {
                all.get(i).tensor().grad(gradients[i]);
            }
            adam.step();
            headAdam.step();
            headAdam.zeroGrad();
        }
        try (GradScope _ = Autograd.noGrad()) {
            Tensor x = generator.call(z.tensor()).narrow(0, 0, count).detach();
            remember(at, x, own);
            return x.to(Device.CPU);
        }
    }

    /// Puts the features of new images into their rows of the cache.
    private void remember(int at, Tensor x, Rng own) {
        Tensor local = means(RandomViews.zoomed(x, LEAST_PART, own.fork(3)));
        Tensor global = means(RandomViews.shifted(x, SHIFT, own.fork(4)));
        cache.features
                .tensor()
                .narrow(0, at, x.size(0))
                .copyFrom(Tensor.cat(1, local, global).to(cache.device()));
    }

    /// Rows of the cache, drawn without repetition.
    private Tensor cached(int filled, Rng draws) {
        int count = Math.min(filled, config.making().negatives());
        long[] rows = Arrays.stream(draws.permutation(Math.max(1, filled)))
                .limit(count)
                .asLongStream()
                .toArray();
        return cache.features
                .tensor()
                .indexSelect(0, Tensor.wrap(DType.I64, rows))
                .to(teacher.device());
    }

    private Tensor loss(Tensor x, Layer student, Tensor cached, Rng draws) {
        Cmi.Making making = config.making();
        Tensor global = RandomViews.shifted(x, SHIFT, draws.fork(1));
        Set<Tap> taps = new LinkedHashSet<>(statistics.taps());
        taps.add(Tap.LOGITS);
        Map<Tap, Tensor> seen = Features.evaluated(teacher, global, taps);
        Tensor logits = GeneratorLoss.require(seen, Tap.LOGITS);
        Tensor said = making.inversion().adversarialWeight() == 0
                ? null
                : GeneratorLoss.require(Features.evaluated(student, global, Set.of(Tap.LOGITS)), Tap.LOGITS);
        Tensor classes = Inversion.classesInTurn(x.size(0), logits.size(1));
        Tensor loss = making.inversion().loss(statistics.mismatch(seen), logits, classes, said);
        if (making.contrast() == 0) {
            return loss;
        }
        Tensor part = RandomViews.zoomed(x, LEAST_PART, draws.fork(2));
        Tensor local = statistics.planeMeans(Features.evaluated(teacher, part, statistics.taps()));
        int channels = local.size(1);
        Tensor locals = Tensor.cat(0, local, cached.narrow(1, 0, channels));
        Tensor globals = Tensor.cat(0, statistics.planeMeans(seen), cached.narrow(1, channels, channels));
        Tensor contrast = contrast(embedded(locals), embedded(globals).detach(), x.size(0), making.temperature());
        return loss.add(contrast.mul(making.contrast()));
    }

    private Tensor embedded(Tensor features) {
        return head.call(features).normalize(1);
    }

    private Tensor means(Tensor images) {
        return statistics.planeMeans(Features.quietly(teacher, images, statistics.taps()));
    }

    /// Mean over the first `current` rows and mean over the others of CE(i, ⟨lᵢ, g⟩/τ).
    ///
    /// @param local  [N, D], rows of length 1
    /// @param global [N, D], rows of length 1
    static Tensor contrast(Tensor local, Tensor global, int current, double temperature) {
        int rows = local.size(0);
        long[] own = new long[rows];
        Arrays.setAll(own, i -> i);
        Tensor each =
                LabelLoss.crossEntropy(local.matmul(global.t()).mul(1 / temperature), Tensor.wrap(DType.I64, own), 0);
        Tensor fresh = each.narrow(0, 0, current).mean();
        return rows == current
                ? fresh
                : fresh.add(each.narrow(0, current, rows - current).mean());
    }
}
