/// How good predictions are: accuracy, calibration, agreement.
@NullMarked
package dev.retort.distill.evaluate;

import org.jspecify.annotations.NullMarked;
