package dev.retort.distill;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradOptions;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.teacher.TeacherQuery;
import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.nn.Parameter;
import dev.retort.nn.StateValues;
import dev.retort.nn.Stateful;
import dev.retort.nn.data.Batch;
import dev.retort.nn.data.DataLoader;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Subset;
import dev.retort.nn.optim.Gradients;
import dev.retort.nn.optim.LrScheduler;
import dev.retort.nn.optim.Optimizer;
import dev.retort.nn.optim.ParameterGroup;
import dev.retort.nn.optim.Schedule;
import dev.retort.nn.train.Checkpoint;
import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The training loop of one stage, step by step.
final class StageLoop implements Stateful {
    private static final int ORDER = 3;
    private static final int DRAWS = 4;
    private static final int MEMBERS = 7;
    private static final int NOISE = 8;
    private static final int NAMED = 5;

    private final StageInputs inputs;
    private final Setup setup;
    private final int[] members;
    private final Cohort cohort;
    private final List<Layer> students;
    private final List<Term> terms;
    private final Map<String, Parameter> trained = new LinkedHashMap<>();
    private final BatchFeed feed;
    private final Optimizer optimizer;
    private final LrScheduler schedule;
    private final RunLog log;
    private final @Nullable GroupedGradients grouped;
    private final int stepsPerEpoch;
    private final int epochs;
    private long step;

    StageLoop(StageInputs inputs, Cohort cohort) {
        this.inputs = inputs;
        this.cohort = cohort;
        students = cohort.students();
        Training training = inputs.training();
        setup = inputs.setUp(students.getFirst());
        members = inputs.stage().objective().members(setup.labels(), inputs.rng(MEMBERS));
        if (members.length == 0) {
            throw new IllegalStateException("distillation: stage "
                    + inputs.stage().name() + " expected "
                    + inputs.stage().objective().scope().name().toLowerCase(Locale.ROOT) + " samples, got none");
        }
        terms = TermChecks.requireUsable(
                inputs.stage().name(), inputs.stage().objective().terms(setup));
        for (int peer = 0; peer < students.size(); peer++) {
            add("student" + peer, students.get(peer));
        }
        for (Term term : terms) {
            Module adapters = term.loss().adapters();
            if (adapters != null) {
                adapters.to(cohort.device());
                add("adapter-" + term.name(), adapters);
            }
        }
        GradientRule rule = inputs.stage().objective().gradients();
        if (rule != null && !cohort.isAlone()) {
            throw new IllegalStateException("distillation: stage "
                    + inputs.stage().name() + " expects one device, as it keeps gradients of terms apart");
        }
        grouped = rule == null ? null : new GroupedGradients(rule, trained);
        epochs = (int) Math.max(1, Math.round(training.epochs() * inputs.stage().share()));
        stepsPerEpoch = BatchFeed.stepsPerPass(inputs.data().size(), training.batchSize());
        feed = new BatchFeed(loader(training), training.microBatches(), inputs.views());
        optimizer = training.optimizer().on(List.of(new ParameterGroup(trained)));
        Schedule course = training.schedule().over(steps());
        double rate = inputs.stage().rate();
        schedule = new LrScheduler(optimizer, at -> rate * course.factor(at));
        log = new RunLog(inputs.stage().name(), terms);
    }

    private void add(String prefix, Module module) {
        module.namedParameters().forEach((name, parameter) -> trained.put(prefix + "." + name, parameter));
    }

    private DataLoader loader(Training training) {
        Dataset scope = members.length == inputs.data().size() ? inputs.data() : new Subset(inputs.data(), members);
        int size = training.batchSize() / training.microBatches();
        long seed = inputs.rng(ORDER).seed();
        // Batch normalisation can't train on one sample.
        boolean single = scope.size() > size && scope.size() % size == 1;
        return new DataLoader(
                scope,
                DataLoader.Config.training(size, seed)
                        .withTransform(inputs.augmentation())
                        .withDropLast(single));
    }

    long step() {
        return step;
    }

    long steps() {
        return (long) epochs * stepsPerEpoch;
    }

    boolean isFinished() {
        return step >= steps();
    }

    /// Epoch of the step that comes next, from 1.
    int epoch() {
        return (int) (step / stepsPerEpoch) + 1;
    }

    List<Layer> students() {
        return students;
    }

    /// Everything that the optimiser moves, by name.
    Map<String, Parameter> trained() {
        return Collections.unmodifiableMap(trained);
    }

    List<EpochReport> reports() {
        return log.reports();
    }

