package dev.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.distill.feature.Tap;
import dev.retort.distill.method.AnnealingKd;
import dev.retort.distill.method.Dgkd;
import dev.retort.distill.method.Dkd;
import dev.retort.distill.method.HintonKd;
import dev.retort.distill.method.Lskd;
import dev.retort.distill.method.Takd;
import dev.retort.distill.method.TeacherFreeSelf;
import dev.retort.distill.teacher.TeacherEnsemble;
import dev.retort.nn.Layer;
import dev.retort.tensor.Device;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Stages with networks of their own, and the methods that have them.
class AssistantsTest {
    private static final Clusters DATA = new Clusters(1, 30, 30, 10, 10);
    private static final Tap HIDDEN = Tap.output("layers.relu1");
    private static final List<Architecture> TWO =
            List.of(new Architecture("wide", Clusters.mlp(18)), new Architecture("narrow", Clusters.mlp(15)));

    private static Distillation run(DistillationMethod method) {
        return Distillation.with(Clusters.mlp(24).create(new Rng(3)), Clusters.mlp(12))
                .labelled(DATA.labelled)
                .unlabelled(DATA.pool)
                .training(Clusters.training(6).withBatchSize(20, 2))
                .method(method);
    }

    /// A method that notes the widths of the networks that meet.
    private record Widths(List<String> seen) implements DistillationMethod {
        @Override
        public String name() {
            return "widths";
        }

        @Override
        public Set<Need> needs() {
            return Set.of(new Need.StudentTap(HIDDEN), new Need.TeacherTap(HIDDEN));
        }

        @Override
        public List<Term> terms(Setup setup) {
            seen.add(setup.teacher(HIDDEN).dim(0) + " to "
                    + setup.student(HIDDEN).dim(0));
            return List.of(new Term("none", 1, new LossTerm() {
                @Override
                public double count(StepBatch batch) {
                    return batch.size();
                }

                @Override
                public Tensor sum(Step step) {
                    assertThat(step.teacher(HIDDEN).requiresGrad()).isFalse();
                    return step.student(HIDDEN).sum().add(step.studentLogits().sum());
                }
            }));
        }
    }

    @Test
    void everyAssistantLearnsFromTheOneBefore() throws IOException {
        Widths hop = new Widths(new ArrayList<>());
        Distilled result = run(new Takd(TWO, hop)).fit();
        assertThat(hop.seen).containsExactly("24 to 18", "18 to 15", "15 to 12");
        assertThat(result.student().stateDict().get("layers.fc1.weight").size(0))
                .isEqualTo(12);
        assertThat(result.reports()).extracting(EpochReport::stage).contains("wide", "narrow", "student");
        Tensor inputs = DATA.test.get(0).input().unsqueeze(0);
        assertThat(result.export(inputs).parameterCount())
                .isEqualTo(result.student().parameterCount());
    }

    @Test
    void severalDevicesMakeReplicasOfTheAssistants() throws IOException {
        Widths hop = new Widths(new ArrayList<>());
        run(new Takd(TWO, hop)).devices(List.of(Device.CPU, Device.CPU)).fit();
        assertThat(hop.seen).hasSize(3);
    }

    /// What the guides said last in each stage.
    private record Guided(List<Tensor> said, List<Tensor> inputs) implements DistillationMethod {
        @Override
        public String name() {
            return "guided";
        }

        @Override
        public boolean ensemble() {
            return true;
        }

        @Override
        public Set<Need> needs() {
            return Set.of(new Need.TeacherTap(TeacherEnsemble.EACH));
        }

        @Override
        public List<Stage> stages() {
            return Stream.of(18, 15, 13)
                    .map(width -> new Stage(
                                    "width" + width, this, Stage.Start.FRESH, Stage.Source.GIVEN_AND_STUDENTS, 1)
                            .withNetworks(Clusters.mlp(width)))
                    .toList();
        }

        @Override
        public List<Term> terms(Setup setup) {
            said.add(Tensor.zeros(1));
            inputs.add(Tensor.zeros(1));
            return List.of(new Term("none", 1, new LossTerm() {
                @Override
                public double count(StepBatch batch) {
                    return batch.size();
                }

                @Override
                public Tensor sum(Step step) {
                    said.set(said.size() - 1, step.teacher(TeacherEnsemble.EACH).copy());
                    inputs.set(inputs.size() - 1, step.batch().inputs().copy());
                    return step.studentLogits().square().sum();
                }
            }));
        }
    }

