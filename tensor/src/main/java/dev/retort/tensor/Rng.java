package dev.retort.tensor;

/// A source of random draws: a seed and a counter of streams.
///
/// Each draw (a random tensor, a dropout mask, a permutation) takes the next stream; its elements are
/// Philox4x32-10 values of (seed, stream, element), so they do not depend on backend or thread count. The
/// pair [#seed()], [#position()] is the whole state: save it, and a run resumes with the same numbers.
/// Not thread-safe: give each thread its own [#fork].
///
/// Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011.
public final class Rng {
    private final long seed;
    private long position;

    /// A generator at position 0.
    public Rng(long seed) {
        this(seed, 0);
    }

    /// A generator at a saved position.
    public Rng(long seed, long position) {
        this.seed = seed;
        this.position = position;
    }

    /// The key of all draws.
    public long seed() {
        return seed;
    }

    /// Number of streams handed out so far.
    public long position() {
        return position;
    }

    /// Goes to a saved position.
    public void position(long newPosition) {
        position = newPosition;
    }

    /// The next stream number.
    public long nextStream() {
        return position++;
    }

    /// An independent generator that depends on this seed and `name` only, not on the position: for data
    /// order, augmentation of sample i, initial weights, each with its own.
    public Rng fork(long name) {
        long mixed = Philox.bits64(seed, 0x666F726BL ^ name, name);
        return new Rng(mixed);
    }

    /// One number, uniform on [0, 1) with 53 random bits.
    public double nextDouble() {
        return (Philox.bits64(seed, nextStream(), 0) >>> 11) * 0x1.0p-53;
    }

    /// One integer, uniform on [0, bound).
    ///
    /// @throws OpException if bound is not positive
    public int nextInt(int bound) {
        if (bound <= 0) {
            throw new OpException("rng: expects a positive bound, got " + bound);
        }
        return (int) (((Philox.bits64(seed, nextStream(), 0) >>> 32) * bound) >>> 32);
    }

    /// One draw of the standard normal distribution.
    public double nextGaussian() {
        return Philox.gaussian(seed, nextStream(), 0);
    }

    /// A random order of 0 … n − 1 (Fisher-Yates on one stream).
    public int[] permutation(int n) {
        return Philox.permutation(n, seed, nextStream());
    }
}
