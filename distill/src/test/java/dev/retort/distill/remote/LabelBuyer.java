package dev.retort.distill.remote;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.IntStream;

/// A process that buys labels until it is killed.
final class LabelBuyer {
    static final int SAMPLES = 60;

    private LabelBuyer() {}

    /// Arguments: address, journal, whether the service charges once.
    public static void main(String[] arguments) throws IOException {
        HttpEndpoint endpoint = HttpEndpoint.at(URI.create(arguments[0]));
        Limits limits =
                Limits.rows(1_000).withRequests(3, 10, 0).withPauses(Duration.ofMillis(5), Duration.ofMillis(50), .5);
        try (PaidTeacher teacher = PaidTeacher.open(
                arguments[2].equals("true") ? endpoint.chargingOnce() : endpoint, "m", Path.of(arguments[1]), limits)) {
            Service.ask(teacher, IntStream.range(0, SAMPLES).toArray());
        }
    }
}
