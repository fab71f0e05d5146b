package dev.retort.autograd;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// The functions that see, and may replace, one tensor's gradient; called in the order of registration.
final class Hooks {
    private final List<GradientHook> hooks = new CopyOnWriteArrayList<>();

    HookHandle add(GradientHook hook) {
        hooks.add(hook);
        return new HookHandle(() -> hooks.remove(hook));
    }

    boolean isEmpty() {
        return hooks.isEmpty();
    }

    Tensor apply(Tensor gradient) {
        Tensor current = gradient;
        for (GradientHook hook : hooks) {
            Tensor replaced = hook.apply(current);
            if (replaced != null) {
                if (!replaced.type().equals(current.type())) {
                    throw new OpException("gradient hook: expects a result of the gradient's type " + current.type()
                            + ", got " + replaced.type());
                }
                current = replaced;
            }
        }
        return current;
    }
}
