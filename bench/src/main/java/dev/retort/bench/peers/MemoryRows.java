package dev.retort.bench.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/// What a training step holds at its peak: Retort's live bytes, and the growth of the peer's
/// resident memory.
final class MemoryRows {
    /// The small heap that the note is about, as a multiple of the live bytes.
    private static final double SMALL = 1.5;

    private final DuelProcess process;
    private final boolean quick;

    MemoryRows(DuelProcess process, boolean quick) {
        this.process = process;
        this.quick = quick;
    }

    /// Measures one network.
    ///
    /// @param workload its name among those of the training rows
    /// @param label    what the row is called
    void measure(String workload, String label, String heap, Consumer<Measurement> rows) {
        double live = number(List.of("memory", "retort", workload), heap);
        double peer = number(List.of("memory", "peer", workload), heap);
        rows.accept(new Measurement(
                "memory " + label,
                "memory",
                1,
                live,
                "libtorch",
                peer,
                peer / live,
                peer / live,
                peer / live,
                1,
                0,
                0,
                0,
                Map.of(),
                quick ? "" : heapNote(workload, live)));
    }

    /// What collections cost in a small heap. A share of time within one process, which a noisy machine leaves as
    /// it is; a search for the heap with full speed took minutes a network, and found what the noise said.
    private String heapNote(String workload, double live) {
        String small = Math.round(live * SMALL) + "m";
        try {
            double share = number(List.of("memory", "collections", workload), small);
            return String.format(Locale.ROOT, "collections take %.0f %% of a step in a heap of %s", 100 * share, small);
        } catch (IllegalStateException e) {
            return "does not run in a heap of " + small;
        }
    }

    private double number(List<String> arguments, String heap) {
        List<Double> found = new ArrayList<>();
        int code = process.run(arguments, heap, (kind, text) -> {
            if (kind.equals("number")) {
                found.add(Double.parseDouble(text));
            }
        });
        if (code != 0 || found.isEmpty()) {
            throw new IllegalStateException(String.join(" ", arguments) + ": the process ended with code " + code);
        }
        return found.getFirst();
    }
}
