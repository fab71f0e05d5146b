package dev.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.distill.compare.Comparison;
import dev.retort.distill.compare.ComparisonListener;
import dev.retort.distill.compare.ComparisonResult;
import dev.retort.distill.compare.DataSplit;
import dev.retort.distill.compare.Disagreement;
import dev.retort.distill.compare.MethodRun;
import dev.retort.distill.compare.PairedDifference;
import dev.retort.distill.compare.Summary;
import dev.retort.distill.compare.TeacherRun;
import dev.retort.distill.method.HardPseudoLabels;
import dev.retort.distill.method.LabelsOnly;
import dev.retort.distill.method.Slam;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComparisonTest {
    private static Comparison comparison() {
        return new Comparison(seed -> {
                    Clusters data = new Clusters(seed, 60, 120, 60, 80);
                    return new DataSplit(data.labelled, data.pool, data.validation, data.test);
                })
                .teacher(Clusters.mlp(48), Clusters.training(40))
                .student(Clusters.mlp(16), Clusters.training(2))
                .method(new LabelsOnly())
                .method(new HardPseudoLabels())
                .method("slam-0.7", new Slam().withLowerBound(.7))
                .seeds(3, 4);
    }

    /// Keeps what it sees; may stop at a step of a run.
    private static final class Watcher implements ComparisonListener {
        final List<String> runs = new ArrayList<>();
        final List<String> started = new ArrayList<>();
        private final int stopRun;
        private final long stopStep;
        private long at;

        Watcher(int stopRun, long stopStep) {
            this.stopRun = stopRun;
            this.stopStep = stopStep;
        }

        @Override
        public void runStarted(int number, int total, long seed, String name) {
            runs.add(number + "/" + total + " " + seed + " " + name);
            at = 0;
        }

        @Override
        public void started(String method, String stage, long step, long steps) {
            started.add(method + " " + step + "/" + steps);
        }

        @Override
        public void step(long step, int samples, double loss) {
            at = step;
        }

        @Override
        public boolean stopRequested() {
            return runs.size() - 1 == stopRun && at == stopStep;
        }
    }

    @Test
    void judgesEveryMethodOnEverySeed() throws IOException {
        Watcher watcher = new Watcher(-1, 0);
        ComparisonResult result = comparison().listener(watcher).run();
        assertThat(watcher.runs)
                .hasSize(8)
                .startsWith("0/8 3 teacher", "1/8 3 labels")
                .endsWith("7/8 4 slam-0.7");
        assertThat(watcher.started).contains("labels 0/40", "slam 0/6");
        assertThat(result.methods()).containsExactly("labels", "hard", "slam-0.7");
        assertThat(result.teachers()).extracting(TeacherRun::seed).containsExactly(3L, 4L);
        for (Summary summary : result.summaries()) {
            List<Double> a = summary.accuracies();
            assertThat(a).hasSize(2);
            assertThat(summary.mean()).isCloseTo((a.get(0) + a.get(1)) / 2, within(1e-12));
            assertThat(summary.sd()).isCloseTo(Math.abs(a.get(0) - a.get(1)) / Math.sqrt(2), within(1e-12));
            assertThat(summary.agreement()).isBetween(0.0, 1.0);
        }
        PairedDifference difference = result.paired("hard", "labels");
        assertThat(difference.mean())
                .isCloseTo(
                        result.summaries().get(1).mean()
                                - result.summaries().get(0).mean(),
                        within(1e-12));
        assertThat(difference.wins()).isBetween(0, 2);
        MethodRun best = result.best();
        assertThat(result.summaries())
                .allMatch(s -> s.mean()
                        <= result.summaries().stream()
                                .filter(own -> own.method().equals(best.method()))
                                .findFirst()
                                .orElseThrow()
                                .mean());
        assertThat(best.reports()).hasSize(2);
        assertThat(best.best()).isGreaterThanOrEqualTo(best.reports().getLast().accuracy());
        TeacherRun teacher = result.teachers().getFirst();
        assertThat(teacher.accuracy()).isGreaterThan(.2);
        assertThat(teacher.calibrationError()).isBetween(0.0, 1.0);
        assertThat(teacher.margins().bins()).isNotEmpty();
        assertThat(teacher.byMargin().at(1))
                .isGreaterThanOrEqualTo(teacher.byMargin().at(0));
    }

    @Test
    void listsSamplesThatTheStudentsDisagreeOn() throws IOException {
        ComparisonResult result = comparison().run();
        List<Disagreement> found = result.disagreements(4, 5);
        assertThat(found).isNotEmpty().hasSizeLessThanOrEqualTo(5);
        for (int i = 1; i < found.size(); i++) {
            assertThat(found.get(i).answers())
                    .isLessThanOrEqualTo(found.get(i - 1).answers());
        }
        Disagreement first = found.getFirst();
        assertThat(first.predicted()).containsOnlyKeys("labels", "hard", "slam-0.7");
        assertThat(first.predicted().get("hard"))
                .isEqualTo(result.runs("hard").get(1).test().predicted(first.index()));
        assertThatThrownBy(() -> result.disagreements(9, 5)).hasMessageContaining("got 9");
        assertThatThrownBy(() -> result.paired("hard", "kd")).hasMessageContaining("expected two of");
    }

    @Test
    void stoppedAndRunAgainGivesTheSameNumbers(@TempDir Path folder) throws IOException {
        ComparisonResult straight = comparison().run();
        assertThatThrownBy(() ->
                        comparison().folder(folder).listener(new Watcher(6, 4)).run())
                .isInstanceOf(TrainingStopped.class);
        Watcher watcher = new Watcher(-1, 0);
        ComparisonResult resumed = comparison().folder(folder).listener(watcher).run();
        assertThat(watcher.started).as("only unfinished runs are trained").containsExactly("hard 4/6", "slam 0/6");
        for (String method : straight.methods()) {
            for (int i = 0; i < 2; i++) {
                MethodRun expected = straight.runs(method).get(i);
                MethodRun got = resumed.runs(method).get(i);
                assertThat(got.accuracy()).isEqualTo(expected.accuracy());
                assertThat(got.reports()).isEqualTo(expected.reports());
            }
        }
        assertThat(resumed.teacherAccuracy()).isEqualTo(straight.teacherAccuracy());
        assertThat(folder.resolve("seed-3/slam-0.7/stage-0.safetensors")).exists();
    }

    @Test
    void methodsHaveUsableNames() {
        assertThatThrownBy(() -> comparison().method(new LabelsOnly())).hasMessageContaining("labels twice");
        assertThatThrownBy(() -> comparison().method("../x", new Slam())).hasMessageContaining("got '../x'");
        assertThatThrownBy(() -> comparison().method("teacher", new Slam()))
                .hasMessageContaining("start with 'teacher'");
        assertThatThrownBy(() -> comparison().seeds().run()).hasMessageContaining("0 seeds");
    }
}
