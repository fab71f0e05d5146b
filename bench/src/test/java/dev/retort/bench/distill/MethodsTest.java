package dev.retort.bench.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.bench.model.ImageShape;
import dev.retort.bench.model.ModelSpec;
import dev.retort.distill.Architecture;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.estimate.DebiasWeights;
import dev.retort.distill.estimate.ShortList;
import dev.retort.distill.feature.TapPair;
import dev.retort.distill.method.AnnealingKd;
import dev.retort.distill.method.AttentionTransfer;
import dev.retort.distill.method.BinaryKd;
import dev.retort.distill.method.BlindDistillation;
import dev.retort.distill.method.Cmi;
import dev.retort.distill.method.CorrelationCongruence;
import dev.retort.distill.method.Ctkd;
import dev.retort.distill.method.Dafl;
import dev.retort.distill.method.DeepInversion;
import dev.retort.distill.method.Dfad;
import dev.retort.distill.method.Dfq;
import dev.retort.distill.method.Dgkd;
import dev.retort.distill.method.Dist;
import dev.retort.distill.method.Dkd;
import dev.retort.distill.method.FastDfkd;
import dev.retort.distill.method.HintonKd;
import dev.retort.distill.method.Lskd;
import dev.retort.distill.method.Mixing;
import dev.retort.distill.method.Mlkd;
import dev.retort.distill.method.Nkd;
import dev.retort.distill.method.NoisyStudent;
import dev.retort.distill.method.NormKd;
import dev.retort.distill.method.ProgressiveKd;
import dev.retort.distill.method.ReviewKd;
import dev.retort.distill.method.Rld;
import dev.retort.distill.method.Slam;
import dev.retort.distill.method.Sskd;
import dev.retort.distill.method.Synthesis;
import dev.retort.distill.method.Takd;
import dev.retort.distill.method.TaylorCrossEntropy;
import dev.retort.distill.method.TeacherFreeKd;
import dev.retort.distill.method.TeacherFreeSelf;
import dev.retort.distill.method.TeacherLabel;
import dev.retort.distill.method.Ttm;
import dev.retort.distill.method.Ups;
import dev.retort.distill.method.WeightedDistillation;
import dev.retort.distill.method.Wsld;
import dev.retort.distill.method.Zskt;
import dev.retort.nn.data.Normalize;
import dev.retort.tensor.Shape;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MethodsTest {
    private static final ModelSpec TEACHER = ModelSpec.parse("resnet8:8,16,32");
    private static final ModelSpec STUDENT = ModelSpec.parse("cnn:4,8");

    private static final Architecture ASSISTANT = new Architecture("cnn:6,12", rng -> {
        throw new IllegalStateException("no network is made yet");
    });

    private static DistillationMethod of(String text) {
        return Methods.of("--methods", text, TEACHER, STUDENT);
    }

    private static Map<String, DistillationMethod> chosen(ModelSpec teacher, ModelSpec student, String... texts) {
        return Methods.chosen(List.of(texts), networks(teacher, student, SampleRange.ANY));
    }

    private static Methods.Networks networks(ModelSpec teacher, ModelSpec student, SampleRange range) {
        return new Methods.Networks(teacher, student, List.of(ASSISTANT), range);
    }

    @Test
    void everyNameIsAMethodOfItsOwn() {
        Map<String, DistillationMethod> all = chosen(TEACHER, STUDENT, "all");
        assertThat(all.keySet())
                .hasSizeGreaterThanOrEqualTo(25)
                .contains("weighted", "blind", "ups", "noisy-student", "taylor", "gce", "vid", "forward");
        assertThat(all.values()).doesNotHaveDuplicates();
        for (String name : new Methods()) {
            if (!Set.of("all", "sskd").contains(name) && !DataFreeMethods.NAMES.contains(name)) {
                assertThat(all).containsKey(name);
            }
        }
    }

    @Test
    void allLeavesOutMapsWhereThereAreNone() {
        ModelSpec vectors = ModelSpec.parse("mlp:8");
        assertThat(chosen(TEACHER, STUDENT, "all").keySet()).contains("at", "nst", "ft", "cwd", "review", "pkt");
        assertThat(chosen(TEACHER, vectors, "all").keySet())
                .contains("pkt", "sp", "cc")
                .doesNotContain("at", "nst", "ft", "cwd", "review");
        assertThat(((AttentionTransfer) of("at:power=1:distance=euclidean:weight=3")).weight())
                .isEqualTo(3);
        assertThat(((CorrelationCongruence) of("cc:kernel=bilinear")).kernel())
                .isEqualTo(CorrelationCongruence.Kernel.BILINEAR);
        assertThatThrownBy(() -> of("at:power=0.5")).hasMessageContaining("power of at least 1");
        assertThat(((ReviewKd) of("review:warmup=3")).warmup()).isEqualTo(3);
        assertThat(of("sskd")).isEqualTo(new Sskd(STUDENT.last(), TEACHER.last()));
        assertThat(((Sskd) of("sskd:head=2:kept=0.5")).self().kept()).isEqualTo(.5);
    }

    @Test
    void methodsOnLogitsHaveTheirDefaultsAndOptions() {
        assertThat(of("dkd")).isEqualTo(new Dkd());
        assertThat(of("dkd:temperature=2:target=3:others=2:warmup=5:standardised=true"))
                .isEqualTo(new Lskd(new Dkd(2, 3, 2, 5)));
        assertThat(of("lskd")).isEqualTo(new Lskd());
        assertThat(of("dist:temperature=1:inter=1:intra=3")).isEqualTo(new Dist(1, 1, 3));
        assertThat(of("dist")).isEqualTo(new Dist());
        assertThat(of("nkd")).isEqualTo(new Nkd());
        assertThat(of("wsld")).isEqualTo(new Wsld());
        assertThat(of("ttm")).isEqualTo(new Ttm());
        assertThat(of("wttm")).isEqualTo(Ttm.ofWeights());
        assertThat(of("normkd")).isEqualTo(new NormKd());
        assertThat(of("ctkd")).isEqualTo(new Ctkd());
        assertThat(of("ctkd:least=2:range=5:curriculum=3:label=1:teacher=2"))
                .isEqualTo(new Ctkd(2, 5, 3, 1, 2, Ctkd.Form.GLOBAL));
        assertThat(of("ctkd:form=instance")).isEqualTo(new Ctkd(Ctkd.Form.INSTANCE));
        assertThat(of("mlkd")).isEqualTo(new Mlkd());
        assertThat(of("mlkd:batch=3:standardised=true"))
                .isEqualTo(new Lskd(new Mlkd(List.of(2.0, 3.0, 4.0, 5.0, 6.0), 1, 3, 1)));
        assertThat(of("tf-kd-self:temperature=2")).isEqualTo(new TeacherFreeSelf(new HintonKd(2, .1, .9)));
        assertThat(of("rld")).isEqualTo(new Rld());
        assertThat(of("annealing")).isEqualTo(new AnnealingKd());
        assertThat(of("binary:temperature=3")).isEqualTo(new BinaryKd(3));
        assertThat(of("tf-kd")).isEqualTo(new TeacherFreeKd());
        assertThat(of("ps-kd:most=0.5:length=4")).isEqualTo(new ProgressiveKd(.5, 4));
        assertThatThrownBy(() -> of("dkd:temperature=0")).hasMessageContaining("positive temperature");
    }

    @Test
    void optionsReachTheMethod() {
        assertThat(of("slam")).isEqualTo(new Slam());
        assertThat(of("slam:bound=0.6:k=3:rounds=2"))
                .isEqualTo(new Slam()
                        .withLowerBound(.6)
                        .withShortList(new ShortList.Fixed(3))
                        .withRounds(2));
        assertThat(of("slam:mixing=normalised:bound=0.2:labels=soft:validation=true"))
                .isEqualTo(new Slam()
                        .withMixing(Mixing.NORMALISED)
                        .withLowerBound(.2)
                        .withLabels(TeacherLabel.SOFT)
                        .withValidation(true));
        assertThat(of("slam:adaptive=true:listed=0.8")).isEqualTo(new Slam().withShortList(new ShortList.Adaptive(.8)));
        assertThat(of("weighted")).isEqualTo(new WeightedDistillation());
        assertThat(of("weighted:estimator=rate-and-distortion:k=7:most=inf:every=3"))
                .isEqualTo(new WeightedDistillation(
                        TeacherLabel.HARD,
                        DebiasWeights.Config.defaults()
                                .withEstimator(DebiasWeights.Estimator.RATE_AND_DISTORTION)
                                .withNeighbours(7)
                                .withLimits(0, Double.POSITIVE_INFINITY),
                        1,
                        3));
        assertThat(of("taylor:order=2:labels=soft")).isEqualTo(new TaylorCrossEntropy(2, TeacherLabel.SOFT));
        assertThat(of("blind:n=5:temperature=4"))
                .isEqualTo(new BlindDistillation().withPerClass(5).withTemperature(4));
        assertThat(((Ups) of("ups:rounds=2")).rounds()).isEqualTo(2);
        assertThat(((NoisyStudent) of("noisy-student:dropout=0")).dropout()).isNull();
    }

    /// They are told the shape of the data, its range after the normalisation, and how long an epoch is.
    @Test
    void methodsWithoutDataKnowItsShapeAndRange() {
        Normalize normalize = new Normalize(new float[] {.5f, .25f}, new float[] {.25f, .125f});
        SampleRange range = SampleRange.of(new ImageShape(2, 7, 9), normalize, 300);
        assertThat(range).isEqualTo(new SampleRange(Shape.of(2, 7, 9), -2, 6, 300));
        List<String> texts = List.of(
                "dafl:entropy=3:width=8",
                "zskt",
                "dfad:every=2",
                "dfq",
                "deep-inversion",
                "cmi",
                "fast-dfkd:outer=reptile");
        Map<String, DistillationMethod> chosen = Methods.chosen(texts, networks(TEACHER, STUDENT, range));
        Synthesis standard = Synthesis.of(Shape.of(2, 7, 9), 300, -2, 6);
        assertThat(chosen.values())
                .contains(
                        new Dafl(standard.withGenerator(100, 8), TEACHER.last(), 1, .1, 3, new HintonKd(1, 0, 1)),
                        new Zskt(standard, List.of(new TapPair(STUDENT.middle(), TEACHER.middle()))),
                        new Dfad(standard.withTurns(128, 1, 2)),
                        new Dfq(standard),
                        new Cmi(Shape.of(2, 7, 9), 300, Cmi.Making.of(-2, 6)),
                        new DeepInversion(Shape.of(2, 7, 9), 300, DeepInversion.Making.of(-2, 6)));
        assertThat(((FastDfkd) chosen.get("fast-dfkd+outerreptile")).making().outer())
                .isEqualTo(FastDfkd.Outer.REPTILE);
        assertThat(Methods.chosen(List.of("fast-dfkd"), networks(TEACHER, STUDENT, range)))
                .containsValue(new FastDfkd(Shape.of(2, 7, 9), 300, FastDfkd.Making.of(-2, 6)));
        assertThat(Methods.chosen(List.of("all"), networks(TEACHER, STUDENT, range)))
                .doesNotContainKey("dafl");
        assertThat(((Zskt) Methods.chosen(List.of("zskt"), networks(ModelSpec.parse("mlp:8"), STUDENT, range))
                                .get("zskt"))
                        .pairs())
                .isEmpty();
        assertThatThrownBy(() -> of("dafl"))
                .hasMessage("--methods: expected a method that learns from data, got 'dafl'");
        assertThatThrownBy(() -> Methods.chosen(List.of("dfad:entropy=1"), networks(TEACHER, STUDENT, range)))
                .hasMessageContaining("dfad has the options samples");
    }

    @Test
    void assistantsAreThoseOfTheCommandLine() {
        assertThat(chosen(TEACHER, STUDENT, "takd", "dgkd:survival=1"))
                .containsEntry("takd", new Takd(List.of(ASSISTANT)))
                .containsEntry("dgkd+survival1", new Dgkd(List.of(ASSISTANT), 4, .1, .9, 1));
        assertThatThrownBy(() -> of("takd")).hasMessage("takd: expected at least one assistant, got none");
    }

    @Test
    void labelsAreNamesOfFolders() {
        assertThat(Methods.label("slam:bound=0.6:labels=soft")).isEqualTo("slam+bound0.6+labelssoft");
        assertThat(chosen(TEACHER, STUDENT, "slam", "slam:bound=0.7").keySet())
                .containsExactly("slam", "slam+bound0.7");
    }

    @Test
    void whatIsNotUnderstoodIsNamed() {
        assertThatThrownBy(() -> of("slam:bund=0.6"))
                .hasMessageContaining("bound")
                .hasMessageContaining("'bund'");
        assertThatThrownBy(() -> of("soft:order=3")).hasMessageContaining("soft has no options");
        assertThatThrownBy(() -> of("slam:bound")).hasMessageContaining("'bound' in 'slam:bound'");
        assertThatThrownBy(() -> of("slam:bound=x")).hasMessageContaining("a number for bound, got 'x'");
        assertThatThrownBy(() -> of("slam:bound=0.3")).hasMessageContaining("raw operator");
        assertThatThrownBy(() -> of("slam:k=2:k=3")).hasMessageContaining("each option once");
        assertThatThrownBy(() -> of("taylor:order=1.5")).hasMessageContaining("a whole number for order");
        assertThatThrownBy(() -> of("taylor:labels=both")).hasMessageContaining("one of hard, soft for labels");
        assertThatThrownBy(() -> of("slam:cap=yes")).hasMessageContaining("true or false");
        assertThatThrownBy(() -> of("foo")).hasMessageStartingWith("--methods: expected all, or some of labels, hard");
        assertThatThrownBy(() -> Methods.of("--method", "foo", TEACHER, STUDENT))
                .hasMessageStartingWith("--method: expected one of labels, hard");
        assertThatThrownBy(() -> chosen(TEACHER, STUDENT))
                .hasMessage("--methods: expected at least one method, got none");
    }
}
