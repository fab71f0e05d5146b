package dev.retort.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.op.NormOp;
import dev.retort.tensor.op.PoolOp;
import org.junit.jupiter.api.Test;

class ArrayPoolTest {
    private static final int N = ArrayPool.LEAST;

    private static final PoolOp.MaxPool2d HALVED = new PoolOp.MaxPool2d(PoolOp.Window.of(2, 2, 0));

    private final ArrayPool pool = new ArrayPool(3 * 4L * N);

    @Test
    void givesBackArraysOfTheSameLengthOnly() {
        float[] array = new float[N];
        array[7] = 3;
        pool.put(array);
        assertThat(pool.bytes()).isEqualTo(4L * N);
        assertThat(pool.take(N + 1)).hasSize(N + 1);
        assertThat(pool.take(N)).isSameAs(array);
        assertThat(pool.bytes()).isZero();
        assertThat(pool.take(N)).isNotSameAs(array).containsOnly(0);
    }

    /// The gradient of x through a layer norm of rows of 64.
    private static Tensor normGradient(Tensor g, Tensor x) {
        int rows = N / 64;
        Tensor ones = Tensor.arange(0, rows, 1, DType.F32).mul(0).add(1);
        Tensor weight = Tensor.arange(0, 64, 1, DType.F32);
        return Engine.run(new NormOp.LayerNormBackward(1), g, x, ones, ones, weight)[0];
    }

    private static Tensor floats() {
        return Tensor.arange(0, N, 1, DType.F32).sub(N / 2.0).reshape(N / 64, 64);
    }

    @Test
    void anOfferedArrayBecomesTheResult() {
        Tensor x = floats();
        Tensor g = x.mul(3.0);
        HostStorage storage = (HostStorage) g.storage();
        float[] array = storage.floats();
        float[] apart = normGradient(g, x).toFloats();
        assertThat(array).containsExactly(x.mul(3.0).toFloats());
        storage.offer(true);
        Tensor dx = normGradient(g, x);
        assertThat(((HostStorage) dx.storage()).floats()).isSameAs(array).containsExactly(apart);
        assertThatThrownBy(g::toFloats).isInstanceOf(OpException.class).hasMessageContaining("given back");
        storage.release(); // the array has another owner now
        assertThat(dx.toFloats()).containsExactly(apart);
    }

    @Test
    void aKeptResultIsNotOverwritten() {
        Tensor x = floats();
        Tensor g = x.mul(3.0);
        g.storage().keep();
        ((HostStorage) g.storage()).offer(true);
        normGradient(g, x);
        assertThat(g.toFloats()).containsExactly(x.mul(3.0).toFloats());
    }

    @Test
    void zerosAreZeros() {
        float[] array = new float[N];
        array[7] = 3;
        pool.put(array);
        assertThat(pool.zeros(N)).isSameAs(array).containsOnly(0);
    }

    @Test
    void keepsFloatsAndLongsApart() {
        float[] floats = new float[N];
        long[] longs = new long[N];
        pool.put(floats);
        pool.put(longs);
        assertThat(pool.bytes()).isEqualTo(12L * N);
        assertThat(pool.takeLongs(N)).isSameAs(longs);
        assertThat(pool.take(N)).isSameAs(floats);
        assertThat(pool.takeLongs(N)).isNotSameAs(longs).containsOnly(0);
        assertThatThrownBy(() -> {
                    pool.put(longs);
                    pool.put(longs);
                })
                .hasMessageContaining("given back twice");
    }

    @Test
    void indicesOfAPoolComeBack() {
        Tensor x = Random.normal(new Rng(1), 1, 4, 128, 128);
        Tensor[] first = Engine.run(HALVED, x);
        long[] array = ((HostStorage) first[1].storage()).longs();
        long[] expected = array.clone();
        first[1].storage().release();
        Tensor[] second = Engine.run(HALVED, x);
        assertThat(((HostStorage) second[1].storage()).longs()).isSameAs(array).containsExactly(expected);
    }

    @Test
    void forgetsTheLengthThatWasNotUsedForLongest() {
        float[] first = new float[N];
        float[] second = new float[N + 1];
        pool.put(first);
        pool.put(second);
        pool.put(pool.take(N));
        pool.put(new float[N + 2]);
        assertThat(pool.bytes()).isLessThanOrEqualTo(3 * 4L * N);
        assertThat(pool.take(N)).isSameAs(first);
        assertThat(pool.take(N + 1)).isNotSameAs(second);
    }

    @Test
    void leavesSmallAndHugeArraysToTheCollector() {
        pool.put(new float[N - 1]);
        pool.put(new float[3 * N + 1]);
        assertThat(pool.bytes()).isZero();
    }

    @Test
    void refusesAnArrayThatIsThere() {
        float[] array = new float[N];
        pool.put(array);
        assertThatThrownBy(() -> pool.put(array)).hasMessageContaining("given back twice");
    }

    @Test
    void aReleasedResultCannotBeRead() {
        Tensor x = Tensor.ones(DType.F32, 128, 128).add(1);
        x.storage().release();
        x.storage().release();
        assertThatThrownBy(() -> x.add(1)).isInstanceOf(OpException.class).hasMessageContaining("was given back");
    }

    @Test
    void whatWasDetachedOrReadStays() {
        Tensor x = Tensor.ones(DType.F32, 128, 128).add(1);
        Tensor constant = x.detach();
        x.storage().release();
        assertThat(constant.sum().item()).isEqualTo(2 * 128 * 128);

        Tensor y = Tensor.ones(DType.F32, 128, 128).add(1);
        float[] own = y.toHost().floats();
        y.storage().release();
        Tensor.ones(DType.F32, 128, 128).add(5);
        assertThat(own).containsOnly(2);
    }

    @Test
    void whatTheUserMadeIsNeverTaken() {
        float[] mine = new float[N];
        Tensor x = Tensor.of(mine, N);
        x.storage().release();
        Tensor.ones(DType.F32, N).add(5);
        assertThat(mine).containsOnly(0);
        assertThat(x.sum().item()).isZero();
    }
}
