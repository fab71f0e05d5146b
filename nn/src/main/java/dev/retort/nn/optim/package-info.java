/// Optimisers, learning-rate schedules, clipping and weight averages.
///
/// Every optimiser has its hyperparameters from its own `config(lr)`, with PyTorch's defaults for the
/// rest:
///
/// ```java
/// new SGD(model.namedParameters(), SGD.config(0.1).withMomentum(0.9).withWeightDecay(1e-4));
/// new AdamW(model.namedParameters(), AdamW.config(3e-4)); // weight decay 0.01, unlike Adam.config
/// ```
@NullMarked
package dev.retort.nn.optim;

import org.jspecify.annotations.NullMarked;