    /// The parts of a checkpoint of this loop.
    Checkpoint checkpoint(Checkpoint empty) {
        empty.with("loop", this).with("optimizer", optimizer).with("schedule", schedule);
        empty.with("data", feed).with("log", log);
        SampleSource source = inputs.source();
        if (source != null) {
            empty.with("samples", source.state());
        }
        if (grouped != null) {
            empty.with("gradients", grouped.rule());
        }
        for (int peer = 0; peer < students.size(); peer++) {
            empty.with("student" + peer, students.get(peer));
        }
        for (Term term : terms) {
            Module adapters = term.loss().adapters();
            if (adapters != null) {
                empty.with("adapter-" + term.name(), adapters);
            }
        }
        return empty;
    }

    /// Takes one step; returns the number of samples and the loss.
    Taken advance() {
        int epoch = epoch();
        if (atEpochEnd()) {
            beginEpoch(epoch);
        }
        List<Batch> sources = feed.next();
        List<StepBatch> batches = stepBatches(sources);
        double[] counts = new double[terms.size()];
        for (int t = 0; t < counts.length; t++) {
            for (StepBatch batch : batches) {
                counts[t] += terms.get(t).loss().count(batch);
            }
        }
        cohort.begin();
        optimizer.zeroGrad();
        double loss = 0;
        int samples = 0;
        List<Step> done = new ArrayList<>();
        for (int part = 0; part < batches.size(); part++) {
            Step own = forward(batches.get(part), sources.get(part), epoch, part);
            loss += backward(own, epoch, counts);
            samples += batches.get(part).size();
            done.add(own);
        }
        cohort.gather();
        if (grouped != null) {
            grouped.give();
        }
        if (inputs.training().clipNorm() > 0) {
            Gradients.clipNorm(trained.values(), inputs.training().clipNorm());
        }
        optimizer.step();
        schedule.step();
        done.forEach(own -> terms.forEach(term -> term.loss().afterStep(own)));
        step++;
        return new Taken(samples, loss);
    }

    private void beginEpoch(int epoch) {
        SampleSource source = inputs.source();
        if (source != null) {
            source.refresh(epoch, students.getFirst());
        }
        EpochStart start = inputs.epochStart(epoch, students.getFirst());
        terms.forEach(term -> term.loss().beforeEpoch(start));
    }

    /// What a step did.
    ///
    /// @param samples samples in it
    /// @param loss    weighted loss
    record Taken(int samples, double loss) {}

    private List<StepBatch> stepBatches(List<Batch> sources) {
        int size = sources.stream().mapToInt(batch -> batch.indices().length).sum();
        SampleSource source = inputs.source();
        Tensor made = source == null ? null : source.forStep(step, size, students.getFirst());
        List<StepBatch> batches = new ArrayList<>();
        int from = 0;
        for (Batch batch : sources) {
            int count = batch.indices().length;
            batches.add(stepBatch(batch, made == null ? feed.views(batch) : List.of(made.narrow(0, from, count))));
            from += count;
        }
        return batches;
    }

    private StepBatch stepBatch(Batch batch, List<Tensor> shown) {
        List<Tensor> views =
                shown.stream().map(view -> view.to(cohort.device())).toList();
        if (inputs.rotations()) {
            views = turned(views.getFirst());
        }
        if (inputs.inputGradients()) {
            views = views.stream().map(view -> view.detach().requiresGrad(true)).toList();
        }
        int[] positions =
                Arrays.stream(batch.indices()).map(index -> members[index]).toArray();
        return new StepBatch(views, batch.targets().to(cohort.device()), positions);
    }

    /// Square images [B, C, S, S] as they are, and turned by 90, 180 and 270 degrees.
    private static List<Tensor> turned(Tensor images) {
        Tensor across = images.transpose(2, 3);
        return List.of(images, across.flip(2), images.flip(2, 3), across.flip(3));
    }

    private Step forward(StepBatch batch, Batch source, int epoch, int part) {
        Rng noise = inputs.rng(NOISE).fork(step).fork(part);
        List<Rng> own =
                IntStream.range(0, students.size()).mapToObj(noise::fork).toList();
        List<List<Map<Tap, Tensor>>> answers =
                cohort.answers(batch.views(), inputs.studentTaps(), inputs.studentDropout(), own);
        Tensor labels = rows(setup.teacherLabels(), batch.indices());
        Rng rng = inputs.rng(DRAWS).fork(step).fork(part);
        return new Step(batch, epoch, rng, answers, teacherViews(batch, source, labels), labels);
    }

