package dev.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.distill.method.AnnealingKd;
import dev.retort.distill.method.BinaryKd;
import dev.retort.distill.method.Ctkd;
import dev.retort.distill.method.Dist;
import dev.retort.distill.method.Dkd;
import dev.retort.distill.method.Lskd;
import dev.retort.distill.method.Mlkd;
import dev.retort.distill.method.Nkd;
import dev.retort.distill.method.NormKd;
import dev.retort.distill.method.ProgressiveKd;
import dev.retort.distill.method.Rld;
import dev.retort.distill.method.TeacherFreeKd;
import dev.retort.distill.method.Ttm;
import dev.retort.distill.method.Wsld;
import dev.retort.tensor.Rng;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A small run of every method on logits.
class LogitMethodsRunTest {
    private static final Clusters DATA = new Clusters(1, 40, 40, 20, 10);

    static Stream<DistillationMethod> methods() {
        return Stream.of(
                new Dkd(4, 1, 8, 1),
                new Lskd(new Dkd(2, 1, 8, 1)),
                new Lskd(),
                new Dist(),
                new Nkd(),
                new Wsld(),
                new Ttm(),
                Ttm.ofWeights(),
                new NormKd(),
                new Ctkd(),
                new Ctkd(Ctkd.Form.INSTANCE),
                new Mlkd(),
                new TeacherFreeKd(),
                new AnnealingKd(1, 1, .9),
                new BinaryKd(),
                new Rld(1, 4, 1, 8, 1),
                new ProgressiveKd(.2, 6));
    }

    @ParameterizedTest
    @MethodSource("methods")
    void theLossFalls(DistillationMethod method) throws IOException {
        Distilled result = Distillation.with(Clusters.mlp(24).create(new Rng(3)), Clusters.mlp(12))
                .labelled(DATA.labelled)
                .unlabelled(DATA.pool)
                .validation(DATA.validation)
                .training(Clusters.training(8).withBatchSize(16, 2))
                .method(method)
                .fit();
        String first = result.reports().getFirst().stage();
        List<EpochReport> reports = result.reports().stream()
                .filter(report -> report.stage().equals(first))
                .toList();
        assertThat(reports.getLast().loss()).isLessThan(reports.getFirst().loss());
    }
}
