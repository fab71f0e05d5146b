package dev.retort.nn;

import dev.retort.autograd.ModulePath;
import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// A part of a network: parameters, buffers and child modules, each under a name.
///
/// Names along the tree, joined by dots, are PyTorch's: `layer1.0.conv1.weight`. A constructor registers
/// what the module holds with [#parameter], [#buffer], [#generator] and [#child]; the order of
/// registration is the order everywhere. [Layer] is the usual case of one input and one output; modules
/// with several inputs offer a `call` of their own that goes through [#run].
public abstract class Module implements Stateful {
    private static final ThreadLocal<@Nullable Module> CURRENT = new ThreadLocal<>();

    private final Map<String, Parameter> parameters = new LinkedHashMap<>();
    private final Map<String, Buffer> buffers = new LinkedHashMap<>();
    private final Map<String, Rng> generators = new LinkedHashMap<>();
    private final Map<String, Module> children = new LinkedHashMap<>();
    private final List<ForwardHook> hooks = new CopyOnWriteArrayList<>();
    private @Nullable Module parent;
    private String name = "";
    private boolean training = true;

    /// A module without contents; subclasses register theirs.
    protected Module() {}

    // ---- registration ---------------------------------------------------------------------------------------------

    /// Registers a trained tensor.
    protected final Parameter parameter(String name, Tensor initial) {
        return parameter(name, new Parameter(initial));
    }

    /// Registers a parameter, perhaps one that another module holds too (tied weights).
    protected final Parameter parameter(String name, Parameter parameter) {
        checkName(name);
        parameters.put(name, parameter);
        return parameter;
    }

    /// Registers a tensor that is saved but not trained.
    protected final Buffer buffer(String name, Tensor initial) {
        return buffer(name, new Buffer(initial));
    }

    /// Registers a buffer.
    protected final Buffer buffer(String name, Buffer buffer) {
        checkName(name);
        buffers.put(name, buffer);
        return buffer;
    }

    /// Registers a source of random draws that forward uses, so that checkpoints keep its position.
    protected final Rng generator(String name, Rng rng) {
        checkName(name);
        generators.put(name, rng);
        return rng;
    }

    /// Registers a child; returns it.
    protected final <M extends Module> M child(String name, M module) {
        checkName(name);
        children.put(name, module);
        Module added = module;
        if (added.parent == null) { // a module used twice keeps the path of its first place
            added.parent = this;
            added.name = name;
        }
        return module;
    }

    private void checkName(String candidate) {
        if (candidate.isEmpty() || candidate.contains(".")) {
            throw new IllegalArgumentException("module: expects a name without dots, got '" + candidate + "'");
        }
        if (parameters.containsKey(candidate)
                || buffers.containsKey(candidate)
                || generators.containsKey(candidate)
                || children.containsKey(candidate)) {
            throw new IllegalArgumentException("module: the name '" + candidate + "' is taken in "
                    + getClass().getSimpleName());
        }
    }

    // ---- running --------------------------------------------------------------------------------------------------

    /// Runs `body` on the inputs as this module's forward pass: with hooks, and with its path in errors.
    ///
    /// @throws ModuleException if an op inside does not accept its input
    protected final Tensor[] run(UnaryOperator<Tensor[]> body, Tensor... inputs) {
        Module outer = CURRENT.get();
        CURRENT.set(this);
        ModulePath.push(name);
        try {
            for (ForwardHook hook : hooks) {
                hook.before(this, inputs);
            }
            Tensor[] outputs = body.apply(inputs);
            for (ForwardHook hook : hooks) {
                hook.after(this, inputs, outputs);
            }
            return outputs;
        } catch (ModuleException e) {
            throw e; // the innermost module has put its path in front
        } catch (OpException e) {
            String path = path();
            throw path.isEmpty() ? e : new ModuleException(path, e);
        } finally {
            ModulePath.pop();
            CURRENT.set(outer);
        }
    }

    /// Adds a hook on this module's calls; close the result to remove it.
    public final ModuleHook hook(ForwardHook hook) {
        ForwardHook own =
                new ForwardHook() { // an identity of its own, so that adding one hook twice can be undone once
                    @Override
                    public void after(Module module, Tensor[] inputs, Tensor[] outputs) {
                        hook.after(module, inputs, outputs);
                    }

                    @Override
                    public void before(Module module, Tensor[] inputs) {
                        hook.before(module, inputs);
                    }
                };
        hooks.add(own);
        return () -> hooks.remove(own);
    }

    /// Whether somebody watches this module's own calls, so that a caller may not fuse them with others.
    public final boolean isHooked() {
        return !hooks.isEmpty();
    }

    /// The innermost module whose forward pass is running in this thread, or null.
    public static @Nullable Module current() {
        return CURRENT.get();
    }

    /// Names from the root to this module, joined by dots; empty for a root.
    public final String path() {
        Module above = parent;
        if (above == null) {
            return "";
        }
        String prefix = above.path();
        return prefix.isEmpty() ? name : prefix + "." + name;
    }

    // ---- contents -------------------------------------------------------------------------------------------------

    /// The child modules by name.
    public final Map<String, Module> children() {
        return Collections.unmodifiableMap(children);
    }

