package dev.retort.bench.distill;

import dev.retort.bench.model.FeatureSites;
import dev.retort.distill.Architecture;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.estimate.DebiasWeights;
import dev.retort.distill.estimate.IsotonicRegression.Prediction;
import dev.retort.distill.estimate.ShortList;
import dev.retort.distill.estimate.Transition;
import dev.retort.distill.feature.TapDropout;
import dev.retort.distill.feature.TapPair;
import dev.retort.distill.method.AnnealingKd;
import dev.retort.distill.method.AttentionTransfer;
import dev.retort.distill.method.BinaryKd;
import dev.retort.distill.method.BlindDistillation;
import dev.retort.distill.method.Bootstrapping;
import dev.retort.distill.method.BornAgain;
import dev.retort.distill.method.Byot;
import dev.retort.distill.method.ChannelWise;
import dev.retort.distill.method.CorrelationCongruence;
import dev.retort.distill.method.Crd;
import dev.retort.distill.method.Ctkd;
import dev.retort.distill.method.DeepMutualLearning;
import dev.retort.distill.method.Dgkd;
import dev.retort.distill.method.Dist;
import dev.retort.distill.method.Dkd;
import dev.retort.distill.method.FactorTransfer;
import dev.retort.distill.method.FidelityWeighting;
import dev.retort.distill.method.FitNet;
import dev.retort.distill.method.GeneralizedCrossEntropy;
import dev.retort.distill.method.HardPseudoLabels;
import dev.retort.distill.method.HintonKd;
import dev.retort.distill.method.LabelsOnly;
import dev.retort.distill.method.LossCorrection;
import dev.retort.distill.method.Lskd;
import dev.retort.distill.method.Mixing;
import dev.retort.distill.method.Mlkd;
import dev.retort.distill.method.NeuronSelectivity;
import dev.retort.distill.method.Nkd;
import dev.retort.distill.method.NoisyStudent;
import dev.retort.distill.method.NormKd;
import dev.retort.distill.method.Pkt;
import dev.retort.distill.method.ProgressiveKd;
import dev.retort.distill.method.ReviewKd;
import dev.retort.distill.method.Rkd;
import dev.retort.distill.method.Rld;
import dev.retort.distill.method.SimilarityPreservation;
import dev.retort.distill.method.Slam;
import dev.retort.distill.method.SoftLabels;
import dev.retort.distill.method.Sskd;
import dev.retort.distill.method.Takd;
import dev.retort.distill.method.TaylorCrossEntropy;
import dev.retort.distill.method.TeacherFreeKd;
import dev.retort.distill.method.TeacherFreeSelf;
import dev.retort.distill.method.TeacherLabel;
import dev.retort.distill.method.Ttm;
import dev.retort.distill.method.Ups;
import dev.retort.distill.method.VariationalInformation;
import dev.retort.distill.method.WeightedDistillation;
import dev.retort.distill.method.Wsld;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The methods that the command line knows, with their options: `slam`, `slam:bound=0.6:rounds=2`.
public final class Methods implements Iterable<String> {
    private static final List<String> NAMES = List.of(
            "labels",
            "hard",
            "soft",
            "kd",
            "dkd",
            "lskd",
            "dist",
            "nkd",
            "wsld",
            "ttm",
            "wttm",
            "normkd",
            "ctkd",
            "rld",
            "mlkd",
            "annealing",
            "binary",
            "tf-kd",
            "tf-kd-self",
            "ps-kd",
            "slam",
            "slam-normalised",
            "slam-soft",
            "weighted",
            "fidelity",
            "confidence",
            "taylor",
            "gce",
            "bootstrap-hard",
            "bootstrap-soft",
            "forward",
            "backward",
            "ups",
            "noisy-student",
            "vid",
            "blind",
            "fitnet",
            "rkd",
            "crd",
            "at",
            "sp",
            "pkt",
            "cc",
            "nst",
            "ft",
            "cwd",
            "review",
            "sskd",
            "mutual",
            "byot",
            "born-again",
            "takd",
            "dgkd");

    /// Those that look at maps, which not every network has.
    private static final Set<String> OF_MAPS = Set.of("at", "nst", "ft", "cwd", "review");

    /// Those that only images of some shapes fit: by name only.
    private static final Set<String> OF_SQUARES = Set.of("sskd");

    private static final String OPTION = "--methods";
    private static final double CONFIDENT = 0.9;
    private static final double LISTED = 0.9;
    private static final double DROPOUT = 0.3;

    Methods() {}

