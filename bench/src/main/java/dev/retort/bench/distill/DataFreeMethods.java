package dev.retort.bench.distill;

import dev.retort.bench.model.FeatureSites;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.feature.TapPair;
import dev.retort.distill.method.AttentionTransfer;
import dev.retort.distill.method.Cmi;
import dev.retort.distill.method.Dafl;
import dev.retort.distill.method.DeepInversion;
import dev.retort.distill.method.Dfad;
import dev.retort.distill.method.Dfq;
import dev.retort.distill.method.FastDfkd;
import dev.retort.distill.method.HintonKd;
import dev.retort.distill.method.Inversion;
import dev.retort.distill.method.Synthesis;
import dev.retort.distill.method.Zskt;
import java.util.List;

/// The methods of the command line that make their own samples out of the teacher. `all` leaves them out:
/// they answer another question, and an epoch of theirs takes longer.
final class DataFreeMethods {
    static final List<String> NAMES = List.of("deep-inversion", "cmi", "fast-dfkd", "dafl", "zskt", "dfad", "dfq");

    private static final int KEPT = 2048;

    private DataFreeMethods() {}

    /// The method of that name, which is one of [#NAMES].
    static DistillationMethod of(MethodOptions o, Methods.Networks networks) {
        FeatureSites teacher = networks.teacher();
        FeatureSites student = networks.student();
        SampleRange range = networks.range();
        return switch (o.name()) {
            case "deep-inversion" -> deepInversion(o, range);
            case "cmi" -> cmi(o, range);
            case "fast-dfkd" -> fast(o, range);
            case "dafl" ->
                new Dafl(
                        synthesis(o, range, 5),
                        teacher.last(),
                        o.number("one-hot", 1),
                        o.number("activation", 0.1),
                        o.number("entropy", 5),
                        response(o));
            case "zskt" -> {
                boolean maps = teacher.hasMaps() && student.hasMaps();
                yield new Zskt(
                        synthesis(o, range, 10),
                        maps ? List.of(new TapPair(student.middle(), teacher.middle())) : List.of(),
                        o.number("attention", 250),
                        o.choice("distance", AttentionTransfer.Distance.SQUARED));
            }
            case "dfad" -> new Dfad(synthesis(o, range, 5));
            case "dfq" ->
                new Dfq(
                        synthesis(o, range, 5),
                        o.number("adversarial", 1),
                        o.number("statistics", 1),
                        o.number("one-hot", 1),
                        o.number("balance", 20),
                        response(o));
            default -> throw new IllegalStateException("methods: " + o.name() + " is not one without data");
        };
    }

    private static HintonKd response(MethodOptions o) {
        return new HintonKd(o.number("temperature", 1), 0, 1);
    }

    private static Synthesis synthesis(MethodOptions o, SampleRange range, int every) {
        return new Synthesis(
                range.sample(),
                o.whole("samples", range.perEpoch()),
                range.low(),
                range.high(),
                o.whole("latent", 100),
                o.whole("width", 64),
                o.whole("batch", 128),
                o.whole("steps", 1),
                o.whole("every", every),
                o.number("lr", 1e-3));
    }

    private static int kept(MethodOptions o, SampleRange range) {
        return o.whole("samples", Math.min(KEPT, range.perEpoch()));
    }

    private static Inversion inversion(MethodOptions o, double label, double statistics, double adversarial) {
        return new Inversion(
                o.number("label", label), o.number("statistics", statistics), o.number("adversarial", adversarial));
    }

    private static Cmi cmi(MethodOptions o, SampleRange range) {
        int samples = kept(o, range);
        Cmi.Making making = new Cmi.Making(
                o.whole("batch", 256),
                o.whole("steps", 200),
                o.number("lr", 1e-3),
                range.low(),
                range.high(),
                o.whole("latent", 256),
                o.whole("width", 64),
                inversion(o, 1, 1, 0.5),
                o.number("contrast", 0.8),
                o.number("contrast-temperature", 0.2),
                o.whole("negatives", 4096));
        HintonKd response = new HintonKd(o.number("temperature", 20), 0, 1);
        return new Cmi(range.sample(), samples, o.whole("renewed", samples / 4), making, response);
    }

    private static FastDfkd fast(MethodOptions o, SampleRange range) {
        int samples = kept(o, range);
        FastDfkd.Making making = new FastDfkd.Making(
                o.whole("batch", 256),
                o.whole("steps", 5),
                o.number("lr", 3e-3),
                o.number("latent-lr", 0.01),
                range.low(),
                range.high(),
                o.whole("latent", 256),
                o.whole("width", 64),
                inversion(o, 0.5, 10, 1.33),
                o.whole("warmup", 20),
                o.choice("outer", FastDfkd.Outer.FIRST_ORDER));
        HintonKd response = new HintonKd(o.number("temperature", 20), 0, 1);
        return new FastDfkd(range.sample(), samples, o.whole("renewed", samples / 4), making, response);
    }

    private static DeepInversion deepInversion(MethodOptions o, SampleRange range) {
        int samples = kept(o, range);
        DeepInversion.Making making = new DeepInversion.Making(
                o.whole("batch", 256),
                o.whole("steps", 500),
                o.number("lr", 0.1),
                range.low(),
                range.high(),
                o.number("label", 1),
                o.number("statistics", 10),
                o.number("adversarial", 1),
                o.number("variation", 1e-5));
        return new DeepInversion(
                range.sample(),
                samples,
                o.whole("renewed", samples / 4),
                making,
                new HintonKd(o.number("temperature", 4), 0, 1));
    }
}
