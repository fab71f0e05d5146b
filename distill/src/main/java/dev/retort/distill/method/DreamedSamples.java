package dev.retort.distill.method;

import dev.retort.autograd.Autograd;
import dev.retort.distill.feature.Features;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.nn.optim.Adam;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.LossOp;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/// The samples of [DeepInversion].
final class DreamedSamples extends SamplePool {
    private static final double ADVERSARIAL_TEMPERATURE = 3;
    private static final int JITTER = 2;

    private final DeepInversion config;
    private final Layer teacher;
    private final BatchStatistics statistics;

    /// @throws IllegalArgumentException if the teacher has no batch normalisation
    DreamedSamples(DeepInversion config, Layer teacher, Rng rng) {
        super(
                noise(config, config.samples(), rng.fork(0)),
                config.renewed(),
                config.making().batch(),
                rng);
        this.config = config;
        this.teacher = teacher;
        statistics = BatchStatistics.of("deep inversion", teacher);
    }

    private static Tensor noise(DeepInversion config, int count, Rng own) {
        Shape shape = config.sample().insert(0, count);
        return Random.normal(own, shape.dims())
                .clamp(config.making().low(), config.making().high());
    }

    @Override
    Tensor make(int at, int count, int epoch, Layer student, Rng own) {
        DeepInversion.Making making = config.making();
        Parameter x = new Parameter(noise(config, count, own));
        Adam adam = new Adam(Map.of("x", x), Adam.config(making.lr()).withBetas(.5, .99));
        Tensor classes = null;
        for (int step = 0; step < making.steps(); step++) {
            Tensor input = jittered(x.tensor(), own);
            Map<Tap, Tensor> seen = Features.evaluated(teacher, input, taps());
            Tensor logits = GeneratorLoss.require(seen, Tap.LOGITS);
            if (classes == null) {
                classes = Inversion.classesInTurn(count, logits.size(1));
            }
            Tensor loss = objective(input, seen, logits, classes, student);
            x.tensor().grad(Autograd.grad(loss, x.tensor())[0]);
            adam.step();
            x.set(x.tensor().detach().clamp(making.low(), making.high()));
        }
        return x.tensor().detach();
    }

    private Set<Tap> taps() {
        Set<Tap> taps = new LinkedHashSet<>(statistics.taps());
        taps.add(Tap.LOGITS);
        return taps;
    }

    private Tensor objective(Tensor input, Map<Tap, Tensor> seen, Tensor logits, Tensor classes, Layer student) {
        DeepInversion.Making making = config.making();
        Tensor loss = LabelLoss.crossEntropy(logits, classes, 0).mean().mul(making.labelWeight());
        loss = loss.add(statistics.mismatch(seen).mul(making.statisticsWeight()));
        if (making.adversarialWeight() > 0) {
            Tensor said = GeneratorLoss.require(Features.evaluated(student, input, Set.of(Tap.LOGITS)), Tap.LOGITS);
            Tensor rest = jensenShannon(logits, said).neg().add(1.0);
            loss = loss.add(rest.mul(making.adversarialWeight()));
        }
        return input.rank() == 4 && making.variationWeight() > 0
                ? loss.add(variation(input).mul(making.variationWeight()))
                : loss;
    }

    /// Images shifted by up to two pixels each way; other inputs as they are.
    private static Tensor jittered(Tensor x, Rng own) {
        if (x.rank() != 4) {
            return x;
        }
        int down = own.nextInt(2 * JITTER + 1) - JITTER;
        int right = own.nextInt(2 * JITTER + 1) - JITTER;
        return x.roll(new int[] {down, right}, new int[] {2, 3});
    }

    /// Mean Jensen-Shannon divergence of the softened predictions, in [0, ln 2].
    static Tensor jensenShannon(Tensor one, Tensor other) {
        Tensor p = one.mul(1 / ADVERSARIAL_TEMPERATURE).logSoftmax(1);
        Tensor q = other.mul(1 / ADVERSARIAL_TEMPERATURE).logSoftmax(1);
        Tensor middle = p.exp().add(q.exp()).mul(.5).log();
        Tensor byP = Engine.one(new LossOp.KlDiv(true), middle, p);
        Tensor byQ = Engine.one(new LossOp.KlDiv(true), middle, q);
        return byP.add(byQ).sum(false, 1).mean().mul(.5);
    }

    /// Mean squared difference of neighbours in both directions of images [B, C, H, W].
    private static Tensor variation(Tensor x) {
        Tensor down = x.slice(2, 1, x.size(2)).sub(x.slice(2, 0, x.size(2) - 1));
        Tensor right = x.slice(3, 1, x.size(3)).sub(x.slice(3, 0, x.size(3) - 1));
        return down.square().mean().add(right.square().mean());
    }
}
