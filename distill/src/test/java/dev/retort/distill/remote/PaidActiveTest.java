package dev.retort.distill.remote;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.distill.Training;
import dev.retort.distill.active.ActiveDistillation;
import dev.retort.distill.active.ActiveResult;
import dev.retort.distill.method.Slam;
import dev.retort.distill.select.Rad;
import dev.retort.distill.teacher.Price;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.TensorDataset;
import dev.retort.nn.models.Mlp;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The example of docs/active-distillation.md, against a service on this machine that fails now and then.
class PaidActiveTest {
    @TempDir
    private Path folder;

    /// Class 0 where x > 0, else class 1, as the service says.
    private static Dataset data(int n, long seed) {
        Tensor inputs = Random.normal(new Rng(seed), n, 1);
        return new TensorDataset(inputs, Service.right(inputs).argmax(1));
    }

    private ActiveResult run(LabelServer server, String name) throws IOException {
        Limits limits = Limits.rows(400)
                .withPrice(Price.perRow("0.002", "EUR"), "0.50")
                .withRequests(16, 5, 0)
                .withPauses(Duration.ofMillis(1), Duration.ofMillis(9), .5);
        try (PaidTeacher teacher =
                PaidTeacher.open(HttpEndpoint.at(server.uri()), "m", folder.resolve("labels.journal"), limits)) {
            return ActiveDistillation.with(teacher, rng -> new Mlp(Mlp.Config.of(1, 3, 8), rng))
                    .labelled(data(20, 1))
                    .pool(data(200, 2))
                    .validation(data(40, 3))
                    .test(data(100, 4))
                    .selector(new Rad())
                    .method(new Slam())
                    .budget(60, 3)
                    .price(Price.perRow("0.002", "EUR"))
                    .training(Training.defaults().withEpochs(5).withBatchSize(16, 1))
                    .folder(folder.resolve(name))
                    .fit();
        }
    }

    @Test
    void everythingIsBoughtOnce() throws IOException {
        try (LabelServer server = new LabelServer()) {
            server.handle((exchange, request) -> {
                if (server.requests.size() % 4 == 1) {
                    LabelServer.send(exchange, 500, "down");
                } else {
                    server.charge(request);
                    LabelServer.answer(exchange, request);
                }
            });
            ActiveResult first = run(server, "first");
            assertThat(first.bill().amount()).isEqualByComparingTo("0.200");
            assertThat(first.teacherAccuracy()).isEqualTo(1);
            assertThat(server.charges.values().stream()
                            .mapToInt(Integer::intValue)
                            .sum())
                    .isEqualTo(100);
            int requests = server.requests.size();
            ActiveResult second = run(server, "second");
            assertThat(server.requests)
                    .as("all answers come out of the journal")
                    .hasSize(requests);
            assertThat(second.queried()).containsExactly(first.queried());
        }
    }
}
