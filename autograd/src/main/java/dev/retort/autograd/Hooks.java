package dev.retort.autograd;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// The functions that see, and may replace, one tensor's gradient; called in the order of registration.
final class Hooks {
    private final List<Registered> hooks = new CopyOnWriteArrayList<>();

    /// One registration; a function that is registered twice is taken off once by each handle.
    private static final class Registered {
        private final GradientHook hook;

        Registered(GradientHook hook) {
            this.hook = hook;
        }
    }

    HookHandle add(GradientHook hook) {
        Registered own = new Registered(hook);
        hooks.add(own);
        return new HookHandle(() -> hooks.remove(own));
    }

    boolean isEmpty() {
        return hooks.isEmpty();
    }

    Tensor apply(Tensor gradient) {
        Tensor current = gradient;
        for (Registered registered : hooks) {
            Tensor replaced = registered.hook.apply(current);
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
