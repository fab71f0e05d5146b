package dev.retort.bench.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// What a training step holds at its peak: Retort's live bytes, and the growth of the peer's
/// resident memory.
final class MemoryRows {
    /// Heaps tried, as multiples of the live bytes.
    private static final double[] HEAPS = {1.25, 1.5, 2, 2.5, 3};

    private static final double FULL_SPEED = 1.05;

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

    private String heapNote(String workload, String heap, double live) {
        double full = number(List.of("memory", "speed", workload), heap);
        for (double factor : HEAPS) {
            String size = Math.round(live * factor) + "m";
            try {
                if (number(List.of("memory", "speed", workload), size) <= FULL_SPEED * full) {
                    return "full speed with a heap of " + size;
                }
            } catch (IllegalStateException e) {
                continue; // too small to run at all
            }
        }
        return "full speed needs a heap of more than " + Math.round(live * HEAPS[HEAPS.length - 1]) + "m";
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