    @Test
    void guidesAreTheTeacherAndAllStudentsSoFar() throws IOException {
        Layer teacher = Clusters.mlp(24).create(new Rng(3));
        Guided method = new Guided(new ArrayList<>(), new ArrayList<>());
        Distilled result = run(method).fit();
        assertThat(result.students()).hasSize(3);
        for (int stage = 0; stage < 3; stage++) {
            Tensor said = method.said.get(stage);
            assertThat(said.size(1)).isEqualTo(stage + 1);
            for (int k = 0; k <= stage; k++) {
                Layer guide = k == 0 ? teacher : result.students().get(k - 1);
                guide.eval();
                float[] expected = guide.call(method.inputs.get(stage)).toFloats();
                assertThat(said.select(1, k).toFloats()).containsExactly(expected, within(1e-5f));
            }
        }
        // The last stage has networks of its own, and so has what is exported.
        Tensor inputs = DATA.test.get(0).input().unsqueeze(0);
        assertThat(result.export(inputs).stateDict().get("layers.fc1.weight").size(0))
                .isEqualTo(13);
    }

    static Stream<DistillationMethod> methods() {
        return Stream.of(
                new Takd(TWO),
                new Takd(TWO, new Lskd(new Dkd(2, 1, 8, 1))),
                new Dgkd(TWO),
                new Dgkd(TWO, 4, 0, 1, .1),
                new TeacherFreeSelf());
    }

    @ParameterizedTest
    @MethodSource("methods")
    void theLossFallsInEveryStage(DistillationMethod method) throws IOException {
        List<EpochReport> reports = run(method).fit().reports();
        assertThat(reports).hasSize(6 * method.stages().size());
        for (int first = 0; first < reports.size(); first += 6) {
            assertThat(reports.get(first + 5).loss())
                    .as(reports.get(first).stage())
                    .isLessThan(reports.get(first).loss());
        }
    }

    @Test
    void aCopyOfItselfNeedsNoTeacher() throws IOException {
        Distilled result = Distillation.withoutTeacher(Clusters.mlp(12))
                .labelled(DATA.labelled)
                .training(Clusters.training(2))
                .method(new TeacherFreeSelf())
                .fit();
        assertThat(result.reports())
                .extracting(EpochReport::stage)
                .containsExactly("copy", "copy", "student", "student");
        assertThat(result.reports().getLast().terms()).containsOnlyKeys("label", "kd");
    }

    @Test
    void anExistingStudentMayHaveAssistants() throws IOException {
        Layer student = Clusters.mlp(12).create(new Rng(1));
        Distilled result = Distillation.with(
                        new dev.retort.distill.teacher.LiveTeacher(
                                Clusters.mlp(24).create(new Rng(3))),
                        student)
                .labelled(DATA.labelled)
                .training(Clusters.training(1))
                .method(new Takd(TWO))
                .fit();
        assertThat(result.student()).isSameAs(student);
    }

    @Test
    void refusals() {
        assertThatThrownBy(() -> new Architecture(" ", Clusters.mlp(1))).hasMessageContaining("expected a name");
        assertThatThrownBy(() -> new Takd(List.of())).hasMessage("takd: expected at least one assistant, got none");
        assertThatThrownBy(() -> new Takd(List.of(TWO.getFirst(), TWO.getFirst())))
                .hasMessageContaining("names of their own")
                .hasMessageContaining("got 'wide'");
        assertThatThrownBy(() -> new Takd(TWO, new AnnealingKd())).hasMessageContaining("one run for each hop, got 2");
        assertThatThrownBy(() -> new Dgkd(TWO, 4, 1, 1, 0)).hasMessageContaining("survival in (0, 1], got 0");
        assertThatThrownBy(() -> new Dgkd(TWO, 4, 1, 0, 1)).hasMessageContaining("positive teacher weight");
        assertThatThrownBy(() -> Distillation.withoutTeacher(Clusters.mlp(12))
                        .labelled(DATA.labelled)
                        .method(new Dgkd(TWO))
                        .fit())
                .hasMessageContaining("stage wide expects a teacher, got none");
        assertThat(new Takd(TWO, new HintonKd()).toString())
                .contains("wide, narrow")
                .doesNotContain("Lambda");
    }
}
