package dev.retort.distill.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Real processes, killed while they buy.
@Timeout(240)
class KilledBuyerTest {
    private static final int BATCH = 3;

    @TempDir
    private Path folder;

    private Process start(LabelServer server, Path journal, boolean once) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> command = List.of(
                java,
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-Ddev.retort.vector=off",
                "-cp",
                System.getProperty("java.class.path"),
                LabelBuyer.class.getName(),
                server.uri().toString(),
                journal.toString(),
                String.valueOf(once));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("output.txt").toFile())
                .start();
    }

    /// Kills a buyer just as its request number `last` is being served, the answer half way.
    private int deaths(LabelServer server, Path journal, boolean once, int[] served) throws Exception {
        Set<String> charged = ConcurrentHashMap.newKeySet();
        AtomicInteger left = new AtomicInteger();
        Process[] buyer = new Process[1];
        server.handle((exchange, request) -> {
            if (!once || charged.add(request.get("id").asText())) {
                server.charge(request);
            }
            if (left.decrementAndGet() == 0) {
                buyer[0].destroyForcibly();
            }
            LabelServer.answer(exchange, request);
        });
        for (int requests : served) {
            left.set(requests);
            synchronized (buyer) {
                buyer[0] = start(server, journal, once);
            }
            assertThat(buyer[0].waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(buyer[0].exitValue()).isNotZero();
        }
        left.set(-1);
        buyer[0] = start(server, journal, once);
        assertThat(buyer[0].waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(buyer[0].exitValue())
                .as(Files.readString(folder.resolve("output.txt")))
                .isZero();
        return served.length;
    }

    @Test
    void nothingIsLostAndAtMostTheRequestInFlightIsBoughtTwice() throws Exception {
        Path journal = folder.resolve("labels.journal");
        try (LabelServer server = new LabelServer()) {
            int deaths = deaths(server, journal, false, new int[] {1, 4, 2});
            int charges =
                    server.charges.values().stream().mapToInt(Integer::intValue).sum();
            assertThat(server.charges).hasSize(LabelBuyer.SAMPLES);
            assertThat(charges).isBetween(LabelBuyer.SAMPLES, LabelBuyer.SAMPLES + deaths * BATCH);
            requireComplete(journal, charges);
        }
    }

    @Test
    void aServiceThatKnowsKeysChargesEachSampleOnce() throws Exception {
        Path journal = folder.resolve("labels.journal");
        try (LabelServer server = new LabelServer()) {
            deaths(server, journal, true, new int[] {3, 1});
            assertThat(server.charges).hasSize(LabelBuyer.SAMPLES);
            assertThat(server.charges.values()).allMatch(charge -> charge == 1);
            requireComplete(journal, LabelBuyer.SAMPLES);
        }
    }

    private static void requireComplete(Path journal, int charges) throws IOException {
        int[] all = IntStream.range(0, LabelBuyer.SAMPLES).toArray();
        String teacher = dev.retort.distill.teacher.Fingerprint.of("remote", "m");
        try (LabelJournal file = LabelJournal.open(journal, teacher)) {
            assertThat(file.get("data", all).toFloats())
                    .containsExactly(Service.right(Service.inputs(all)).toFloats());
            assertThat(file.spending().rows()).as("covers what was charged").isGreaterThanOrEqualTo(charges);
        }
    }

    @Test
    void aSecondProcessIsRefused() throws Exception {
        Path journal = folder.resolve("labels.journal");
        try (LabelServer server = new LabelServer();
                LabelJournal _ = LabelJournal.open(journal, dev.retort.distill.teacher.Fingerprint.of("remote", "m"))) {
            Process second = start(server, journal, false);
            assertThat(second.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(second.exitValue()).isNotZero();
            assertThat(Files.readString(folder.resolve("output.txt"))).contains("expected to be the only user of");
            assertThat(server.requests).isEmpty();
        }
    }
}
