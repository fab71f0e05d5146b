package dev.retort.bench.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/// What a training step holds at its peak: Retort's live bytes, and the growth of the peer's
/// resident memory.
final class MemoryRows {
    /// The small heap whose speed the note tells, as a multiple of the live bytes.
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
                quick ? "" : heapNote(workload, heap, live)));
    }

    /// How much longer a step takes in a small heap: one number of two processes, which a noisy machine moves
    /// too. A search for the heap that is just enough took minutes a network.
    private String heapNote(String workload, String heap, double live) {
        String small = Math.round(live * SMALL) + "m";
        double full = number(List.of("memory", "speed", workload), heap);
        try {
            double there = number(List.of("memory", "speed", workload), small);
            return String.format(Locale.ROOT, "a step takes %.2f times as long in a heap of %s", there / full, small);
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