    /// Networks that methods may look into or train.
    ///
    /// @param teacher    where feature methods look
    /// @param student    where feature methods look
    /// @param assistants between the two in size, large to small
    /// @param range      what methods without data are told of it
    record Networks(FeatureSites teacher, FeatureSites student, List<Architecture> assistants, SampleRange range) {}

    /// The method that a text names, without assistants, one that learns from data.
    ///
    /// @param option  the option of the command line that holds the text, such as `--method`, for messages
    /// @param teacher where feature methods look
    /// @param student where feature methods look
    /// @throws IllegalArgumentException if there is no such method or option, or a value is out of range
    public static DistillationMethod of(String option, String text, FeatureSites teacher, FeatureSites student) {
        String name = MethodOptions.parse(option, text).name();
        if (DataFreeMethods.NAMES.contains(name)) {
            throw new IllegalArgumentException(
                    option + ": expected a method that learns from data, got '" + name + "'");
        }
        return of(option, text, new Networks(teacher, student, List.of(), SampleRange.ANY));
    }

    private static DistillationMethod of(String option, String text, Networks networks) {
        MethodOptions options = MethodOptions.parse(option, text);
        DistillationMethod method = DataFreeMethods.NAMES.contains(options.name())
                ? DataFreeMethods.of(options, networks)
                : create(options, networks);
        options.requireAllKnown();
        return method;
    }

    /// A text as a name for tables and folders: `slam+bound0.6`.
    public static String label(String text) {
        return MethodOptions.parse(OPTION, text).label();
    }

    private static DistillationMethod create(MethodOptions o, Networks networks) {
        FeatureSites teacher = networks.teacher();
        FeatureSites student = networks.student();
        return switch (o.name()) {
            case "labels" -> new LabelsOnly(o.number("smoothing", 0));
            case "hard" -> new HardPseudoLabels(o.number("threshold", 0));
            case "confidence" -> new HardPseudoLabels(o.number("threshold", CONFIDENT));
            case "soft" -> new SoftLabels();
            case "lskd" ->
                new Lskd(new HintonKd(o.number("temperature", 2), o.number("label", 0.1), o.number("teacher", 9)));
            case "kd", "dkd", "dist", "nkd", "wsld", "ttm", "wttm", "normkd", "ctkd", "rld", "mlkd" ->
                o.flag("standardised", false) ? new Lskd(logits(o)) : logits(o);
            case "annealing" -> new AnnealingKd(o.whole("hottest", 5), o.whole("every", 1), o.number("share", 2.0 / 3));
            case "binary" -> new BinaryKd(o.number("temperature", 1));
            case "tf-kd" ->
                new TeacherFreeKd(o.number("right", 0.99), o.number("temperature", 20), o.number("weight", 0.1));
            case "tf-kd-self" -> new TeacherFreeSelf(kd(o));
            case "ps-kd" -> new ProgressiveKd(o.number("most", 0.8), o.whole("length", 12));
            case "slam" -> slam(o, Mixing.RAW, TeacherLabel.HARD);
            case "slam-normalised" -> slam(o, Mixing.NORMALISED, TeacherLabel.HARD);
            case "slam-soft" -> slam(o, Mixing.RAW, TeacherLabel.SOFT);
            case "weighted" -> weighted(o);
            case "fidelity" -> new FidelityWeighting(o.number("beta", 1), hard(o));
            case "taylor" -> new TaylorCrossEntropy(o.whole("order", 4), hard(o));
            case "gce" -> new GeneralizedCrossEntropy(o.number("q", 0.7), hard(o));
            case "bootstrap-hard" -> new Bootstrapping(TeacherLabel.HARD, o.number("beta", 0.8), hard(o));
            case "bootstrap-soft" -> new Bootstrapping(TeacherLabel.SOFT, o.number("beta", 0.95), hard(o));
            case "forward" -> correction(o, LossCorrection.Direction.FORWARD);
            case "backward" -> correction(o, LossCorrection.Direction.BACKWARD);
            case "ups" -> ups(o, teacher, student);
            case "noisy-student" -> noisyStudent(o, student);
            case "vid" ->
                new VariationalInformation(
                        student.middle(),
                        teacher.middle(),
                        o.number("weight", 1),
                        o.number("variance", 5),
                        HintonKd.labelsOnly());
            case "blind" -> blind(o);
            case "fitnet" -> new FitNet(student.middle(), teacher.middle());
            case "rkd" -> new Rkd(student.last(), teacher.last());
            case "crd" -> new Crd(student.last(), teacher.last());
            case "at", "sp", "pkt", "cc", "nst", "ft", "cwd", "review", "sskd" -> features(o, teacher, student);
            case "mutual" -> new DeepMutualLearning();
            case "byot" ->
                new Byot(
                        List.of(student.middle()),
                        student.last(),
                        o.number("temperature", 3),
                        o.number("alpha", 0.1),
                        o.number("beta", 1.3e-4));
            case "born-again" -> new BornAgain();
            case "takd" -> new Takd(networks.assistants(), kd(o));
            case "dgkd" ->
                new Dgkd(
                        networks.assistants(),
                        o.number("temperature", 4),
                        o.number("label", 0.1),
                        o.number("teacher", 0.9),
                        o.number("survival", 0.75));
            default ->
                throw new IllegalArgumentException(o.option() + ": expected "
                        + (o.option().equals(OPTION)
                                ? "all, or some of " + String.join(", ", named())
                                : "one of " + String.join(", ", NAMES))
                        + ", got '" + o.name() + "'");
        };
    }