    /// This module and all below it by path relative to this one, parents first; a module used twice is
    /// listed once.
    public final Map<String, Module> modules() {
        return ModuleTree.modules(this);
    }

    /// The module at a path relative to this one, such as `layer1.0`; the empty path is this module.
    ///
    /// @throws IllegalArgumentException if there is none; the message lists the names at the point of
    ///                                  failure
    public final Module module(String path) {
        return ModuleTree.find(this, path);
    }

    /// The parameters of this module alone, by name, without those of parametrisations.
    public final Map<String, Parameter> ownParameters() {
        return Collections.unmodifiableMap(parameters);
    }

    /// The buffers of this module alone, by name.
    public final Map<String, Buffer> ownBuffers() {
        return Collections.unmodifiableMap(buffers);
    }

    /// The generators of this module alone, by name.
    public final Map<String, Rng> ownGenerators() {
        return Collections.unmodifiableMap(generators);
    }

    /// All parameters of the tree, by path; one held in several places is listed once, at the first.
    public final Map<String, Parameter> namedParameters() {
        return ModuleTree.parameters(this);
    }

    /// All parameters of the tree, each once.
    public final Collection<Parameter> parameters() {
        return namedParameters().values();
    }

    /// All buffers of the tree, by path.
    public final Map<String, Buffer> namedBuffers() {
        return ModuleTree.buffers(this);
    }

    /// All sources of random draws of the tree, by path; one held in several places is listed once.
    public final Map<String, Rng> namedGenerators() {
        return ModuleTree.generators(this);
    }

    /// Number of elements of all parameters.
    public final long parameterCount() {
        return parameters().stream().mapToLong(Parameter::numel).sum();
    }

    /// Number of elements of the parameters that are trained.
    public final long trainableParameterCount() {
        return parameters().stream()
                .filter(Parameter::requiresGrad)
                .mapToLong(Parameter::numel)
                .sum();
    }

    // ---- state ----------------------------------------------------------------------------------------------------

    /// The stored tensors of all parameters and buffers by path, in order of registration. They share
    /// storage with the module: copy them to keep a snapshot.
    @Override
    public final Map<String, Tensor> stateDict() {
        return StateDict.of(this);
    }

    /// Copies `state` into the parameters and buffers.
    ///
    /// @param strict whether a missing or unexpected name is an error; a wrong shape always is
    /// @throws IllegalArgumentException listing all missing, unexpected and mis-shaped names; nothing is
    ///                                  changed then
    public final void loadStateDict(Map<String, Tensor> state, boolean strict) {
        StateDict.load(this, state, strict);
    }

    /// Copies `state`, which must have exactly this module's names and shapes, into the parameters and
    /// buffers.
    @Override
    public final void loadStateDict(Map<String, Tensor> state) {
        loadStateDict(state, true);
    }

    // ---- modes ----------------------------------------------------------------------------------------------------

    /// Whether the module is in training mode: dropout on, batch statistics.
    public final boolean isTraining() {
        return training;
    }

    /// Puts the tree in training mode.
    public final void train() {
        train(true);
    }

    /// Puts the tree in evaluation mode.
    public final void eval() {
        train(false);
    }

    /// Puts the tree in training (true) or evaluation mode.
    public final void train(boolean on) {
        apply(module -> module.training = on);
    }

    /// Runs `action` on this module and all below it, parents first.
    public final void apply(Consumer<? super Module> action) {
        modules().values().forEach(action);
    }

    /// Stops training of all parameters. Batch statistics still move in training mode; use [#eval] to
    /// stop them.
    public final void freeze() {
        parameters().forEach(parameter -> parameter.requiresGrad(false));
    }

    /// Trains all parameters again.
    public final void unfreeze() {
        parameters().forEach(parameter -> parameter.requiresGrad(true));
    }

    /// Drops all gradients.
    public final void zeroGrad() {
        parameters().forEach(Parameter::zeroGrad);
    }

    /// Converts all parameters and floating buffers; gradients are dropped.
    public final void to(DType dtype) {
        apply(module -> {
            module.parameters.values().forEach(parameter -> parameter.to(dtype));
            module.buffers.values().forEach(buffer -> buffer.to(dtype));
        });
    }

    /// Moves all parameters and buffers to a device; gradients are dropped.
    public final void to(Device device) {
        apply(module -> {
            module.parameters.values().forEach(parameter -> parameter.to(device));
            module.buffers.values().forEach(buffer -> buffer.to(device));
        });
    }

    /// Where the parameters (or else the buffers) live, the host if there are none: inputs belong there
    /// too.
    public final Device device() {
        for (Parameter parameter : parameters()) {
            return parameter.tensor().device();
        }
        for (Buffer buffer : namedBuffers().values()) {
            return buffer.tensor().device();
        }
        return Device.CPU;
    }

    /// What [#toString] prints between the parentheses of this module, such as `3, 16, kernel = 3 x 3`.
    protected String extra() {
        return "";
    }

    /// The tree, one module a line.
    @Override
    public String toString() {
        return ModuleTree.print(this, "");
    }

    final String describe() {
        return getClass().getSimpleName() + "(" + extra() + ")";
    }
}
