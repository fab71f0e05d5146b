package dev.retort.nn;

import dev.retort.tensor.Rng;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

/// Walks over a tree of modules.
final class ModuleTree {
    private ModuleTree() {}

    static String join(String prefix, String name) {
        return prefix.isEmpty() ? name : prefix + "." + name;
    }

    static Map<String, Module> modules(Module root) {
        Map<String, Module> found = new LinkedHashMap<>();
        Set<Module> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        walk(root, "", (path, module) -> {
            if (seen.add(module)) {
                found.put(path, module);
            }
        });
        return found;
    }

    /// Every place in the tree, also the second place of a module used twice.
    static void walk(Module module, String path, BiConsumer<String, Module> visitor) {
        visitor.accept(path, module);
        module.children().forEach((name, child) -> walk(child, join(path, name), visitor));
    }

    static Module find(Module root, String path) {
        Module at = root;
        String walked = "";
        for (String name : path.isEmpty() ? new String[0] : path.split("\\.", -1)) {
            Module next = at.children().get(name);
            if (next == null) {
                throw new IllegalArgumentException("module: no module '" + path + "': "
                        + (walked.isEmpty() ? "the root" : "'" + walked + "'") + " has children "
                        + at.children().keySet());
            }
            at = next;
            walked = join(walked, name);
        }
        return at;
    }

    static Map<String, Parameter> parameters(Module root) {
        Map<String, Parameter> found = new LinkedHashMap<>();
        Set<Parameter> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        walk(
                root,
                "",
                (path, module) -> eachParameter(module, path, (name, parameter) -> {
                    if (seen.add(parameter)) {
                        found.put(name, parameter);
                    }
                }));
        return found;
    }

    /// Own parameters, each followed by those of its parametrisations.
    static void eachParameter(Module module, String path, BiConsumer<String, Parameter> visitor) {
        module.ownParameters().forEach((name, parameter) -> {
            visitor.accept(join(path, name), parameter);
            for (Parametrization view : parameter.parametrizations()) {
                view.parameters().forEach((own, part) -> visitor.accept(join(path, name + "_" + own), part));
            }
        });
    }

    /// Constants of parametrisations, then own buffers.
    static void eachBuffer(Module module, String path, BiConsumer<String, Buffer> visitor) {
        module.ownParameters().forEach((name, parameter) -> {
            for (Parametrization view : parameter.parametrizations()) {
                view.buffers().forEach((own, part) -> visitor.accept(join(path, name + "_" + own), part));
            }
        });
        module.ownBuffers().forEach((name, buffer) -> visitor.accept(join(path, name), buffer));
    }

    static Map<String, Buffer> buffers(Module root) {
        Map<String, Buffer> found = new LinkedHashMap<>();
        walk(root, "", (path, module) -> eachBuffer(module, path, found::put));
        return found;
    }

    static Map<String, Rng> generators(Module root) {
        Map<String, Rng> found = new LinkedHashMap<>();
        Set<Rng> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        walk(
                root,
                "",
                (path, module) -> module.ownGenerators().forEach((name, rng) -> {
                    if (seen.add(rng)) {
                        found.put(join(path, name), rng);
                    }
                }));
        return found;
    }

    static String print(Module module, String indent) {
        StringBuilder text = new StringBuilder(module.describe());
        module.children()
                .forEach((name, child) -> text.append('\n')
                        .append(indent)
                        .append("  ")
                        .append(name)
                        .append(": ")
                        .append(print(child, indent + "  ")));
        return text.toString();
    }
}
