/// Models by name, model cards, and classifying pictures with a saved model.
@NullMarked
package dev.retort.bench.model;

import org.jspecify.annotations.NullMarked;
