package dev.retort.autograd;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;

/// A tensor kept for backward, with the version that its storage had.
record SavedTensor(Tensor tensor, int version) {
    static SavedTensor of(Tensor tensor) {
        return new SavedTensor(tensor, tensor.storage().version());
    }

    /// The tensor, if nobody has written to its storage since.
    ///
    /// @param what which tensor of which op, for the message
    Tensor checked(String what) {
        if (tensor.storage().version() != version) {
            throw new OpException("backward of " + what + " " + tensor.type() + " was overwritten by "
                    + tensor.storage().lastWriter() + " after it was saved for the gradient (storage version "
                    + tensor.storage().version() + ", saved at " + version + "): run backward before the update, or"
                    + " update a copy");
        }
        return tensor;
    }
}
