package dev.retort.nn;

import dev.retort.tensor.OpException;

/// An op's error with the path of the module that ran the op: `layer2.0.conv1: conv2d: weight expects …`.
public final class ModuleException extends OpException {
    private static final long serialVersionUID = 1L;

    /// An error inside the module at `path`.
    public ModuleException(String path, OpException cause) {
        super(path + ": " + cause.getMessage(), cause);
    }
}