    private List<Map<Tap, Tensor>> teacherViews(StepBatch batch, Batch source, @Nullable Tensor labels) {
        Set<Tap> taps = inputs.teacherTaps();
        if (taps.isEmpty()) {
            return List.of();
        }
        if (labels != null && inputs.teacherLogitsAreLabels()) {
            return List.of(Map.of(Tap.LOGITS, labels));
        }
        List<Map<Tap, Tensor>> views = new ArrayList<>();
        for (int view = 0; view < batch.views().size(); view++) {
            Tensor shown = batch.views().get(view).detach();
            String key = viewKey(source.epoch(), view);
            Map<Tap, Tensor> here = new LinkedHashMap<>();
            inputs.requireTeacher()
                    .answer(new TeacherQuery(inputs.dataset(), batch.indices(), key, () -> shown, taps))
                    .forEach((tap, tensor) -> here.put(tap, tensor.to(cohort.device())));
            views.add(here);
        }
        return views;
    }

    /// What a teacher's answers to a view are kept under.
    private String viewKey(long epoch, int view) {
        boolean rotations = inputs.rotations();
        String key = inputs.training().isPlain() && inputs.source() == null
                ? TeacherQuery.NONE
                : "seed " + inputs.training().seed() + ", epoch " + epoch + ", view " + (rotations ? 0 : view);
        return rotations && view > 0 ? key + ", turned " + view : key;
    }

    private @Nullable Tensor rows(@Nullable Tensor table, int[] indices) {
        if (table == null) {
            return null;
        }
        long[] wide = Arrays.stream(indices).asLongStream().toArray();
        return table.indexSelect(0, Tensor.wrap(DType.I64, wide)).to(cohort.device());
    }

    private static String firstOf(int[] indices) {
        String first =
                Arrays.stream(indices).limit(NAMED).mapToObj(Integer::toString).collect(Collectors.joining(", "));
        return indices.length > NAMED ? first + " and " + (indices.length - NAMED) + " more" : first;
    }

    /// Adds the gradients of one micro-batch; returns its part of the weighted loss.
    private double backward(Step own, int epoch, double[] counts) {
        Tensor[] totals = new Tensor[grouped == null ? 1 : grouped.rule().groups()];
        boolean all = true;
        for (int t = 0; t < counts.length; t++) {
            Term term = terms.get(t);
            double weight = term.weight(epoch);
            all &= weight > 0;
            if (weight > 0 && counts[t] > 0) {
                Tensor sum = term.loss().sum(own);
                double value = sum.detach().item();
                if (!Double.isFinite(value)) {
                    throw new TrainingDiverged("distillation: term " + term.name() + " of stage "
                            + inputs.stage().name() + " is " + value + " in step " + (step + 1)
                            + " at a learning rate of " + (float) optimizer.lr() + "; a lower one may help; samples "
                            + firstOf(own.batch().indices()));
                }
                log.add(t, value, term.loss().count(own.batch()));
                Tensor scaled = sum.mul(weight / counts[t]);
                int group = grouped == null ? 0 : grouped.rule().group(term);
                Tensor before = totals[group];
                totals[group] = before == null ? scaled : before.add(scaled);
            }
        }
        if (all) {
            TermChecks.requireAllTapsRead(inputs, own);
        }
        return backward(totals);
    }

    /// Backward passes of all groups that have a loss; only the last one may give memory back.
    private double backward(@Nullable Tensor[] totals) {
        int last = totals.length - 1;
        while (last >= 0 && totals[last] == null) {
            last--;
        }
        double loss = 0;
        for (int group = 0; group <= last; group++) {
            Tensor total = totals[group];
            if (total != null) {
                GradOptions options = GradOptions.defaults();
                Autograd.backward(total, group == last ? options.withRelease() : options.withRetainGraph());
                loss += total.detach().item();
                if (grouped != null) {
                    grouped.take(group);
                }
            }
        }
        return loss;
    }

    /// Whether no step of the current epoch has been taken yet.
    boolean atEpochEnd() {
        return step % stepsPerEpoch == 0;
    }

    /// Ends the epoch whose last step was just taken.
    EpochReport closeEpoch(double accuracy) {
        return log.close((int) (step / stepsPerEpoch), step, accuracy, optimizer.lr());
    }

    @Override
    public Map<String, Tensor> stateDict() {
        return Map.of("step", StateValues.of(step));
    }

    @Override
    public void loadStateDict(Map<String, Tensor> state) {
        StateValues.expect("loop", state, List.of("step"));
        step = StateValues.toLong(state, "step");
    }
}
