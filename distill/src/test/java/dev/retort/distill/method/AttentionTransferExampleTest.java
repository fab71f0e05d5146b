package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.GradCheck;
import dev.retort.distill.Distillation;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Distilled;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.NetworkFactory;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.Training;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Layer;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.TensorDataset;
import dev.retort.nn.loss.Losses;
import dev.retort.nn.models.SmallCnn;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// The code of `docs/adding-a-distillation-method.md`.
class AttentionTransferExampleTest {
    /// Squares averaged over channels, flattened, as rows of length 1: [B, C, H, W] → [B, H · W].
    static Tensor attention(Tensor maps) {
        Tensor strength = maps.square().mean(false, 1).flatten(1);
        return strength.div(strength.square().sum(true, 1).clampMin(1e-24).sqrt());
    }

    record AttentionLoss(Tap student, Tap teacher) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            Tensor own = attention(step.student(student));
            Tensor wanted = attention(step.teacher(teacher));
            return Losses.mse(own, wanted).sum().mul(1.0 / own.size(1));
        }
    }

    record AttentionTransfer(Tap student, Tap teacher, double weight, HintonKd response) implements DistillationMethod {
        @Override
        public String name() {
            return "attention";
        }

        @Override
        public Set<Need> needs() {
            Set<Need> needs = new LinkedHashSet<>(response.needs());
            needs.add(new Need.StudentTap(student));
            needs.add(new Need.TeacherTap(teacher));
            return needs;
        }

        @Override
        public List<Term> terms(Setup setup) {
            List<Term> terms = new ArrayList<>(response.terms(setup));
            terms.add(new Term("attention", weight, new AttentionLoss(student, teacher)));
            return terms;
        }
    }

    @Test
    void runs() throws IOException {
        NetworkFactory students = rng -> new SmallCnn(SmallCnn.Config.of(1, 3, 4, 4), rng);
        Layer teacher = new SmallCnn(SmallCnn.Config.of(1, 3, 8, 8), new Rng(1));
        Tensor labels = Tensor.arange(32).remainder(Tensor.scalar(DType.I64, 3));
        Dataset data = new TensorDataset(Random.uniform(new Rng(2), 32, 1, 8, 8), labels);
        Dataset held = new TensorDataset(Random.uniform(new Rng(3), 8, 1, 8, 8), labels.narrow(0, 0, 8));
        Tap tap = Tap.output("body.stage2.relu");
        Distilled result = Distillation.with(teacher, students)
                .labelled(data)
                .validation(held)
                .method(new AttentionTransfer(tap, tap, 1000, HintonKd.labelsOnly()))
                .training(Training.defaults().withEpochs(2).withBatchSize(16, 2))
                .fit();
        assertThat(result.reports()).hasSize(2);
        assertThat(result.reports().get(1).terms().get("attention"))
                .isLessThan(result.reports().get(0).terms().get("attention"));
    }

    @Test
    void attentionByHandAndByDifferences() {
        Tensor maps = Tensor.of(new double[] {1, 0, 1, 2}, 1, 2, 1, 2); // squares 1 + 1 and 0 + 4
        double[] row = attention(maps).toDoubles();
        assertThat(row[0]).isCloseTo(1 / Math.sqrt(5), within(1e-12));
        assertThat(row[1]).isCloseTo(2 / Math.sqrt(5), within(1e-12));
        GradCheck.defaults()
                .firstOrder(
                        "attention",
                        in -> new Tensor[] {attention(in[0])},
                        Random.normal(new Rng(4), 0, 1, DType.F64, 2, 3, 2, 2))
                .verify();
    }

    /// What the page shows is what is compiled here.
    @Test
    void thePageShowsThisCode() throws IOException {
        String here = code(
                Files.readString(Path.of("src/test/java/dev/retort/distill/method/AttentionTransferExampleTest.java")));
        String page = Files.readString(Path.of("../docs/adding-a-distillation-method.md"));
        String[] parts = page.split("```java\n");
        assertThat(parts).hasSize(5);
        for (int i = 1; i < parts.length; i++) {
            assertThat(here).contains(code(parts[i].substring(0, parts[i].indexOf("```"))));
        }
    }

    /// Without white space, so that indentation and line breaks may differ.
    private static String code(String text) {
        return text.replaceAll("\\s", "");
    }
}
