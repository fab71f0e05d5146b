package dev.retort.autograd;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;

/// Gives back the memory of tensors that only the engine refers to, so that a device need not wait for
/// the garbage collector. Nothing is given back while somebody watches the engine: a watcher may keep
/// what it sees.
final class Release {
    private Release() {}

    static void of(Tensor tensor) {
        if (Engine.listener() == null) {
            tensor.storage().release();
        }
    }
}
