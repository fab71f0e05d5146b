package dev.retort.nn;

import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A trained tensor of a module.
///
/// Layers read [#value()]; optimisers and state dicts use [#tensor()]. The two differ only when
/// [Parametrization]s are attached: then the value is computed from the stored tensor each time it is
/// read, and gradients flow through.
public final class Parameter {
    private final List<Parametrization> parametrizations = new ArrayList<>();
    private Tensor tensor;
    private boolean trainable;

    /// A trainable parameter that stores `initial` itself, not a copy.
    ///
    /// @throws OpException if the dtype is not floating
    public Parameter(Tensor initial) {
        if (!initial.dtype().isFloating()) {
            throw new OpException("parameter: expects a floating dtype, got " + initial.type());
        }
        tensor = initial.detach();
        requiresGrad(true);
    }

    /// What layers compute with: the stored tensor, seen through the parametrisations in the order they
    /// were attached.
    public Tensor value() {
        Tensor value = tensor;
        for (Parametrization parametrization : parametrizations) {
            value = parametrization.value(value);
        }
        return value;
    }

    /// The stored tensor: the leaf that gradients accumulate in and that the optimiser changes.
    public Tensor tensor() {
        return tensor;
    }

    /// Extents of the stored tensor.
    public Shape shape() {
        return tensor.shape();
    }

    /// Number of stored elements.
    public int numel() {
        return tensor.numel();
    }

    /// Whether the optimiser trains this parameter.
    public boolean requiresGrad() {
        return trainable;
    }

    /// Turns training of this parameter on or off; off also drops the gradient.
    public Parameter requiresGrad(boolean on) {
        trainable = on;
        tensor.requiresGrad(on);
        if (!on) {
            tensor.grad(null);
        }
        return this;
    }

    /// The accumulated gradient, or null.
    public @Nullable Tensor grad() {
        return tensor.grad();
    }

    /// The accumulated gradient for a reader that does not keep it, or null; see [Tensor#borrowGrad()].
    public @Nullable Tensor borrowGrad() {
        return tensor.borrowGrad();
    }

    /// Drops the accumulated gradient.
    public void zeroGrad() {
        tensor.grad(null);
    }

    /// Overwrites the stored elements; the source broadcasts and is converted.
    public void set(Tensor source) {
        tensor.copyFrom(source.detach());
    }

    /// The attached parametrisations, first applied first.
    public List<Parametrization> parametrizations() {
        return List.copyOf(parametrizations);
    }

    /// Attaches a view after those already attached.
    ///
    /// @throws OpException if the view changes the shape or dtype
    public void parametrize(Parametrization parametrization) {
        Tensor before = value().detach();
        Tensor after = parametrization.value(before);
        if (!after.type().equals(before.type())) {
            throw new OpException("parametrize: expects a view that keeps the type " + before.type() + ", got "
                    + after.type() + " from " + parametrization.name());
        }
        parametrizations.add(parametrization);
    }

    /// Stores the current value and detaches all parametrisations: the same function with plain weights.
    public void bake() {
        Tensor value = value().detach().copy();
        parametrizations.clear();
        tensor.copyFrom(value);
    }

    /// Moves the stored tensor, and those of the parametrisations, to another dtype; drops the gradient.
    public void to(DType dtype) {
        replace(tensor.detach().to(dtype));
        parametrizations.forEach(p -> p.parameters().values().forEach(own -> own.to(dtype)));
        parametrizations.forEach(p -> p.buffers().values().forEach(own -> own.to(dtype)));
    }

    /// Moves the stored tensor, and those of the parametrisations, to another device; drops the gradient.
    public void to(Device device) {
        replace(tensor.detach().to(device));
        parametrizations.forEach(p -> p.parameters().values().forEach(own -> own.to(device)));
        parametrizations.forEach(p -> p.buffers().values().forEach(own -> own.to(device)));
    }

    private void replace(Tensor moved) {
        tensor = moved.detach();
        tensor.requiresGrad(trainable);
    }

    @Override
    public String toString() {
        return "Parameter " + tensor.type() + (trainable ? "" : ", frozen");
    }
}
