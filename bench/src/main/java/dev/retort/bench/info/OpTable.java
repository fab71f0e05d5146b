package dev.retort.bench.info;

import dev.retort.tensor.Backends;
import dev.retort.tensor.op.CustomOp;
import dev.retort.tensor.op.Op;
import dev.retort.tensor.spi.Backend;
import dev.retort.tensor.spi.BackendProvider;
import dev.retort.tensor.spi.OpRoute;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/// `retort info --ops`: every op record of the family, and how each device runs it.
final class OpTable {
    private OpTable() {}

    static void print(PrintWriter out, boolean json) {
        Map<String, Map<String, OpRoute>> table = new LinkedHashMap<>();
        for (BackendProvider provider : Backends.providers()) {
            for (Backend backend : provider.backends()) {
                table.put(backend.device() + ", " + backend.description(), routes(backend));
            }
        }
        if (json) {
            out.println(JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(table));
            return;
        }
        if (table.isEmpty()) {
            out.println("no device other than the CPU:");
            Backends.providers().forEach(provider -> out.println(provider.type() + ": " + provider.status()));
        }
        table.forEach((device, routes) -> {
            out.println(device);
            routes.forEach((op, route) -> out.printf(
                    Locale.ROOT, "  %-44s %-10s %s%n", op, route.kind().name().toLowerCase(Locale.ROOT), route.note()));
        });
    }

    private static Map<String, OpRoute> routes(Backend backend) {
        Map<String, OpRoute> routes = new LinkedHashMap<>();
        for (Class<? extends Op> op : records(Op.class, new ArrayList<>())) {
            String family =
                    op.getEnclosingClass() == null ? "" : op.getEnclosingClass().getSimpleName() + ".";
            routes.put(family + op.getSimpleName(), backend.route(op));
        }
        return routes;
    }

    /// The records below a sealed interface; custom ops are open-ended and run as what they are made of.
    private static List<Class<? extends Op>> records(Class<?> type, List<Class<? extends Op>> found) {
        if (type.isRecord()) {
            found.add(type.asSubclass(Op.class));
        } else if (type != CustomOp.class && type.isSealed()) {
            for (Class<?> permitted : type.getPermittedSubclasses()) {
                records(permitted, found);
            }
        }
        return found;
    }
}
