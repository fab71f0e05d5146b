package dev.retort.autograd;

import static dev.retort.autograd.Tensors.leaf;
import static dev.retort.autograd.Tensors.scalar;
import static dev.retort.autograd.Tensors.vector;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class HooksTest {
    @Test
    void seeTheWholeGradientOnce() {
        Tensor x = scalar(3);
        Tensor y = x.square();
        List<Double> seen = new ArrayList<>();
        Autograd.hook(y, g -> {
            seen.add(g.item());
            return null;
        });
        y.mul(2).add(y.mul(5)).backward();
        assertThat(seen).containsExactly(7.0);
        assertThat(x.grad().item()).isEqualTo(42);
    }

    @Test
    void mayReplaceTheGradient() {
        Tensor x = leaf(1, 2);
        Tensor y = x.mul(3);
        Autograd.hook(y, g -> g.mul(10));
        Autograd.hook(x, g -> g.add(1.0));
        y.sum().backward();
        assertThat(x.grad().toDoubles()).containsExactly(31, 31);
        assertThat(Autograd.grad(x.mul(3).sum(), x)[0].toDoubles())
                .as("grad sees hooks as well")
                .containsExactly(4, 4);
    }

    @Test
    void runInTheOrderOfRegistrationUntilRemoved() {
        Tensor x = scalar(1);
        HookHandle doubled = Autograd.hook(x, g -> g.mul(2));
        Autograd.hook(x, g -> g.add(1.0));
        x.mul(1).backward();
        assertThat(x.grad().item()).isEqualTo(3);
        x.grad(null);
        doubled.remove();
        doubled.remove();
        x.mul(1).backward();
        assertThat(x.grad().item()).isEqualTo(2);
    }

    @Test
    void aFunctionRegisteredTwiceIsTakenOffOnceByEachHandle() {
        Tensor x = scalar(1);
        GradientHook doubled = g -> g.mul(2);
        Autograd.hook(x, doubled);
        Autograd.hook(x, g -> g.add(1.0));
        HookHandle last = Autograd.hook(x, doubled);
        last.remove();
        last.remove();
        x.mul(1).backward();
        assertThat(x.grad().item()).as("1 doubled, then 1 added").isEqualTo(3);
    }

    @Test
    void aGradientKeptByAHookDoesNotChange() {
        Tensor x = leaf(1, 2);
        Tensor[] kept = new Tensor[1];
        try (HookHandle _ = Autograd.hook(x, g -> {
            kept[0] = g;
            return null;
        })) {
            x.square().sum().backward();
        }
        x.square().sum().backward();
        assertThat(kept[0].toDoubles()).containsExactly(2, 4);
        assertThat(x.grad().toDoubles()).containsExactly(4, 8);
    }

    @Test
    void constantsAndWrongTypesAreErrors() {
        assertThatThrownBy(() -> Autograd.hook(vector(1), g -> null))
                .hasMessageContaining("hook: expects a tensor that requires a gradient");
        Tensor x = leaf(1, 2);
        Autograd.hook(x, Tensor::sum);
        assertThatThrownBy(() -> x.sum().backward()).hasMessageContaining("F64[2], got F64[]");
    }
}
