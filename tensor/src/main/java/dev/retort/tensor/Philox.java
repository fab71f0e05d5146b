package dev.retort.tensor;

/// Philox4x32-10: four 32-bit words as a pure function of a 64-bit key (seed) and a 128-bit counter
/// (block, stream).
///
/// Element conventions, the same on every backend:
/// - 32-bit word of element i: word (i mod 4) of block ⌊i/4⌋.
/// - `F32` uniform: the word's upper 24 bits · 2⁻²⁴, also for `F16`, `BF16` and integers. `F64` uniform:
///   53 bits of words 0 and 1 of block i. On [low, high): low + u·(high − low) in double, rounded to the
///   dtype but never up to high.
/// - Bernoulli: 1 if the element's `F32` uniform is below its probability, whatever the dtype of the
///   tensor.
/// - dropout: element i is kept if its `F32` uniform is at least p, whatever the dtype of the tensor.
/// - truncated normal: 53 bits of block i through the inverse distribution function, computed in double.
/// - multinomial: with replacement, sample s of row r takes 53 bits of block r·samples + s (inverse of
///   the cumulative weights); without, class c of row r takes block r·classes + c (exponential race).
/// - normal: Box-Muller on the doubles of words (0, 1) and (2, 3) of block i, computed in double.
///
/// Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011.
public final class Philox {
    private static final int M0 = 0xD2511F53;
    private static final int M1 = 0xCD9E8D57;
    private static final int W0 = 0x9E3779B9; // golden ratio
    private static final int W1 = 0xBB67AE85; // sqrt(3) − 1

    private Philox() {}

    /// Writes the four words of block `block` to `out`.
    public static void block(long seed, long stream, long block, int[] out) {
        int c0 = (int) block;
        int c1 = (int) (block >>> 32);
        int c2 = (int) stream;
        int c3 = (int) (stream >>> 32);
        int k0 = (int) seed;
        int k1 = (int) (seed >>> 32);
        for (int round = 0; round < 10; round++) {
            long p0 = (M0 & 0xFFFFFFFFL) * (c0 & 0xFFFFFFFFL);
            long p1 = (M1 & 0xFFFFFFFFL) * (c2 & 0xFFFFFFFFL);
            int n0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            int n2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c1 = (int) p1;
            c3 = (int) p0;
            c0 = n0;
            c2 = n2;
            k0 += W0;
            k1 += W1;
        }
        out[0] = c0;
        out[1] = c1;
        out[2] = c2;
        out[3] = c3;
    }

    /// 64 bits: words 0 (high) and 1 (low) of a block.
    public static long bits64(long seed, long stream, long block) {
        int[] words = new int[4];
        block(seed, stream, block, words);
        return ((long) words[0] << 32) | (words[1] & 0xFFFFFFFFL);
    }

    /// The double on [0, 1) of two words.
    public static double uniform53(int high, int low) {
        return ((((long) high << 32) | (low & 0xFFFFFFFFL)) >>> 11) * 0x1.0p-53;
    }

    /// The `F32` uniform on [0, 1) of one word: its upper 24 bits · 2⁻²⁴.
    public static float uniform24(int word) {
        return (word >>> 8) * 0x1.0p-24f;
    }

    /// Whether dropout with probability `p` keeps `element` of a tensor (row-major index).
    public static boolean keep(long seed, long stream, long element, double p) {
        int[] words = new int[4];
        block(seed, stream, element >>> 2, words);
        return uniform24(words[(int) (element & 3)]) >= p;
    }

    /// Writes [#keep] of the elements `first`, `first` + 1, … to `out`.
    public static void keep(long seed, long stream, long first, double p, boolean[] out) {
        int[] words = new int[4];
        for (int i = 0; i < out.length; i++) {
            long element = first + i;
            int word = (int) (element & 3);
            if (word == 0 || i == 0) {
                block(seed, stream, element >>> 2, words);
            }
            out[i] = uniform24(words[word]) >= p;
        }
    }

    /// A standard normal double from block `block`; `StrictMath`, so every machine gives the same bits.
    public static double gaussian(long seed, long stream, long block) {
        int[] words = new int[4];
        block(seed, stream, block, words);
        return gaussian(words);
    }

    /// A standard normal double from the four words of a block.
    public static double gaussian(int[] words) {
        double u = 1 - uniform53(words[0], words[1]); // (0, 1]
        double v = uniform53(words[2], words[3]);
        return StrictMath.sqrt(-2 * StrictMath.log(u)) * StrictMath.cos(2 * Math.PI * v);
    }

    /// A random order of 0 … n − 1: Fisher-Yates from the end, step i takes block i.
    public static int[] permutation(int n, long seed, long stream) {
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            order[i] = i;
        }
        for (int i = n - 1; i > 0; i--) {
            int j = (int) (((bits64(seed, stream, i) >>> 32) * (i + 1L)) >>> 32);
            int swap = order[i];
            order[i] = order[j];
            order[j] = swap;
        }
        return order;
    }
}
