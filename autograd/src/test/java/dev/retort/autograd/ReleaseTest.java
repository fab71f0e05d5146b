package dev.retort.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Arrays that backward gives back are used again by the results that follow; nobody may notice.
class ReleaseTest {
    /// 128 x 128 is the smallest result whose array comes back.
    private static final int N = 128;

    private static Tensor leaf(long seed) {
        return Random.normal(new Rng(seed), N, N).requiresGrad(true);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void randomGraphsGiveTheSameGradients(long seed) {
        // In float64 nothing comes back: that is what the float32 gradients are compared with.
        List<Tensor> exact = gradients(seed, DType.F64, false);
        List<Tensor> plain = gradients(seed, DType.F32, false);
        for (int repeat = 0; repeat < 3; repeat++) {
            List<Tensor> released = gradients(seed, DType.F32, true);
            for (int i = 0; i < exact.size(); i++) {
                assertThat(released.get(i).toFloats())
                        .containsExactly(plain.get(i).toFloats());
                Tensor error =
                        released.get(i).to(DType.F64).sub(exact.get(i)).abs().amax();
                assertThat(error.item())
                        .isLessThan(1e-3 * (1 + exact.get(i).abs().amax().item()));
            }
        }
    }

    /// The gradients of three leaves through a graph of 40 random ops: results are used several
    /// times, through views, and some not at all; two backward passes accumulate.
    private static List<Tensor> gradients(long seed, DType dtype, boolean release) {
        List<Tensor> leaves = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            leaves.add(leaf(seed + 100 * i).detach().copy().to(dtype).requiresGrad(true));
        }
        for (int pass = 0; pass < 2; pass++) {
            Rng rng = new Rng(seed).fork(pass);
            List<Tensor> made = new ArrayList<>(leaves);
            for (int k = 0; k < 40; k++) {
                Tensor a = made.get(rng.nextInt(made.size()));
                Tensor b = made.get(rng.nextInt(made.size()));
                made.add(op(rng.nextInt(12), a, b));
            }
            Tensor loss = made.getLast().mean();
            for (int k = 0; k < 6; k++) {
                loss = loss.add(made.get(rng.nextInt(made.size())).square().mean());
            }
            GradOptions options = GradOptions.defaults();
            Autograd.backward(loss, release ? options.withRelease() : options);
        }
        return leaves.stream()
                .map(leaf -> leaf.grad() == null ? leaf.zerosLike().detach() : leaf.grad())
                .toList();
    }

    private static Tensor op(int kind, Tensor a, Tensor b) {
        return switch (kind) {
            case 0 -> a.add(b);
            case 1 -> a.mul(b).tanh();
            case 2 -> a.transpose(0, 1);
            case 3 -> a.reshape(N / 2, 2 * N).reshape(N, N);
            case 4 -> a.matmul(b).mul(1.0 / N);
            case 5 -> a.relu();
            case 6 -> a.sub(b.detach());
            case 7 -> Tensor.cat(0, a.narrow(0, 0, N / 2), b.narrow(0, N / 2, N / 2));
            case 8 -> a.softmax(1).mul(N);
            case 9 -> a.add(a);
            case 10 -> a.narrow(1, 0, 1).expand(N, N).add(b);
            default -> a.sigmoid();
        };
    }

    @Test
    void aResultThatIsReadAfterwardsIsAnErrorAndACopyIsNone() {
        Tensor x = leaf(1);
        Tensor hidden = x.exp();
        Tensor kept = x.tanh();
        Tensor constant = kept.detach();
        Tensor loss = hidden.mul(kept).mean();
        Autograd.backward(loss, GradOptions.defaults().withRelease());
        assertThat(loss.item()).isFinite();
        assertThat(constant.abs().amax().item()).isBetween(0.0, 1.0);
        assertThatThrownBy(() -> hidden.sum()).isInstanceOf(OpException.class).hasMessageContaining("was given back");
    }

    @Test
    void gradientsThatSomebodySawStay() {
        Tensor x = leaf(1);
        Tensor y = x.mul(3);
        List<Tensor> seen = new ArrayList<>();
        Autograd.hook(y, gradient -> {
            seen.add(gradient);
            return gradient;
        });
        y.exp().sum().backward();
        Tensor first = x.grad();
        float[] before = first.toFloats();
        float[] hooked = seen.getFirst().toFloats();
        for (int i = 0; i < 4; i++) {
            x.grad(null);
            x.mul(3).exp().mul(i).sum().backward();
        }
        assertThat(first.toFloats()).containsExactly(before);
        assertThat(seen.getFirst().toFloats()).containsExactly(hooked);
    }

    @Test
    void aStepLikeTheOnesBeforeNeedsNoFreshArray() {
        Tensor x = Random.normal(new Rng(1), 1, N).requiresGrad(true);
        Set<float[]> arrays = Collections.newSetFromMap(new IdentityHashMap<>());
        int known = 0;
        for (int step = 0; step < 30; step++) {
            Tensor h = x.expand(N, N).exp();
            Tensor left = h.tanh();
            Tensor product = left.mul(h.sigmoid()); // two gradients of h, the second added in place
            Tensor sum = product.add(product.exp().reshape(N * N).reshape(N, N)); // one gradient goes two ways
            for (Tensor made : List.of(h, left, product, sum)) {
                arrays.add(((HostStorage) made.storage()).floats());
            }
            Autograd.backward(sum.square().mean(), GradOptions.defaults().withRelease());
            known = step < 10 ? arrays.size() : known;
        }
        assertThat(arrays).hasSize(known);
    }

    @Test
    void aGradientThatGoesTwoWaysStaysWhereOneOfThemWasSeen() {
        Tensor x = leaf(1);
        Tensor y = leaf(2);
        Tensor a = x.mul(3);
        List<Tensor> seen = new ArrayList<>();
        Autograd.hook(a, gradient -> {
            seen.add(gradient);
            return gradient;
        });
        Autograd.backward(
                a.add(y).add(y.mul(2)).exp().sum(), GradOptions.defaults().withRelease());
        float[] expected = seen.getFirst().toFloats();
        assertThat(y.grad().toFloats()).containsExactly(seen.getFirst().mul(3).toFloats());
        for (int i = 0; i < 4; i++) {
            Autograd.backward(
                    leaf(3 + i).exp().tanh().sum(), GradOptions.defaults().withRelease());
        }
        assertThat(seen.getFirst().toFloats()).containsExactly(expected);
    }

    @Test
    void leavesOfOneSumHaveTheirOwnGradients() {
        Tensor x = leaf(1);
        Tensor y = leaf(2);
        Autograd.backward(x.add(y).square().sum(), GradOptions.defaults().withRelease());
        float[] expected = x.add(y).mul(2).toFloats();
        assertThat(x.grad().toFloats()).containsExactly(expected);
        assertThat(y.grad().storage()).isNotSameAs(x.grad().storage());
        x.grad(null);
        Autograd.backward(x.add(x).sum(), GradOptions.defaults().withRelease());
        assertThat(y.grad().toFloats()).containsExactly(expected);
        assertThat(x.grad().toFloats()).containsOnly(2f);
    }
}