    private static DistillationMethod features(MethodOptions o, FeatureSites teacher, FeatureSites student) {
        HintonKd labels = HintonKd.labelsOnly();
        TapPair middle = new TapPair(student.middle(), teacher.middle());
        TapPair last = new TapPair(student.last(), teacher.last());
        return switch (o.name()) {
            case "at" ->
                new AttentionTransfer(
                        List.of(middle),
                        o.number("power", 2),
                        o.choice("distance", AttentionTransfer.Distance.SQUARED),
                        o.number("weight", 1000),
                        labels);
            case "sp" -> new SimilarityPreservation(List.of(last), o.number("weight", 3000), labels);
            case "pkt" -> new Pkt(last.student(), last.teacher(), o.number("weight", 30_000), labels);
            case "cc" ->
                new CorrelationCongruence(
                        last.student(),
                        last.teacher(),
                        o.choice("kernel", CorrelationCongruence.Kernel.GAUSSIAN),
                        o.number("gamma", 0.4),
                        o.whole("order", 2),
                        o.number("weight", 100),
                        labels);
            case "nst" -> new NeuronSelectivity(List.of(middle), o.number("weight", 50), labels);
            case "ft" ->
                new FactorTransfer(
                        middle.student(),
                        middle.teacher(),
                        o.number("rate", 0.5),
                        o.whole("paraphrased", 5),
                        o.number("weight", 200),
                        labels);
            case "cwd" ->
                new ChannelWise(
                        middle.student(), middle.teacher(), o.number("temperature", 4), o.number("weight", 50), labels);
            case "review" -> new ReviewKd(List.of(middle, last), o.number("weight", 5), o.whole("warmup", 20), labels);
            case "sskd" ->
                new Sskd(
                        last.student(),
                        last.teacher(),
                        o.whole("head", 5),
                        new Sskd.Part(o.number("self", 10), o.number("self-temperature", 0.5), o.number("kept", 0.75)),
                        new Sskd.Part(o.number("transformed", 2.7), o.number("temperature", 4), 1),
                        new HintonKd(4, 0.1, 0.9));
            default -> throw new IllegalStateException("methods: " + o.name() + " is not one of features");
        };
    }

    private static HintonKd kd(MethodOptions o) {
        return new HintonKd(o.number("temperature", 4), o.number("label", 0.1), o.number("teacher", 0.9));
    }

    private static DistillationMethod logits(MethodOptions o) {
        return switch (o.name()) {
            case "kd" -> kd(o);
            case "dkd" ->
                new Dkd(
                        o.number("temperature", 4),
                        o.number("target", 1),
                        o.number("others", 8),
                        o.whole("warmup", 20));
            case "rld" ->
                new Rld(
                        o.number("target-temperature", 1),
                        o.number("temperature", 4),
                        o.number("target", 1),
                        o.number("others", 8),
                        o.whole("warmup", 20));
            case "dist" -> new Dist(o.number("temperature", 4), o.number("inter", 2), o.number("intra", 2));
            case "nkd" -> new Nkd(o.number("temperature", 1), o.number("others", 1.5));
            case "wsld" -> new Wsld(o.number("temperature", 4), o.number("teacher", 2.25));
            case "ttm" -> new Ttm(o.number("power", 0.1), o.number("teacher", 45), false);
            case "wttm" -> new Ttm(o.number("power", 0.2), o.number("teacher", 4), true);
            case "normkd" -> new NormKd(o.number("factor", 2), o.number("label", 0.1), o.number("teacher", 0.9));
            case "ctkd" ->
                new Ctkd(
                        o.number("least", 1),
                        o.number("range", 20),
                        o.whole("curriculum", 10),
                        o.number("label", 0.1),
                        o.number("teacher", 0.9),
                        o.choice("form", Ctkd.Form.GLOBAL));
            case "mlkd" ->
                new Mlkd(
                        new Mlkd().temperatures(),
                        o.number("instance", 1),
                        o.number("batch", 1),
                        o.number("classes", 1));
            default -> throw new IllegalStateException("methods: " + o.name() + " is not one of logits");
        };
    }

