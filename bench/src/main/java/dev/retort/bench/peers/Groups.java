package dev.retort.bench.peers;

import dev.retort.bench.CommandException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The kinds of rows; each kind is measured in a process of its own.
final class Groups {
    /// What each kind holds, and the memory in MiB that its largest row needs on both sides together.
    private record Group(String contents, int mebibytes) {}

    private static final Map<String, Group> ALL = new LinkedHashMap<>();

    static {
        ALL.put(
                "gemm",
                new Group("matrix products: large, transposed, odd, small, batched; matrix times vector", 2000));
        ALL.put("conv", new Group("convolutions, forward and with both gradients; stem; depthwise", 3000));
        ALL.put("pointwise", new Group("element-wise, norms, softmax, cross-entropy, optimiser updates", 3000));
        ALL.put("attention", new Group("scaled dot-product attention, forward, backward and decoding", 2000));
        ALL.put("training", new Group("whole training steps of five networks", 11000));
        ALL.put("inference", new Group("single requests and batches, prompts and decoding of GPT-2 small", 6000));
        ALL.put("startup", new Group("a fresh process up to its first training step, and to steady state", 3000));
        ALL.put("memory", new Group("live bytes of a training step at their peak", 7000));
    }

    private Groups() {}

    static List<String> names() {
        return List.copyOf(ALL.keySet());
    }

    static int mebibytes(String name) {
        Group group = ALL.get(name);
        return group == null ? 0 : group.mebibytes;
    }

    /// The groups to run: all, or those that `chosen` names.
    ///
    /// @throws CommandException if there is no group of a chosen name
    static List<String> choose(List<String> chosen) {
        List<String> result = new ArrayList<>();
        for (String name : chosen) {
            if (!ALL.containsKey(name)) {
                throw new CommandException(
                        "bench peers: no rows '" + name + "'; there are " + String.join(", ", names()));
            }
            result.add(name);
        }
        return result.isEmpty() ? names() : result;
    }

    /// One line a group.
    static String describe() {
        StringBuilder text = new StringBuilder();
        ALL.forEach((name, group) -> text.append(String.format("%-10s %s%n", name, group.contents)));
        return text.toString();
    }
}
