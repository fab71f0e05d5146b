package dev.retort.distill.method;

import dev.retort.nn.Layer;
import dev.retort.nn.layer.Conv2d;
import dev.retort.nn.layer.ConvTranspose2d;
import dev.retort.nn.layer.Linear;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ConvOp;

/// Maps a student's features to the shape of a teacher's; linear, chosen by the two shapes.
///
/// | student → teacher | layer |
/// | --- | --- |
/// | `[D]` → `[D']` | linear |
/// | [C, 2H, 2W] → [C', H, W] | 3 x 3 convolution, stride 2, padding 1 |
/// | [C, H, W] → [C', 2H, 2W] | 4 x 4 transposed convolution, stride 2, padding 1 |
/// | [C, H, W] → [C', H', W'], H ≥ H', W ≥ W' | valid convolution with kernel (1 + H − H') x (1 + W − W') |
public final class HintRegressor extends Layer {
    private final Layer map;

    private HintRegressor(Layer map) {
        this.map = child("map", map);
    }

    /// The regressor between two shapes of one sample.
    ///
    /// @throws IllegalArgumentException if no rule of the table fits
    public static HintRegressor between(Shape student, Shape teacher, Rng rng) {
        if (student.rank() == 1 && teacher.rank() == 1) {
            return new HintRegressor(new Linear(student.dim(0), teacher.dim(0), rng));
        }
        if (student.rank() != 3 || teacher.rank() != 3) {
            throw mismatch(student, teacher);
        }
        int in = student.dim(0);
        int out = teacher.dim(0);
        int high = student.dim(1);
        int wide = student.dim(2);
        if (high == 2 * teacher.dim(1) && wide == 2 * teacher.dim(2)) {
            return new HintRegressor(
                    new Conv2d(Conv2d.Config.of(in, out, 3).withStride(2).withPadding(1), rng));
        }
        if (2 * high == teacher.dim(1) && 2 * wide == teacher.dim(2)) {
            return new HintRegressor(new ConvTranspose2d(
                    Conv2d.Config.of(in, out, 4).withStride(2).withPadding(1), rng));
        }
        int kernelH = 1 + high - teacher.dim(1);
        int kernelW = 1 + wide - teacher.dim(2);
        if (kernelH < 1 || kernelW < 1) {
            throw mismatch(student, teacher);
        }
        Conv2d.Config valid = new Conv2d.Config(in, out, kernelH, kernelW, ConvOp.Geometry.of(1, 0), true);
        return new HintRegressor(new Conv2d(valid, rng));
    }

    private static IllegalArgumentException mismatch(Shape student, Shape teacher) {
        return new IllegalArgumentException(
                "hint: expected student features that are vectors like the teacher's, or maps"
                        + " as large, twice as large or half as large, got " + student + " for the teacher's "
                        + teacher);
    }

    @Override
    protected Tensor forward(Tensor x) {
        return map.call(x);
    }
}
