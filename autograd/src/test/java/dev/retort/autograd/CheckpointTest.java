package dev.retort.autograd;

import static dev.retort.autograd.Tensors.normal;
import static dev.retort.autograd.Tensors.normalLeaf;
import static dev.retort.autograd.Tensors.one;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A checkpointed block gives the bits of the plain block.
class CheckpointTest {
    private final Rng rng = new Rng(5);
    private Tensor w;
    private Tensor x;

    @BeforeEach
    void makeLeaves() {
        w = normalLeaf(1, 4, 4);
        x = normalLeaf(2, 3, 4);
    }

    /// A block with a captured parameter and dropout.
    private Tensor block(Tensor in) {
        return in.linear(w, null).tanh().dropout(0.4, rng);
    }

    private Tensor checkpointed(Tensor in) {
        return Checkpoint.of(this::block, in, rng);
    }

    private double[][] gradients(Tensor loss) {
        x.grad(null);
        w.grad(null);
        loss.backward();
        return new double[][] {x.grad().toDoubles(), w.grad().toDoubles()};
    }

    @Test
    void equalsThePlainBlock() {
        Tensor plain = block(block(x));
        long after = rng.position();
        double[][] expected = gradients(plain.square().sum());
        rng.position(0);
        Tensor saved = checkpointed(checkpointed(x));
        assertThat(rng.position()).isEqualTo(after);
        assertThat(saved.toDoubles()).containsExactly(plain.toDoubles());
        double[][] actual = gradients(saved.square().sum());
        assertThat(actual[0]).containsExactly(expected[0]);
        assertThat(actual[1]).containsExactly(expected[1]);
        assertThat(rng.position())
                .as("the second run leaves the generator alone")
                .isEqualTo(after);
    }

    @Test
    void savesOnlyWhatEntersTheBlock() {
        Node node = ((Output) checkpointed(x).history()).node();
        assertThat(node.op.name()).isEqualTo("checkpoint");
        assertThat(node.savedCount()).as("x and w").isEqualTo(2);
    }

    @Test
    void nested() {
        double[][] expected = gradients(block(block(x)).square().sum());
        rng.position(0);
        double[][] actual = gradients(
                Checkpoint.of(in -> checkpointed(block(in)), x, rng).square().sum());
        assertThat(actual[0]).containsExactly(expected[0]);
        assertThat(actual[1]).containsExactly(expected[1]);
    }

    @Test
    void gradReachesCapturedTensors() {
        Tensor loss = checkpointed(x).square().sum();
        Tensor[] gradients = Autograd.grad(loss, w, x);
        rng.position(0);
        Tensor[] expected = Autograd.grad(block(x).square().sum(), w, x);
        assertThat(gradients[0].toDoubles()).containsExactly(expected[0].toDoubles());
        assertThat(gradients[1].toDoubles()).containsExactly(expected[1].toDoubles());
        assertThat(w.grad()).isNull();
    }

    @Test
    void higherOrders() {
        GradCheck.defaults()
                .secondOrder(
                        "checkpoint",
                        in -> {
                            Tensor early = in[1].sin(); // captured, and not a leaf
                            Tensor y = Checkpoint.of(
                                    v -> v.mul(early).tanh().mul(in[1]).mul(v), in[0]);
                            return one(y.mul(early));
                        },
                        normal(3, 4),
                        normal(4, 4))
                .verify();
    }

    @Test
    void anArgumentMayBeCapturedAsWell() {
        GradCheck.defaults()
                .secondOrder(
                        "checkpoint", in -> one(Checkpoint.of(v -> v.mul(in[0]).sin(), in[0])), normal(3, 4))
                .verify();
    }

    @Test
    void severalArgumentsAndResults() {
        Tensor[] results = Checkpoint.run(
                in -> new Tensor[] {in[0].mul(in[1]), in[0].argmax(1), in[1].detach(), in[0]},
                List.of(),
                x,
                normal(6, 3, 4));
        assertThat(results[1].requiresGrad()).isFalse();
        assertThat(results[2].requiresGrad()).isFalse();
        results[0].sum().add(results[3].sum()).backward();
        double[] other = normal(6, 3, 4).add(1.0).toDoubles();
        assertThat(x.grad().toDoubles()).containsExactly(other);
    }

    @Test
    void gradInsideTheBlock() {
        // the block's value is itself a gradient: d/dv Σ v³ = 3v²
        Tensor y = Checkpoint.of(
                v -> Autograd.grad(
                        List.of(v.pow(3).sum()),
                        List.of(v),
                        GradOptions.defaults().withCreateGraph())[0],
                x);
        y.sum().backward();
        assertThat(x.grad().toDoubles()).containsExactly(x.detach().mul(6).toDoubles());
    }

    @Test
    void hooksOfCapturedTensorsRunOnce() {
        int[] calls = new int[1];
        Autograd.hook(w, g -> {
            calls[0]++;
            return g.mul(2);
        });
        gradients(checkpointed(x).sum());
        double[] hooked = w.grad().toDoubles();
        assertThat(calls[0]).isEqualTo(1);
        rng.position(0);
        Tensor v = w.detach().requiresGrad(true);
        x.detach().linear(v, null).tanh().dropout(0.4, rng).sum().backward();
        assertThat(hooked).containsExactly(v.grad().mul(2).toDoubles());
    }

    @Test
    void constantsStayConstants() {
        Tensor y = Checkpoint.of(v -> v.mul(2), normal(1, 2));
        assertThat(y.requiresGrad()).isFalse();
        try (GradScope _ = Autograd.noGrad()) {
            assertThat(checkpointed(x).requiresGrad()).isFalse();
        }
    }

    @Test
    void anOverwrittenParameterIsNoticed() {
        Tensor loss = checkpointed(x).sum();
        w.update(new UpdateOp.Scale(2));
        assertThatThrownBy(loss::backward)
                .hasMessageContaining("backward of checkpoint: input 1")
                .hasMessageContaining("scale");
    }
}
