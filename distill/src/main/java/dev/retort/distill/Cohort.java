package dev.retort.distill;

import dev.retort.distill.feature.Features;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.feature.TapDropout;
import dev.retort.nn.Layer;
import dev.retort.nn.ModuleHook;
import dev.retort.nn.train.Replicas;
import dev.retort.tensor.Device;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/// The students of a stage, on one device or on several.
///
/// With several, each device runs its replicas of the students on a share of every micro-batch; what the taps see
/// there is joined on the first device, where teacher, adapters and losses are. So every loss sees whole micro-batches,
/// also one that relates samples to each other, and the gradient is that of one device up to rounding. What differs is
/// what a student does across samples: batch norm normalises each share by itself, dropout draws other masks (see
/// [Replicas]).
final class Cohort {
    /// Batch norm can't train on one sample.
    private static final int SMALLEST_SHARE = 2;

    private final List<Replicas<Layer>> peers = new ArrayList<>();
    private final List<Device> devices;
    private int[] rows;

    /// Students that stay where they are.
    Cohort(List<Layer> students) {
        this(
                students,
                () -> {
                    throw new IllegalStateException("distillation: one device needs no replicas");
                },
                List.of(students.getFirst().device()));
    }

    /// Moves the students to the first device, and their replicas to the others.
    ///
    /// @param blueprint makes networks like the students
    /// @param devices   at least one
    Cohort(List<Layer> students, Supplier<Layer> blueprint, List<Device> devices) {
        this.devices = List.copyOf(devices);
        rows = new int[devices.size()];
        students.forEach(student -> peers.add(new Replicas<>(student, blueprint, devices)));
    }

    List<Layer> students() {
        return peers.stream().map(Replicas::model).toList();
    }

    /// Whether there is one device.
    boolean isAlone() {
        return devices.size() == 1;
    }

    /// Where the students themselves are, and all that is computed with their answers.
    Device device() {
        return devices.getFirst();
    }

    /// Begins a step: all in training mode, replicas as their students are now.
    void begin() {
        rows = new int[devices.size()];
        peers.forEach(peer -> peer.model().train());
        if (devices.size() > 1) {
            peers.forEach(Replicas::spread);
        }
    }

    /// What the taps see, by peer, by view.
    ///
    /// @param views   inputs of one micro-batch on the first device
    /// @param dropout more of it, at these sites
    /// @param noise   the dropout's draws, by peer
    List<List<Map<Tap, Tensor>>> answers(List<Tensor> views, Set<Tap> taps, List<TapDropout> dropout, List<Rng> noise) {
        int[] shares = shares(views.getFirst().size(0));
        for (int r = 0; r < shares.length; r++) {
            rows[r] += shares[r];
        }
        // All shares first: cutting one off waits for what its device has been given to do until then.
        List<List<Tensor>> cut = IntStream.range(0, shares.length)
                .mapToObj(
                        r -> views.stream().map(view -> share(view, shares, r)).toList())
                .toList();
        List<List<Map<Tap, Tensor>>> answers = new ArrayList<>();
        for (int peer = 0; peer < peers.size(); peer++) {
            List<List<Map<Tap, Tensor>>> parts = new ArrayList<>();
            for (int r = 0; r < shares.length; r++) {
                Rng rng = r == 0 ? noise.get(peer) : noise.get(peer).fork(r);
                parts.add(answers(peers.get(peer).on(r), cut.get(r), taps, dropout, rng));
            }
            answers.add(IntStream.range(0, views.size())
                    .mapToObj(view ->
                            joined(parts.stream().map(part -> part.get(view)).toList()))
                    .toList());
        }
        return answers;
    }

    /// Rows of each device that has any.
    private int[] shares(int count) {
        int used = Math.max(1, Math.min(devices.size(), count / SMALLEST_SHARE));
        return IntStream.range(0, used)
                .map(r -> count / used + (r < count % used ? 1 : 0))
                .toArray();
    }

    private Tensor share(Tensor view, int[] shares, int place) {
        int from = IntStream.range(0, place).map(r -> shares[r]).sum();
        return shares.length == 1 ? view : view.narrow(0, from, shares[place]).to(devices.get(place));
    }

    private static List<Map<Tap, Tensor>> answers(
            Layer student, List<Tensor> inputs, Set<Tap> taps, List<TapDropout> dropout, Rng noise) {
        List<ModuleHook> hooks = new ArrayList<>();
        List<Map<Tap, Tensor>> seen = new ArrayList<>();
        try {
            dropout.forEach(site -> hooks.add(site.on(student, noise)));
            inputs.forEach(input -> seen.add(Features.of(student, input, taps)));
        } finally {
            hooks.forEach(ModuleHook::close);
        }
        return seen;
    }

    /// The shares of one view below each other, on the first device.
    private Map<Tap, Tensor> joined(List<Map<Tap, Tensor>> parts) {
        if (parts.size() == 1) {
            return parts.getFirst();
        }
        Map<Tap, Tensor> whole = new LinkedHashMap<>();
        for (Tap tap : parts.getFirst().keySet()) {
            Tensor[] shares = parts.stream()
                    .map(part -> Objects.requireNonNull(part.get(tap)).to(device()))
                    .toArray(Tensor[]::new);
            whole.put(tap, Tensor.cat(0, shares));
        }
        return whole;
    }

    /// Ends the backward passes of a step: gradients and running statistics of all shares are in the students.
    void gather() {
        int used = (int) IntStream.of(rows).filter(count -> count > 0).count();
        if (used > 1) {
            for (Replicas<Layer> peer : peers) {
                peer.gather(used, 1);
                peer.mergeStatistics(rows);
            }
        }
    }
}
