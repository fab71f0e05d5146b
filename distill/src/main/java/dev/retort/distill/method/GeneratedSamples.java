package dev.retort.distill.method;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradScope;
import dev.retort.distill.SampleSource;
import dev.retort.distill.StepBatch;
import dev.retort.distill.feature.Features;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.nn.Stateful;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Sample;
import dev.retort.nn.optim.Adam;
import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The samples of [Synthesis]: made for one step and then forgotten.
final class GeneratedSamples implements SampleSource {
    private static final int WEIGHTS = 0;
    private static final int TRAINING = 1;
    private static final int SAMPLES = 2;

    private final Synthesis config;
    private final GeneratorLoss loss;
    private final boolean repeated;
    private final Layer teacher;
    private final Rng rng;
    private final SampleGenerator generator;
    private final List<Parameter> parameters;
    private final Adam adam;

    /// @param repeated whether the student sees the same samples in all steps of a round
    GeneratedSamples(Synthesis config, GeneratorLoss loss, boolean repeated, Layer teacher, Rng rng) {
        this.config = config;
        this.loss = loss;
        this.repeated = repeated;
        this.teacher = teacher;
        this.rng = rng;
        generator = config.generator(rng.fork(WEIGHTS));
        generator.to(teacher.device());
        parameters = List.copyOf(generator.parameters());
        adam = new Adam(generator.namedParameters(), config.adam());
    }

    /// Placeholders: samples are those of [#forStep].
    @Override
    public Dataset data() {
        Tensor blank = Tensor.full((config.low() + config.high()) / 2, DType.F32)
                .expand(config.sample())
                .contiguous();
        Tensor label = Tensor.of(new long[] {StepBatch.UNLABELLED}).reshape(Shape.SCALAR);
        return new Dataset() {
            @Override
            public int size() {
                return config.perEpoch();
            }

            @Override
            public Sample get(int index) {
                return new Sample(blank, label);
            }
        };
    }

    @Override
    public Stateful state() {
        Map<String, Stateful> parts = new LinkedHashMap<>();
        parts.put("generator", generator);
        parts.put("optimizer", adam);
        return new StateParts(parts);
    }

    @Override
    public void refresh(int epoch, Layer student) {}

    @Override
    public Tensor forStep(long step, int size, Layer student) {
        long round = step / config.every();
        if (step % config.every() == 0) {
            for (int i = 0; i < config.steps(); i++) {
                train(student, rng.fork(TRAINING).fork(round).fork(i));
            }
        }
        Rng own = rng.fork(SAMPLES).fork(repeated ? round : step);
        try (GradScope _ = Autograd.noGrad()) {
            // The statistics of one sample alone would be no statistics.
            Tensor made = generator.call(noise(Math.max(2, size), own));
            return made.narrow(0, 0, size);
        }
    }

    private Tensor noise(int count, Rng own) {
        return config.noise(count, own).to(generator.device());
    }

    /// One step of the generator.
    private void train(Layer student, Rng own) {
        Tensor x = generator.call(noise(config.batch(), own));
        Map<Tap, Tensor> seen = Features.evaluated(teacher, x, loss.taps());
        Tensor value = loss.of(
                seen, () -> GeneratorLoss.require(Features.evaluated(student, x, Set.of(Tap.LOGITS)), Tap.LOGITS));
        Tensor[] gradients =
                Autograd.grad(value, parameters.stream().map(Parameter::tensor).toArray(Tensor[]::new));
        for (int i = 0; i < gradients.length; i++) {
            parameters.get(i).tensor().grad(gradients[i]);
        }
        adam.step();
        adam.zeroGrad();
    }
}
