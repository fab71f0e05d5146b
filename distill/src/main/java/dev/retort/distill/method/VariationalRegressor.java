package dev.retort.distill.method;

import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.nn.Parameter;
import dev.retort.nn.layer.AdaptiveAvgPool2d;
import dev.retort.nn.layer.Conv2d;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.ReLU;
import dev.retort.nn.layer.Sequential;
import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;

/// A Gaussian for the teacher's features, given the student's: three 1 x 1 convolutions (linear layers for
/// vectors) with ReLU between give the mean, and every channel has a variance of its own. Of two maps the
/// larger is average-pooled to the size of the smaller.
final class VariationalRegressor extends Module {
    static final double FLOOR = 1e-5;

    private final Sequential mean;
    private final Parameter rho;

    VariationalRegressor(Shape student, Shape teacher, double variance, Rng rng) {
        if (student.rank() != teacher.rank() || (student.rank() != 1 && student.rank() != 3)) {
            throw new IllegalArgumentException("vid: expected vectors or maps in both networks, got " + student
                    + " in the student and " + teacher + " in the teacher");
        }
        int in = student.dim(0);
        int out = teacher.dim(0);
        boolean maps = student.rank() == 3;
        Layer first = layer(maps, in, out, rng);
        Layer second = layer(maps, out, out, rng);
        mean = child("mean", new Sequential(first, new ReLU(), second, new ReLU(), layer(maps, out, out, rng)));
        // softplus(ρ) + floor = variance; written so that e^variance cannot overflow
        double wanted = variance - FLOOR;
        double initial = wanted + Math.log(-Math.expm1(-wanted));
        rho = parameter("rho", Tensor.full(initial, DType.F32, out));
    }

    private static Layer layer(boolean maps, int in, int out, Rng rng) {
        return maps ? new Conv2d(Conv2d.Config.of(in, out, 1).withoutBias(), rng) : new Linear(in, out, rng);
    }

    /// Σ over samples of the mean over elements of ½ [(μ − Fₜ)²/σ² + ln σ²].
    Tensor negativeLogLikelihood(Tensor student, Tensor teacher) {
        Tensor own = student;
        Tensor wanted = teacher.to(student.dtype());
        if (student.rank() == 4) {
            int height = Math.min(student.size(2), teacher.size(2));
            int width = Math.min(student.size(3), teacher.size(3));
            AdaptiveAvgPool2d pool = new AdaptiveAvgPool2d(height, width);
            own = student.size(2) == height && student.size(3) == width ? own : pool.call(own);
            wanted = teacher.size(2) == height && teacher.size(3) == width ? wanted : pool.call(wanted);
        }
        Tensor guess = mean.call(own);
        Tensor variance = variance().to(guess.dtype());
        Tensor shaped = guess.rank() == 4 ? variance.reshape(1, variance.numel(), 1, 1) : variance.unsqueeze(0);
        Tensor terms = guess.sub(wanted).square().div(shaped).add(shaped.log()).mul(0.5);
        return terms.sum().mul((double) guess.size(0) / guess.numel());
    }

    /// σ² of every channel.
    Tensor variance() {
        return rho.tensor().softplus().add(FLOOR);
    }
}
