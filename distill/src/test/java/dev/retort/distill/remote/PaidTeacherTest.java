package dev.retort.distill.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.retort.distill.TrainingStopped;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.remote.EndpointException.Kind;
import dev.retort.distill.teacher.Price;
import dev.retort.distill.teacher.TeacherQuery;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PaidTeacherTest {
    @TempDir
    private Path folder;

    /// Sleeps by moving its hand.
    private static final class Hand implements PaidTeacher.Clock {
        final List<Duration> sleeps = new ArrayList<>();
        private long now;

        @Override
        public long now() {
            return now;
        }

        @Override
        public void sleep(Duration pause, BooleanSupplier stop) {
            sleeps.add(pause);
            now += pause.toNanos();
        }
    }

    /// The process dies here.
    private static final class Killed extends Error {
        private static final long serialVersionUID = 1;
    }

    private final Hand hand = new Hand();

    private PaidTeacher open(Endpoint service, Limits limits) throws IOException {
        return new PaidTeacher(service, "t", LabelJournal.open(folder.resolve("labels.journal"), "t"), limits, hand, 0);
    }

    private static Limits limits() {
        return Service.limits(l -> l);
    }

    private static float[] right(int... indices) {
        return Service.right(Service.inputs(indices)).toFloats();
    }

    @Test
    void buysEachSampleOnce() throws IOException {
        Service service = new Service();
        try (PaidTeacher teacher = open(service, limits())) {
            assertThat(Service.ask(teacher, 5, 3, 9, 3, 1, 7)).containsExactly(right(5, 3, 9, 3, 1, 7));
            assertThat(service.requests.stream().map(LabelRequest::size)).containsExactly(4, 1);
            assertThat(Service.ask(teacher, 7, 3)).containsExactly(right(7, 3));
            assertThat(Service.ask(teacher, 3, 8)).containsExactly(right(3, 8));
            assertThat(service.requests).hasSize(3);
            assertThat(service.requests.getLast().indices()).containsExactly(8);
        }
        try (PaidTeacher teacher = open(service, limits())) {
            TeacherQuery known = TeacherQuery.logits("data", new int[] {9, 8}, () -> {
                throw new AssertionError("everything is known");
            });
            assertThat(teacher.logits(known).toFloats()).containsExactly(right(9, 8));
            assertThat(teacher.spending().rows()).isEqualTo(6);
            assertThatThrownBy(() -> teacher.answer(new TeacherQuery(
                            "data",
                            new int[] {1},
                            TeacherQuery.NONE,
                            () -> Service.inputs(new int[] {1}),
                            Set.of(Tap.output("x")))))
                    .hasMessageContaining("about logits");
            assertThat(teacher.answer(TeacherQuery.logits("data", new int[0], () -> Service.inputs(new int[0]))))
                    .hasSize(1);
        }
    }

    @Test
    void viewsAndDataSetsAreToldApart() throws IOException {
        Service service = new Service();
        try (PaidTeacher teacher = open(service, limits())) {
            Service.ask(teacher, 1);
            teacher.logits(TeacherQuery.logits("other", new int[] {1}, () -> Service.inputs(new int[] {2})));
            teacher.logits(new TeacherQuery(
                    "data", new int[] {1}, "epoch 3", () -> Service.inputs(new int[] {3}), Set.of(Tap.LOGITS)));
            assertThat(service.requests.stream().map(LabelRequest::id).distinct())
                    .hasSize(3);
        }
    }

    @Test
    void pausesGrowAndServicesAreLeftAloneAsLongAsTheyWish() throws IOException {
        Service service = new Service();
        int[] attempt = {0};
        service.script = (_, right) -> switch (++attempt[0]) {
            case 1, 2, 3 -> throw new EndpointException(Kind.FAILED, "down");
            case 4 -> throw new EndpointException(Kind.BUSY, "later", Duration.ofSeconds(17));
            default -> right;
        };
        Limits exact = limits().withPauses(Duration.ofSeconds(1), Duration.ofSeconds(60), 0);
        try (PaidTeacher teacher = open(service, exact)) {
            Service.ask(teacher, 1);
            assertThat(hand.sleeps)
                    .containsExactly(
                            Duration.ofSeconds(1),
                            Duration.ofSeconds(2),
                            Duration.ofSeconds(4),
                            Duration.ofSeconds(17));
            assertThat(teacher.spending()).isEqualTo(new Spending(1, BigDecimal.ZERO, 1, 0));
        }
        Limits jittered = exact.withPauses(Duration.ofSeconds(1), Duration.ofSeconds(6), .5);
        assertThat(jittered.pause(1, .999).toMillis()).isBetween(500L, 502L);
        assertThat(jittered.pause(3, 0)).isEqualTo(Duration.ofSeconds(4));
        assertThat(jittered.pause(9, 0)).as("no longer than the longest").isEqualTo(Duration.ofSeconds(6));
    }

    @Test
    void aServiceThatAsksForTooLongAPauseIsGivenUp() throws IOException {
        Service service = new Service();
        service.script = (_, _) -> {
            throw new EndpointException(Kind.BUSY, "status 429", Duration.ofHours(1));
        };
        try (PaidTeacher teacher = open(service, limits())) {
            assertThatThrownBy(() -> Service.ask(teacher, 1))
                    .isInstanceOf(TeacherUnavailable.class)
                    .hasMessageContaining("after 1 attempt: status 429; it asks for a pause of 3600 seconds, and");
            assertThat(hand.sleeps).isEmpty();
        }
    }

    @Test
    void aStopKeepsTheAnswerUnderWayAndAsksNothingMore() throws IOException {
        AtomicBoolean stop = new AtomicBoolean();
        Service service = new Service();
        service.script = (request, right) -> {
            service.charge(request);
            stop.set(true); // while the answer is on its way
            return right;
        };
        try (PaidTeacher teacher = open(service, limits()).stoppedBy(stop::get)) {
            assertThatThrownBy(() -> Service.ask(teacher, 0, 1, 2, 3, 4, 5, 6, 7))
                    .isInstanceOf(TrainingStopped.class);
            assertThat(service.chargedRows).isEqualTo(4);
            assertThat(Service.ask(teacher, 0, 1, 2, 3))
                    .as("what is there is still given")
                    .hasSize(12);
            stop.set(false);
            Service.ask(teacher, 0, 1, 2, 3, 4, 5, 6, 7);
            assertThat(service.chargedRows).as("nothing is bought twice").isEqualTo(8);
            assertThat(teacher.spending().unsure()).isZero();
        }
    }

    @Test
    void aStopEndsThePauseThatABusyServiceAskedFor() throws IOException {
        AtomicBoolean stop = new AtomicBoolean();
        Service service = new Service();
        service.script = (_, _) -> {
            stop.set(true);
            throw new EndpointException(Kind.BUSY, "busy", Duration.ofSeconds(50));
        };
        Path path = folder.resolve("labels.journal");
        try (PaidTeacher teacher =
                PaidTeacher.open(service, "t", path, limits()).stoppedBy(stop::get)) {
            assertThatThrownBy(() -> Service.ask(teacher, 0)).isInstanceOf(TrainingStopped.class);
            assertThat(service.requests).hasSize(1);
            assertThat(teacher.spending().rows()).isZero();
        }
    }

    @Test
    void refusalsAreNotRepeatedAndAttemptsAreBounded() throws IOException {
        Service service = new Service();
        service.script = (_, _) -> {
            throw new EndpointException(Kind.REFUSED, "status 401: wrong key");
        };
        try (PaidTeacher teacher = open(service, limits())) {
            assertThatThrownBy(() -> Service.ask(teacher, 1)).hasMessageContaining("wrong key");
            assertThat(service.requests).hasSize(1);
            service.script = (_, _) -> {
                throw new EndpointException(Kind.FAILED, "status 500");
            };
            assertThatThrownBy(() -> Service.ask(teacher, 1)).hasMessageContaining("after 5 attempts: status 500");
            assertThat(service.requests).hasSize(6);
            assertThat(teacher.spending()).isEqualTo(Spending.NONE.plus(0, BigDecimal.ZERO, 0, 0));
        }
    }

    @Test
    void answersThatAreNoneAreChargedAndAskedForAgain() throws IOException {
        Service service = new Service();
        List<Tensor> wrong = List.of(
                Tensor.zeros(2, 3),
                Tensor.zeros(1, 1),
                Tensor.zeros(3),
                Tensor.of(new float[] {1, Float.NaN, 2}).reshape(1, 3),
                Tensor.of(new float[] {1, Float.POSITIVE_INFINITY, 2}).reshape(1, 3));
        for (int i = 0; i < wrong.size(); i++) {
            Tensor bad = wrong.get(i);
            int[] attempt = {0};
            service.script = (_, right) -> attempt[0]++ == 0 ? bad : right;
            int sample = i;
            try (PaidTeacher teacher = open(service, limits())) {
                assertThat(Service.ask(teacher, sample)).containsExactly(right(sample));
                assertThat(attempt[0]).isEqualTo(2);
                assertThat(teacher.spending().rows()).isEqualTo(2 * (i + 1));
            }
        }
        service.script = (request, _) -> Tensor.zeros(request.size(), 4);
        try (PaidTeacher teacher = open(service, limits())) {
            assertThatThrownBy(() -> Service.ask(teacher, 50))
                    .hasMessageContaining("expected 3 classes as before, got 4");
        }
    }

    @Test
    void anotherNumberOfClassesIsPaidForOnce() throws IOException {
        Service service = new Service();
        Path journal = folder.resolve("labels.journal");
        try (PaidTeacher teacher = PaidTeacher.open(service, "model", journal, limits(), 10)) {
            assertThatThrownBy(() -> Service.ask(teacher, 1, 2))
                    .isInstanceOf(TeacherUnavailable.class)
                    .hasMessageContaining("expected answers of 10 classes, got 3");
            assertThat(service.requests).hasSize(1);
        }
        try (PaidTeacher teacher = PaidTeacher.open(service, "model", journal, limits(), 3)) {
            assertThat(Service.ask(teacher, 1, 2)).containsExactly(right(1, 2));
        }
        assertThatThrownBy(() -> PaidTeacher.open(service, "model", journal, limits(), 10))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("expected answers of 10 classes");
        try (PaidTeacher teacher = PaidTeacher.open(service, "model", journal, limits())) { // the lock was given up
            assertThat(Service.ask(teacher, 2)).containsExactly(right(2));
        }
    }

    @Test
    void theRateIsKept() throws IOException {
        Service service = new Service();
        try (PaidTeacher teacher = open(service, limits().withRequests(1, 1, 4))) {
            Service.ask(teacher, 1, 2, 3);
            assertThat(hand.sleeps).containsExactly(Duration.ofMillis(250), Duration.ofMillis(250));
        }
    }

    @Test
    void theBudgetIsUsedUpToItsLastSample() throws IOException {
        Service service = new Service();
        service.script = (request, right) -> {
            service.charge(request);
            return right;
        };
        Limits limits = limits().withPrice(Price.perRow("0.03", "EUR"), "0.20");
        try (PaidTeacher teacher = open(service, limits)) {
            int[] ten = IntStream.range(0, 10).toArray();
            TeacherUnavailable thrown = catchThrowableOfType(TeacherUnavailable.class, () -> Service.ask(teacher, ten));
            assertThat(thrown.isOverBudget()).isTrue();
            assertThat(thrown).hasMessageContaining("and 0.20 EUR does not cover 4 more; spent 6 samples, 0.18 EUR");
            assertThat(service.chargedRows).isEqualTo(6);
            assertThat(Service.ask(teacher, 0, 1, 2, 3, 4, 5)).containsExactly(right(0, 1, 2, 3, 4, 5));
        }
        try (PaidTeacher teacher = open(service, limits.withPrice(Price.perRow("0.03", "EUR"), "0.21"))) {
            assertThat(Service.ask(teacher, 6)).as("a larger budget goes on").containsExactly(right(6));
            assertThatThrownBy(() -> Service.ask(teacher, 7)).hasMessageContaining("does not cover 1 more");
        }
    }

    /// Every kind of failure at random, kills included: the service never charges more than the budget, no
    /// answer is lost, none is bought twice.
    @Test
    void noFailureBreaksTheBudgetOrLosesALabel() throws IOException {
        for (int seed = 0; seed < 40; seed++) {
            Rng rng = new Rng(seed);
            Path journal = folder.resolve("random-" + seed + ".journal");
            Service service = new Service();
            service.once = seed % 2 == 0;
            Set<Integer> delivered = new java.util.HashSet<>();
            service.script = (request, right) -> {
                assertThat(Arrays.stream(request.indices())).as("bought twice").noneMatch(delivered::contains);
                return misfortune(service, request, right, rng);
            };
            Price price = new Price(new BigDecimal("0.01"), new BigDecimal("0.005"), "EUR");
            Limits limits = limits().withPrice(price, "1.10");
            int deaths = 0;
            boolean done = false;
            while (!done && deaths < 60) {
                try (LabelJournal file = LabelJournal.open(journal, "t");
                        PaidTeacher teacher = new PaidTeacher(service, "t", file, limits, hand, 0)) {
                    IntStream.range(0, 100).filter(i -> file.has("data", i)).forEach(delivered::add);
                    int[] wanted = IntStream.range(0, 40 + rng.nextInt(20)).toArray();
                    assertThat(Service.ask(teacher, wanted)).containsExactly(right(wanted));
                    Arrays.stream(wanted).forEach(delivered::add);
                    done = true;
                } catch (TeacherUnavailable e) {
                    done = e.isOverBudget();
                    deaths++;
                } catch (Killed e) {
                    deaths++;
                }
                BigDecimal paid = price.of(service.chargedRows, service.chargedRequests);
                assertThat(paid).as("seed %d", seed).isLessThanOrEqualTo(new BigDecimal("1.10"));
                try (LabelJournal file = LabelJournal.open(journal, "t")) {
                    assertThat(file.spending().amount())
                            .as("what is written down covers what is charged")
                            .isGreaterThanOrEqualTo(paid);
                    assertThat(file.spending().amount()).isLessThanOrEqualTo(new BigDecimal("1.10"));
                    assertThat(delivered).allMatch(i -> file.has("data", i));
                }
            }
            assertThat(done).as("seed %d", seed).isTrue();
        }
    }

    private static Tensor misfortune(Service service, LabelRequest request, Tensor right, Rng rng)
            throws EndpointException {
        int fate = rng.nextInt(16);
        if (fate == 0) {
            throw new Killed(); // before it arrived
        }
        if (fate == 1) {
            throw new EndpointException(Kind.FAILED, "500");
        }
        if (fate == 2) {
            throw new EndpointException(Kind.BUSY, "429", Duration.ofMillis(10));
        }
        service.charge(request);
        if (fate == 3) {
            throw new Killed(); // after it was charged
        }
        if (fate == 4) {
            throw new EndpointException(Kind.UNKNOWN, "reset");
        }
        return fate == 5 ? Tensor.zeros(1, 1) : right;
    }

    @Test
    void requestsThatWereCutOffAreRepeatedWholeWithTheSameId() throws IOException {
        Service service = new Service();
        service.once = true;
        service.script = (request, _) -> {
            service.charge(request);
            throw new Killed();
        };
        PaidTeacher dying = open(service, limits());
        assertThatThrownBy(() -> Service.ask(dying, 1, 2, 3, 4, 5)).isInstanceOf(Killed.class);
        dying.close();
        service.script = (request, right) -> {
            service.charge(request);
            return right;
        };
        try (PaidTeacher teacher = open(service, limits().withRequests(3, 5, 0))) {
            assertThat(Service.ask(teacher, 9, 5, 4, 3, 2, 1)).containsExactly(right(9, 5, 4, 3, 2, 1));
            assertThat(service.requests.get(1).id())
                    .isEqualTo(service.requests.get(0).id());
            assertThat(service.chargedRows).isEqualTo(6);
            assertThat(teacher.spending().rows()).isEqualTo(6);
            assertThat(teacher.spending().unsure()).isZero();
        }
    }

    @Test
    void limitsAreChecked() {
        assertThatThrownBy(() -> Limits.rows(-1)).hasMessageContaining("rows -1");
        assertThatThrownBy(() -> limits().withRequests(0, 1, 0)).hasMessageContaining("batch 0");
        assertThatThrownBy(() -> limits().withRequests(1, 1, Double.NaN)).hasMessageContaining("NaN");
        assertThatThrownBy(() -> limits().withPauses(Duration.ofSeconds(2), Duration.ofSeconds(1), 0))
                .hasMessageContaining("longest");
        assertThatThrownBy(() -> Price.perRow("-1", "EUR")).hasMessageContaining("at least 0");
    }
}
