package dev.retort.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/// Known answers of the Random123 distribution, and the element conventions that every backend follows.
class PhiloxTest {
    private static int[] block(long seed, long stream, long block) {
        int[] out = new int[4];
        Philox.block(seed, stream, block, out);
        return out;
    }

    @Test
    void givesTheKnownAnswers() {
        assertThat(block(0, 0, 0)).containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
        assertThat(block(-1, -1, -1)).containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
        assertThat(block(0x299f31d0a4093822L, 0x0370734413198a2eL, 0x85a308d3243f6a88L))
                .containsExactly(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
    }

    @Test
    void uniformsLieBelowOne() {
        assertThat(Philox.uniform24(0)).isZero();
        assertThat(Philox.uniform24(-1)).isEqualTo(1 - 0x1p-24f);
        assertThat(Philox.uniform53(-1, -1)).isEqualTo(1 - 0x1p-53);
    }

    @Test
    void keepsElementsWhoseWordIsAtLeastP() {
        int[] words = block(7, 3, 1); // elements 4 to 7
        for (int i = 0; i < 4; i++) {
            float u = Philox.uniform24(words[i]);
            assertThat(Philox.keep(7, 3, 4 + i, u)).isTrue();
            assertThat(Philox.keep(7, 3, 4 + i, Math.nextUp((double) u))).isFalse();
        }
    }

    @Test
    void aRunOfElementsIsTheElementsOneByOne() {
        boolean[] run = new boolean[10];
        Philox.keep(5, 9, 3, 0.4, run); // starts inside a block
        for (int i = 0; i < run.length; i++) {
            assertThat(run[i]).isEqualTo(Philox.keep(5, 9, 3 + i, 0.4));
        }
    }

    @Test
    void keepsTheExpectedShare() {
        boolean[] run = new boolean[40_000];
        Philox.keep(1, 2, 0, 0.3, run);
        int kept = 0;
        for (boolean k : run) {
            kept += k ? 1 : 0;
        }
        assertThat(kept / 40_000.0).isCloseTo(0.7, within(0.01)); // over four standard deviations
    }
}
