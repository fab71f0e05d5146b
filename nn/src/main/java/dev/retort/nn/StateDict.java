package dev.retort.nn;

import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Saves and restores the tensors of a module by name.
final class StateDict {
    private StateDict() {}

    static Map<String, Tensor> of(Module root) {
        Map<String, Tensor> state = new LinkedHashMap<>();
        ModuleTree.walk(root, "", (path, module) -> {
            ModuleTree.eachParameter(
                    module,
                    path,
                    (name, parameter) -> state.put(name, parameter.tensor().detach()));
            ModuleTree.eachBuffer(module, path, (name, buffer) -> state.put(name, buffer.tensor()));
        });
        return state;
    }

    static void load(Module root, Map<String, Tensor> source, boolean strict) {
        Map<String, Tensor> own = of(root);
        Set<String> optional = optionalNames(root);
        List<String> missing = new ArrayList<>();
        List<String> misshaped = new ArrayList<>();
        Map<Parameter, String> tied = givenNames(root, source);
        own.forEach((name, tensor) -> {
            Tensor given = source.get(name);
            if (given == null) {
                if (!optional.contains(name) && !isTied(root, name, tied)) {
                    missing.add(name);
                }
            } else if (!given.shape().equals(tensor.shape())) {
                misshaped.add(name + ": expects " + tensor.shape() + ", got " + given.shape());
            }
        });
        Set<String> unexpected = new LinkedHashSet<>(source.keySet());
        unexpected.removeAll(own.keySet());
        boolean namesDiffer = !missing.isEmpty() || !unexpected.isEmpty();
        if (!misshaped.isEmpty() || (strict && namesDiffer)) {
            throw new IllegalArgumentException(report(root, strict, missing, unexpected, misshaped));
        }
        own.forEach((name, tensor) -> {
            Tensor given = source.get(name);
            if (given != null) {
                tensor.copyFrom(given.detach().to(tensor.device()));
            }
        });
    }

    /// Parameters that the source has, with one name of each. A parameter that is held in several places
    /// (tied weights) need not be given under all its names; safetensors files have it once.
    private static Map<Parameter, String> givenNames(Module root, Map<String, Tensor> source) {
        Map<Parameter, String> given = new IdentityHashMap<>();
        ModuleTree.walk(
                root,
                "",
                (path, module) -> ModuleTree.eachParameter(module, path, (name, parameter) -> {
                    if (source.containsKey(name)) {
                        given.put(parameter, name);
                    }
                }));
        return given;
    }

    private static boolean isTied(Module root, String name, Map<Parameter, String> given) {
        boolean[] found = {false};
        ModuleTree.walk(
                root,
                "",
                (path, module) -> ModuleTree.eachParameter(
                        module,
                        path,
                        (own, parameter) -> found[0] |= own.equals(name) && given.containsKey(parameter)));
        return found[0];
    }

    private static Set<String> optionalNames(Module root) {
        Set<String> names = new LinkedHashSet<>();
        root.namedBuffers().forEach((name, buffer) -> {
            if (buffer.optional()) {
                names.add(name);
            }
        });
        return names;
    }

    private static String report(
            Module root, boolean strict, List<String> missing, Set<String> unexpected, List<String> misshaped) {
        StringBuilder text = new StringBuilder("loadStateDict: the state does not fit ")
                .append(root.getClass().getSimpleName());
        if (strict && !missing.isEmpty()) {
            text.append("; missing: ").append(String.join(", ", missing));
        }
        if (strict && !unexpected.isEmpty()) {
            text.append("; unexpected: ").append(String.join(", ", unexpected));
        }
        if (!misshaped.isEmpty()) {
            text.append("; wrong shape: ").append(String.join(", ", misshaped));
        }
        return text.toString();
    }
}
