package dev.retort.nn.inspect;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradScope;
import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.nn.ModuleHook;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.Op;
import dev.retort.tensor.op.ShapeOp;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The modules of a model with output shapes, parameters and costs, found by a dry run.
///
/// ```java
/// System.out.println(Summary.of(model, Tensor.zeros(1, 3, 32, 32)));
/// ```
///
/// @param rows            one for each module that ran, parents first
/// @param parameters      elements of all parameters
/// @param trainable       elements of the parameters that are trained
/// @param flops           floating-point operations of the run; see [FlopCount]
/// @param activationBytes bytes of everything that ops computed in the run: an upper bound of what
///                        training keeps
public record Summary(List<Row> rows, long parameters, long trainable, long flops, long activationBytes) {
    /// One module.
    ///
    /// @param path       names from the root, empty for the root
    /// @param type       simple name of the class
    /// @param outputs    shapes of its results, of the last call
    /// @param parameters elements of its own parameters and of all modules below
    /// @param flops      operations inside it and below, of all calls
    public record Row(String path, String type, List<Shape> outputs, long parameters, long flops) {}

    /// Runs `model` on `input` in evaluation mode without recording, and puts it back in its mode.
    public static Summary of(Layer model, Tensor input) {
        return of(model, () -> model.call(input));
    }

    /// Runs `dryRun`, which calls `model`, in evaluation mode without recording; for modules with
    /// several inputs.
    public static Summary of(Module model, Runnable dryRun) {
        Map<Module, List<Shape>> shapes = new IdentityHashMap<>();
        Tally tally = new Tally(Engine.listener());
        List<ModuleHook> hooks = new ArrayList<>();
        boolean training = model.isTraining();
        model.eval();
        try (GradScope _ = Autograd.noGrad()) {
            model.apply(module -> hooks.add(module.hook((m, in, out) -> shapes.put(m, shapesOf(out)))));
            Engine.listener(tally);
            dryRun.run();
        } finally {
            Engine.listener(tally.next);
            hooks.forEach(ModuleHook::close);
            model.train(training);
        }
        List<Row> rows = new ArrayList<>();
        model.modules().forEach((path, module) -> {
            List<Shape> outputs = shapes.get(module);
            if (outputs != null) {
                rows.add(new Row(
                        path,
                        module.getClass().getSimpleName(),
                        outputs,
                        module.parameterCount(),
                        tally.below(module)));
            }
        });
        long trainable = model.trainableParameterCount();
        return new Summary(List.copyOf(rows), model.parameterCount(), trainable, tally.total, tally.bytes);
    }

    private static List<Shape> shapesOf(Tensor[] tensors) {
        List<Shape> shapes = new ArrayList<>();
        for (Tensor tensor : tensors) {
            shapes.add(tensor.shape());
        }
        return List.copyOf(shapes);
    }

    /// Adds up what this thread executes, by the innermost module.
    private static final class Tally implements Engine.ExecutionListener {
        private final Engine.@Nullable ExecutionListener next;
        private final Thread owner = Thread.currentThread();
        private final Map<Module, Long> flops = new IdentityHashMap<>();
        private long total;
        private long bytes;

        Tally(Engine.@Nullable ExecutionListener next) {
            this.next = next;
        }

        @Override
        public void executed(Op op, Tensor[] inputs, Tensor[] outputs, long nanos) {
            if (next != null) {
                next.executed(op, inputs, outputs, nanos);
            }
            if (Thread.currentThread() != owner) {
                return;
            }
            long cost = FlopCount.of(op, inputs, outputs);
            total += cost;
            Module module = Module.current();
            if (module != null) {
                flops.merge(module, cost, Long::sum);
            }
            for (Tensor output : outputs) {
                bytes += op instanceof ShapeOp.View
                        ? 0
                        : (long) output.numel() * output.dtype().bytes();
            }
        }

        long below(Module module) {
            return module.modules().values().stream()
                    .mapToLong(m -> flops.getOrDefault(m, 0L))
                    .sum();
        }
    }

    /// A table with one line a module and the totals.
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        line(text, "module", "type", "output", "parameters", "FLOPs");
        for (Row row : rows) {
            line(
                    text,
                    row.path.isEmpty() ? "(model)" : row.path,
                    row.type,
                    String.join(" ", row.outputs.stream().map(Shape::toString).toList()),
                    String.format(Locale.ROOT, "%,d", row.parameters),
                    String.format(Locale.ROOT, "%,d", row.flops));
        }
        return text.append(String.format(
                        Locale.ROOT,
                        "%,d parameters (%,d trained), %,d FLOPs, %.1f MiB of activations%n",
                        parameters,
                        trainable,
                        flops,
                        activationBytes / 1048576.0))
                .toString();
    }

    private static void line(StringBuilder text, String... cells) {
        text.append(String.format("%-28s %-22s %-20s %14s %16s%n", cells[0], cells[1], cells[2], cells[3], cells[4]));
    }
}
