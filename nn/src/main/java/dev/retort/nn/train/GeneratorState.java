package dev.retort.nn.train;

import dev.retort.nn.StateValues;
import dev.retort.nn.Stateful;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The positions of random generators by name.
record GeneratorState(Map<String, Rng> generators) implements Stateful {
    @Override
    public Map<String, Tensor> stateDict() {
        Map<String, Tensor> state = new LinkedHashMap<>();
        generators.forEach((name, rng) -> state.put(name, Tensor.of(new long[] {rng.seed(), rng.position()})));
        return state;
    }

    @Override
    public void loadStateDict(Map<String, Tensor> state) {
        StateValues.expect("random generators", state, generators.keySet());
        List<String> wrong = generators.entrySet().stream()
                .filter(entry -> !fits(state, entry.getKey(), entry.getValue()))
                .map(Map.Entry::getKey)
                .toList();
        if (!wrong.isEmpty()) {
            throw new IllegalArgumentException(
                    "loadStateDict: the random generators were made from other seeds: " + String.join(", ", wrong));
        }
        generators.forEach((name, rng) -> rng.position(values(state, name)[1]));
    }

    private static boolean fits(Map<String, Tensor> state, String name, Rng rng) {
        long[] values = values(state, name);
        return values.length == 2 && values[0] == rng.seed();
    }

    private static long[] values(Map<String, Tensor> state, String name) {
        Tensor found = state.get(name);
        return found == null ? new long[0] : found.toLongs();
    }
}
