package dev.retort.distill.method;

import dev.retort.autograd.Autograd;
import dev.retort.distill.SampleSource;
import dev.retort.distill.StepBatch;
import dev.retort.distill.feature.Features;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Buffer;
import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.nn.Parameter;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Sample;
import dev.retort.nn.optim.Adam;
import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.LossOp;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/// The samples of [DeepInversion].
final class DreamedSamples implements SampleSource {
    private static final double ADVERSARIAL_TEMPERATURE = 3;
    private static final int JITTER = 2;

    private final DeepInversion config;
    private final Layer teacher;
    private final Rng rng;
    private final Pool pool;
    private final Map<Tap, Module> normalisations = new LinkedHashMap<>();

    /// The kept samples [N, …], as a buffer.
    private static final class Pool extends Module {
        private final Buffer inputs;

        Pool(Tensor initial) {
            inputs = buffer("inputs", initial);
        }
    }

    /// @throws IllegalArgumentException if the teacher has no batch normalisation
    DreamedSamples(DeepInversion config, Layer teacher, Rng rng) {
        this.config = config;
        this.teacher = teacher;
        this.rng = rng;
        teacher.modules().forEach((path, module) -> {
            if (module.ownBuffers().containsKey("running_mean")) {
                normalisations.put(Tap.input(path), module);
            }
        });
        if (normalisations.isEmpty()) {
            throw new IllegalArgumentException(
                    "deep inversion: expected a teacher with batch normalisation, whose statistics guide the inputs");
        }
        pool = new Pool(noise(config.samples(), rng.fork(0)));
    }

    private Tensor noise(int count, Rng own) {
        Shape shape = config.sample().insert(0, count);
        return Random.normal(own, shape.dims())
                .clamp(config.making().low(), config.making().high());
    }

    @Override
    public Dataset data() {
        return new Dataset() {
            @Override
            public int size() {
                return config.samples();
            }

            @Override
            public Sample get(int index) {
                Tensor label = Tensor.of(new long[] {StepBatch.UNLABELLED}).reshape(Shape.SCALAR);
                return new Sample(pool.inputs.tensor().select(0, index), label);
            }
        };
    }

    @Override
    public Module state() {
        return pool;
    }

    @Override
    public void refresh(int epoch, Layer student) {
        int count = epoch == 1 ? config.samples() : config.renewed();
        int start = epoch == 1 ? 0 : (int) ((long) (epoch - 2) * count % config.samples());
        Rng own = rng.fork(epoch);
        for (int done = 0; done < count; ) {
            int at = (start + done) % config.samples();
            int size = Math.min(Math.min(config.making().batch(), count - done), config.samples() - at);
            pool.inputs.tensor().narrow(0, at, size).copyFrom(make(size, student, own.fork(done)));
            done += size;
        }
    }

    /// New inputs [count, …].
    private Tensor make(int count, Layer student, Rng own) {
        DeepInversion.Making making = config.making();
        Parameter x = new Parameter(noise(count, own));
        Adam adam = new Adam(Map.of("x", x), Adam.config(making.lr()).withBetas(.5, .99));
        Tensor classes = null;
        for (int step = 0; step < making.steps(); step++) {
            Tensor input = jittered(x.tensor(), own);
            Map<Tap, Tensor> seen = Features.evaluated(teacher, input, taps());
            Tensor logits = require(seen, Tap.LOGITS);
            if (classes == null) {
                classes = classesInTurn(count, logits.size(1));
            }
            Tensor loss = objective(input, seen, logits, classes, student);
            x.tensor().grad(Autograd.grad(loss, x.tensor())[0]);
            adam.step();
            x.set(x.tensor().detach().clamp(making.low(), making.high()));
        }
        return x.tensor().detach();
    }

    private Set<Tap> taps() {
        Set<Tap> taps = new LinkedHashSet<>(normalisations.keySet());
        taps.add(Tap.LOGITS);
        return taps;
    }

    private Tensor objective(Tensor input, Map<Tap, Tensor> seen, Tensor logits, Tensor classes, Layer student) {
        DeepInversion.Making making = config.making();
        Tensor loss = LabelLoss.crossEntropy(logits, classes, 0).mean().mul(making.labelWeight());
        for (Map.Entry<Tap, Module> entry : normalisations.entrySet()) {
            Tensor mismatch = statisticsMismatch(require(seen, entry.getKey()), entry.getValue());
            loss = loss.add(mismatch.mul(making.statisticsWeight()));
        }
        if (making.adversarialWeight() > 0) {
            Tensor said = require(Features.evaluated(student, input, Set.of(Tap.LOGITS)), Tap.LOGITS);
            Tensor rest = jensenShannon(logits, said).neg().add(1.0);
            loss = loss.add(rest.mul(making.adversarialWeight()));
        }
        return input.rank() == 4 && making.variationWeight() > 0
                ? loss.add(variation(input).mul(making.variationWeight()))
                : loss;
    }

    private static Tensor require(Map<Tap, Tensor> seen, Tap tap) {
        Tensor found = seen.get(tap);
        if (found == null) {
            throw new IllegalStateException("deep inversion: expected a tensor at " + tap + ", got none");
        }
        return found;
    }

    private static Tensor classesInTurn(int count, int classes) {
        long[] turn = new long[count];
        for (int i = 0; i < count; i++) {
            turn[i] = i % classes;
        }
        return Tensor.wrap(DType.I64, turn);
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

    /// ‖mean − running_mean‖ + ‖var − running_var‖ over the channels of what a normalisation receives.
    static Tensor statisticsMismatch(Tensor received, Module normalisation) {
        Tensor mean = buffer(normalisation, "running_mean");
        Tensor var = buffer(normalisation, "running_var");
        Tensor rows = received.transpose(0, 1).flatten(1); // [C, N·…]
        Tensor byMean = rows.mean(false, 1).sub(mean);
        Tensor byVar = rows.var(0, false, 1).sub(var);
        return length(byMean).add(length(byVar));
    }

    private static Tensor length(Tensor vector) {
        return vector.square().sum().clampMin(1e-24).sqrt();
    }

    private static Tensor buffer(Module module, String name) {
        Buffer found = module.ownBuffers().get(name);
        if (found == null) {
            throw new IllegalStateException("deep inversion: expected a buffer " + name + " beside running_mean");
        }
        return found.tensor();
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