    private static TeacherLabel hard(MethodOptions o) {
        return o.choice("labels", TeacherLabel.HARD);
    }

    private static Slam slam(MethodOptions o, Mixing mixing, TeacherLabel labels) {
        double listed = o.number("listed", LISTED);
        boolean adaptive = o.flag("adaptive", false);
        ShortList list = o.has("k")
                ? new ShortList.Fixed(o.whole("k", ShortList.LEAST))
                : adaptive ? new ShortList.Adaptive(listed) : new ShortList.Global(listed);
        return new Slam(
                o.choice("mixing", mixing),
                o.choice("labels", labels),
                o.number("bound", 0.5),
                list,
                o.choice("prediction", Prediction.INTERPOLATE),
                o.flag("cap", false),
                o.whole("rounds", 1),
                o.flag("validation", false));
    }

    private static WeightedDistillation weighted(MethodOptions o) {
        DebiasWeights.Config standard = DebiasWeights.Config.defaults();
        DebiasWeights.Config config = new DebiasWeights.Config(
                o.choice("estimator", standard.estimator()),
                o.choice("feature", standard.feature()),
                o.whole("k", standard.neighbours()),
                o.number("least", standard.least()),
                o.number("most", standard.most()));
        return new WeightedDistillation(hard(o), config, o.whole("warmup", 1), o.whole("every", 1));
    }

    private static LossCorrection correction(MethodOptions o, LossCorrection.Direction direction) {
        return new LossCorrection(direction, new Transition.Counted(o.number("smoothing", 1)), hard(o));
    }

    private static Ups ups(MethodOptions o, FeatureSites teacher, FeatureSites student) {
        double rate = o.number("dropout", DROPOUT);
        int rounds = o.whole("rounds", 1);
        TapDropout noise = rounds > 1 ? new TapDropout(student.last(), rate) : null;
        return new Ups(
                o.whole("passes", 10),
                new Ups.Thresholds(o.number("positive", 0.7), o.number("positive-sd", 0.05)),
                new Ups.Thresholds(o.number("negative", 0.05), o.number("negative-sd", 0.005)),
                o.number("temperature", 2),
                new TapDropout(teacher.last(), rate),
                noise,
                o.whole("least-class", 0),
                rounds);
    }

    private static NoisyStudent noisyStudent(MethodOptions o, FeatureSites student) {
        double rate = o.number("dropout", DROPOUT);
        return new NoisyStudent(
                o.choice("labels", TeacherLabel.SOFT),
                o.number("threshold", 0.3),
                o.flag("balanced", true),
                rate > 0 ? new TapDropout(student.last(), rate) : null,
                o.whole("rounds", 3));
    }

    private static BlindDistillation blind(MethodOptions o) {
        return new BlindDistillation(
                o.number("temperature", 1),
                o.flag("scaled", true),
                o.whole("n", 0),
                o.number("share", 0.25),
                o.number("rate", 0.1));
    }

    /// The chosen methods by label, in the order given; `all` is every one that learns from data, without those of
    /// maps where a network has none and those of square images.
    ///
    /// @throws IllegalArgumentException if there is no text, or one is not understood or there twice
    static Map<String, DistillationMethod> chosen(List<String> texts, Networks networks) {
        if (texts.isEmpty()) {
            throw new IllegalArgumentException(OPTION + ": expected at least one method, got none");
        }
        Map<String, DistillationMethod> chosen = new LinkedHashMap<>();
        boolean maps = networks.teacher().hasMaps() && networks.student().hasMaps();
        List<String> fitting = NAMES.stream()
                .filter(name -> (maps || !OF_MAPS.contains(name)) && !OF_SQUARES.contains(name))
                .toList();
        for (String text : texts.equals(List.of("all")) ? fitting : texts) {
            if (chosen.put(label(text), of(OPTION, text, networks)) != null) {
                throw new IllegalArgumentException(OPTION + ": expected each method once, got '" + text + "' again");
            }
        }
        return chosen;
    }

    /// The names, for the help text.
    @Override
    public Iterator<String> iterator() {
        List<String> names = named();
        names.add("all");
        return names.iterator();
    }

    private static List<String> named() {
        List<String> names = new ArrayList<>(NAMES);
        names.addAll(DataFreeMethods.NAMES);
        return names;
    }
}
