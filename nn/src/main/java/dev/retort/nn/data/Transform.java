package dev.retort.nn.data;

import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// Changes the input of one sample, at random or not. Runs in the loader's background thread.
///
/// The generator handed in belongs to (seed, epoch, sample), so the result does not depend on the order
/// in which samples are loaded.
@FunctionalInterface
public interface Transform {
    /// No change.
    Transform IDENTITY = new Transform() {
        @Override
        public Tensor apply(Tensor input, Rng rng) {
            return input;
        }

        @Override
        public String text() {
            return "none";
        }
    };

    /// The changed input; `input` itself stays as it is.
    Tensor apply(Tensor input, Rng rng);

    /// This transform with its numbers, as text. Runs that are resumed compare it: transforms of equal text
    /// must do the same. A transform that does not say, such as a lambda, is "custom".
    default String text() {
        return "custom";
    }

    /// This transform, then `next`.
    default Transform then(Transform next) {
        Transform first = this;
        return new Transform() {
            @Override
            public Tensor apply(Tensor input, Rng rng) {
                return next.apply(first.apply(input, rng), rng);
            }

            @Override
            public String text() {
                return first.text() + " > " + next.text();
            }
        };
    }
}
