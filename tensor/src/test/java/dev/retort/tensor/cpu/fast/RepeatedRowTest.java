package dev.retort.tensor.cpu.fast;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RepeatedRowTest {
    private static final int ROWS = 9_001; // of which several parallel tasks are made, none of them whole rows

    private static float[] copied(Tensor x) {
        return x.contiguous().toFloats();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 10, 15, 16, 17, 257, 1000})
    void everyElementMeetsItsOwnOfTheRow(int length) {
        Rng rng = new Rng(7);
        int rows = Math.min(ROWS, 600_000 / length);
        Tensor x = Random.normal(rng, rows + 1, length).narrow(0, 1, rows); // an offset of its own
        Tensor row = Random.normal(rng, length + 3).narrow(0, 3, length);
        float[] a = copied(x);
        float[] b = copied(row);
        float[] sum = new float[a.length];
        float[] difference = new float[a.length];
        for (int i = 0; i < a.length; i++) {
            sum[i] = a[i] + b[i % length];
            difference[i] = b[i % length] - a[i];
        }
        assertThat(copied(x.add(row))).isEqualTo(sum);
        assertThat(copied(row.sub(x))).isEqualTo(difference);
    }

    @ParameterizedTest
    @ValueSource(ints = {7, 4096, 4097})
    void rowsInThreeDimensionsAndLongOnesAgreeToo(int length) {
        Rng rng = new Rng(8);
        Tensor x = Random.normal(rng, 12, 40, length);
        Tensor row = Random.normal(rng, 1, 40, length);
        float[] a = copied(x);
        float[] b = copied(row);
        float[] product = new float[a.length];
        for (int i = 0; i < a.length; i++) {
            product[i] = a[i] * b[i % b.length];
        }
        assertThat(copied(x.mul(row))).isEqualTo(product);
    }
}
