package dev.retort.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class TransformsTest {
    private static final Tensor RAMP = Tensor.arange(1, 13, 1, DType.F32).reshape(1, 3, 4); // 1 … 12

    @Test
    void normalizeByHandAndByFit() {
        Tensor two = Tensor.of(new float[] {1, 3, 10, 30}, 2, 1, 2);
        Transform normalize = new Normalize(new float[] {1, 10}, new float[] {2, 5});
        assertThat(normalize.apply(two, new Rng(1)).toFloats()).containsExactly(0, 1, 0, 4);
        Normalize fit = Normalize.fit(new TensorDataset(two.unsqueeze(0), Tensor.zeros(DType.I64, 1)));
        assertThat(fit.mean()).containsExactly(2, 20);
        assertThat(fit.std()).containsExactly(1, 10);
        assertThatThrownBy(() -> normalize.apply(RAMP, new Rng(1)))
                .isInstanceOf(OpException.class)
                .hasMessage("normalize: expects 2 channels, got F32[1, 3, 4]");
    }

    @Test
    void normalizeTakesRowsOfFeatures() {
        // A large offset, a tiny scale, a column that never changes.
        Tensor rows = Tensor.of(new float[] {16_000_001, 1e-9f, 7, 16_000_003, 3e-9f, 7}, 2, 3);
        Normalize fit = Normalize.fit(new TensorDataset(rows, Tensor.zeros(DType.I64, 2)));
        assertThat(fit.mean()).containsExactly(16_000_002, 2e-9f, 7);
        assertThat(fit.std()).containsExactly(new float[] {1, 1e-9f, 1}, Offset.offset(1e-15f));
        Tensor normal = fit.apply(rows.select(0, 1), new Rng(1));
        assertThat(normal.shape()).isEqualTo(Shape.of(3));
        assertThat(normal.toFloats()).containsExactly(new float[] {1, 1, 0}, Offset.offset(1e-5f));
        assertThatThrownBy(() -> fit.apply(rows, new Rng(1)))
                .isInstanceOf(OpException.class)
                .hasMessage("normalize: expects an F32 image [C, H, W] or F32 features [C], got F32[2, 3]");
        assertThatThrownBy(() -> Normalize.fit(new Subset(new TensorDataset(rows, rows), new int[0])))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("at least one sample");
    }

    @Test
    void cropsAreWindowsOfThePaddedImage() {
        Tensor padded = RAMP.pad(0, 1, 1, 1, 1);
        Set<List<Float>> windows = new HashSet<>();
        for (int y = 0; y < 3; y++) {
            for (int x = 0; x < 3; x++) {
                windows.add(list(padded.narrow(1, y, 3).narrow(2, x, 4)));
            }
        }
        Set<List<Float>> seen = new HashSet<>();
        for (int i = 0; i < 200; i++) {
            seen.add(list(new RandomCrop(3, 4, 1).apply(RAMP, new Rng(i))));
        }
        assertThat(seen).isEqualTo(windows);
        assertThatThrownBy(() -> new RandomCrop(9, 4, 1).apply(RAMP, new Rng(1)))
                .hasMessageContaining("an image of at least 7 x 2");
    }

    private static List<Float> list(Tensor tensor) {
        float[] values = tensor.toFloats();
        java.util.ArrayList<Float> out = new java.util.ArrayList<>();
        for (float v : values) {
            out.add(v);
        }
        return out;
    }

    @Test
    void aFlipHasAProbability() {
        assertThatThrownBy(() -> new RandomHorizontalFlip(2))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("expects p in [0, 1], got 2.0");
    }

    @Test
    void flipsMirrorHalfOfTheImages() {
        int flipped = 0;
        for (int i = 0; i < 400; i++) {
            Tensor y = new RandomHorizontalFlip().apply(RAMP, new Rng(i));
            if (y != RAMP) {
                flipped++;
                assertThat(y.toFloats()).isEqualTo(RAMP.flip(2).toFloats());
            }
        }
        assertThat(flipped).isBetween(160, 240);
    }

    @Test
    void cutoutZeroesASquareThatTheBorderMayCut() {
        for (int i = 0; i < 50; i++) {
            float[] y = new Cutout(2).apply(RAMP, new Rng(i)).toFloats();
            int zeros = 0;
            for (int j = 0; j < y.length; j++) {
                zeros += y[j] == 0 ? 1 : 0;
                assertThat(y[j]).isIn(0f, j + 1f);
            }
            assertThat(zeros).isIn(1, 2, 4);
        }
        assertThat(RAMP.toFloats()).as("the input stays").doesNotContain(0);
    }

    private static Batch pair() {
        Tensor inputs = Tensor.cat(0, Tensor.zeros(1, 1, 4, 4), Tensor.ones(1, 1, 4, 4));
        return new Batch(inputs, Tensor.of(new long[] {0, 2}), new int[] {0, 1}, 0, 0);
    }

    @Test
    void mixupMixesInputsAndTargetsByOneShare() {
        for (int i = 0; i < 30; i++) {
            Batch mixed = new Mixup(0.4, 3).apply(pair(), new Rng(i));
            assertThat(mixed.targets().sum(1).toFloats()).containsExactly(1, 1);
            float second = (float) mixed.targets().get(0, 2); // share of the other image, which is 1 everywhere
            assertThat(mixed.inputs().select(0, 0).toFloats()).containsOnly(second);
        }
    }

    @Test
    void cutmixTargetsAreTheAreas() {
        Set<Float> shares = new HashSet<>();
        for (int i = 0; i < 60; i++) {
            Batch mixed = new CutMix(1, 3).apply(pair(), new Rng(i));
            float other = (float) mixed.targets().get(0, 2);
            assertThat(mixed.inputs().select(0, 0).mean().item()).isCloseTo(other, Offset.offset(1e-6));
            shares.add(other);
        }
        assertThat(shares).hasSizeGreaterThan(2);
    }

    @Test
    void betaHasItsMoments() {
        Rng rng = new Rng(9);
        for (double alpha : new double[] {0.2, 1, 4}) {
            double sum = 0;
            double squares = 0;
            for (int i = 0; i < 20_000; i++) {
                double b = Mixture.beta(alpha, rng);
                assertThat(b).isBetween(0.0, 1.0);
                sum += b;
                squares += b * b;
            }
            double mean = sum / 20_000;
            assertThat(mean).isCloseTo(0.5, Offset.offset(0.01));
            assertThat(squares / 20_000 - mean * mean).isCloseTo(1 / (4 * (2 * alpha + 1)), Offset.offset(0.005));
        }
    }

    @Test
    void randAugmentIsReproducibleAndStaysInRange() {
        Tensor image = Random.uniform(new Rng(1), 3, 16, 16);
        Set<List<Float>> seen = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            Tensor y = new RandAugment().apply(image, new Rng(i));
            assertThat(y.toFloats())
                    .isEqualTo(new RandAugment().apply(image, new Rng(i)).toFloats());
            assertThat(y.amin().item()).isGreaterThanOrEqualTo(0);
            assertThat(y.amax().item()).isLessThanOrEqualTo(1);
            seen.add(list(y));
        }
        assertThat(seen).hasSizeGreaterThan(60);
        assertThat(new RandAugment(0, 9).apply(image, new Rng(1)).toFloats()).isEqualTo(image.toFloats());
    }

    @Test
    void geometryByHand() {
        Pixels image = Pixels.of("test", RAMP);
        assertThat(Geometry.translate(image, 1, 0).values()).containsExactly(0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11);
        Pixels square = Pixels.of("test", Tensor.of(new float[] {1, 2, 3, 4}, 1, 2, 2));
        assertThat(Geometry.rotate(square, Math.PI / 2, 0.5, 0.5).values()).containsExactly(2, 4, 1, 3);
    }

    @Test
    void photometryByHand() {
        Pixels image = Pixels.of("test", Tensor.of(new float[] {0.2f, 0.4f, 0.6f, 0.8f}, 1, 2, 2));
        Offset<Float> close = Offset.offset(1e-6f);
        assertThat(Photometry.brightness(image, 0.5).values())
                .containsExactly(new float[] {0.1f, 0.2f, 0.3f, 0.4f}, close);
        assertThat(Photometry.contrast(image, 2).values()).containsExactly(new float[] {0, 0.3f, 0.7f, 1}, close);
        assertThat(Photometry.solarize(image, 0.5).values())
                .containsExactly(new float[] {0.2f, 0.4f, 0.4f, 0.2f}, close);
        assertThat(Photometry.autocontrast(image).values()).containsExactly(new float[] {0, 1 / 3f, 2 / 3f, 1}, close);
        assertThat(Photometry.posterize(image, 1).values())
                .containsExactly(new float[] {0, 0, 128 / 255f, 128 / 255f}, close);
        Pixels colour = Pixels.of("test", Tensor.of(new float[] {1, 0, 0}, 3, 1, 1));
        assertThat(Photometry.colour(colour, 0).values()).containsExactly(new float[] {0.299f, 0.299f, 0.299f}, close);
    }

    @Test
    void transformsRunOneAfterTheOther() {
        Transform both = new Normalize(new float[] {1}, new float[] {1}).then(new RandomHorizontalFlip(1));
        assertThat(both.apply(RAMP, new Rng(1)).narrow(1, 0, 1).toFloats()).containsExactly(3, 2, 1, 0);
    }

    @Test
    void transformsSayWhatTheyDo() {
        Transform all = new RandomCrop(4, 5, 2)
                .then(new RandomHorizontalFlip())
                .then(new RandAugment(2, 9))
                .then(new Normalize(new float[] {0.5f}, new float[] {0.25f}))
                .then(new Cutout(3));
        assertThat(all.text())
                .isEqualTo("random crop 4x5 padding 2 > horizontal flip 0.5 > rand augment 2 of 9"
                        + " > normalize [0.5] [0.25] > cutout 3");
        assertThat(Transform.IDENTITY.text()).isEqualTo("none");
        Transform own = (input, rng) -> input;
        assertThat(own.then(new Cutout(1)).text()).isEqualTo("custom > cutout 1");
    }
}
