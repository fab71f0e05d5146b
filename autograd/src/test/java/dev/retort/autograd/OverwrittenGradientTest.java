package dev.retort.autograd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.NormOp;
import dev.retort.tensor.op.Op;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Gradients that are written over the ones they come from: nobody may notice.
class OverwrittenGradientTest {
    /// Odd sizes, long enough for arrays that come back.
    private static final int ROWS = 6;

    private static final int CHANNELS = 5;
    private static final int SIZE = 131;

    private static Tensor random(long seed, int... dims) {
        return Random.normal(new Rng(seed), dims);
    }

    /// The gradients of `inputs`, with the gradient of the op's result made by the pass alone. A hook
    /// that looks at that keeps it from being overwritten.
    private static List<float[]> gradients(Op op, List<Tensor> inputs, boolean seen) {
        Tensor[] leaves = new Tensor[inputs.size()];
        for (int i = 0; i < leaves.length; i++) {
            leaves[i] = inputs.get(i).copy().requiresGrad(true);
        }
        Tensor y = Engine.run(op, leaves)[0];
        List<Tensor> kept = new ArrayList<>();
        if (seen) {
            Autograd.hook(y, g -> {
                kept.add(g);
                return null;
            });
        }
        y.mul(random(99, y.shape().dims())).sum().backward();
        List<float[]> gradients = new ArrayList<>();
        for (Tensor leaf : leaves) {
            gradients.add(leaf.grad().toFloats());
        }
        if (seen) { // still what the product made of the constant
            assertThat(kept.getFirst().toFloats())
                    .containsExactly(random(99, y.shape().dims()).toFloats());
        }
        return gradients;
    }

    private static void same(Op op, Tensor... inputs) {
        List<float[]> over = gradients(op, List.of(inputs), false);
        List<float[]> apart = gradients(op, List.of(inputs), true);
        for (int i = 0; i < over.size(); i++) {
            assertThat(over.get(i)).as(op.name() + ", input " + i).containsExactly(apart.get(i));
        }
    }

    @Test
    void norms() {
        Tensor x = random(1, ROWS, CHANNELS, SIZE);
        Tensor weight = random(2, CHANNELS);
        Tensor bias = random(3, CHANNELS);
        same(new NormOp.BatchNorm(1e-5), x, weight, bias);
        same(new NormOp.BatchNormRelu(1e-5), x, weight, bias);
        same(new NormOp.BatchNormRelu(1e-5), x, weight, bias, random(4, ROWS, CHANNELS, SIZE));
        same(new NormOp.LayerNorm(1, 1e-5), x, random(5, SIZE), random(6, SIZE));
        same(new NormOp.LayerNorm(1, 1e-5), x);
    }

    private static Tensor normed(Tensor x) {
        return Engine.run(new NormOp.LayerNorm(1, 1e-5), x, random(5, SIZE), random(6, SIZE))[0];
    }

    private static float[] alone(Tensor x, Tensor c) {
        Tensor leaf = x.detach().copy().requiresGrad(true);
        normed(leaf).mul(c).sum().backward();
        return leaf.grad().toFloats();
    }

    @Test
    void gradientsWithSeveralPlacesStay() {
        // The sum's gradient goes to both branches: neither may write over it before the other has read it.
        Tensor x = random(1, ROWS, SIZE).requiresGrad(true);
        Tensor z = random(2, ROWS, SIZE).requiresGrad(true);
        Tensor c = random(3, ROWS, SIZE);
        normed(x).add(normed(z)).mul(c).sum().backward();
        assertThat(x.grad().toFloats()).containsExactly(alone(x, c));
        assertThat(z.grad().toFloats()).containsExactly(alone(z, c));
    }

    @Test
    void readGradientsStay() {
        // `grad` hands out the gradient of y; the one of x must not lie in its place.
        Tensor x = random(1, ROWS, SIZE).requiresGrad(true);
        Tensor y = normed(x);
        Tensor c = random(3, ROWS, SIZE);
        Tensor[] both = Autograd.grad(y.mul(c).sum(), y, x);
        assertThat(both[0].toFloats()).containsExactly(c.toFloats());
        assertThat(both[1].toFloats()).containsExactly(alone(x, c));
    }

    @Test
    void aGivenGradientStays() {
        Tensor x = random(1, ROWS, SIZE).requiresGrad(true);
        Tensor g = random(2, ROWS, SIZE);
        float[] before = g.toFloats();
        Autograd.backward(normed(x), GradOptions.defaults().withGradOutputs(g));
        assertThat(g.toFloats()).containsExactly(before);
    }
}
