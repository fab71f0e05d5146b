package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.ClDevice;
import dev.retort.opencl.runtime.DeviceLimits;
import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Sizes of the tiled product: a work-group computes `tm` x `tn` elements in steps of `tk`, a work-item
/// `rm` x `rn` of them.
record Tile(int tm, int tn, int tk, int rm, int rn) {
    /// Sizes for cards.
    private static final List<Candidate> CARDS = List.of(
            new Candidate(new Tile(128, 64, 16, 8, 4), 29_300, 17_100),
            new Candidate(new Tile(64, 128, 16, 4, 8), 27_000, 21_400),
            new Candidate(new Tile(64, 64, 16, 4, 4), 24_600, 18_300),
            new Candidate(new Tile(32, 128, 16, 4, 8), 22_100, 15_000),
            new Candidate(new Tile(128, 128, 8, 8, 8), 21_800, 20_500),
            new Candidate(new Tile(32, 64, 16, 4, 4), 20_800, 16_000),
            new Candidate(new Tile(32, 32, 16, 4, 4), 17_300, 12_400),
            new Candidate(new Tile(16, 128, 16, 4, 4), 15_600, 10_000));

    /// Sizes for cards whose `F32` tiles are copied past the registers.
    private static final List<Candidate> COPIED = List.of(
            new Candidate(new Tile(128, 128, 16, 8, 8), 45_000, 28_600),
            new Candidate(new Tile(64, 128, 16, 4, 8), 39_000, 23_900),
            new Candidate(new Tile(128, 64, 16, 8, 4), 39_000, 24_400),
            new Candidate(new Tile(64, 64, 16, 8, 4), 37_500, 24_300),
            new Candidate(new Tile(32, 128, 16, 4, 8), 35_000, 21_300),
            new Candidate(new Tile(32, 64, 16, 4, 4), 34_000, 19_900),
            new Candidate(new Tile(32, 32, 16, 4, 4), 29_000, 17_100),
            new Candidate(new Tile(16, 128, 16, 4, 4), 30_000, 15_400));

    /// Sizes of `kernels/wgmma.cl`: a warpgroup computes `rm` x `rn` elements.
    private static final List<Candidate> WARPGROUPS = List.of(
            new Candidate(new Tile(256, 128, 64, 64, 128), 580_000, 0),
            new Candidate(new Tile(128, 128, 64, 64, 128), 525_000, 0),
            new Candidate(new Tile(64, 64, 64, 64, 64), 340_000, 0));

    /// A tile and its speeds on products of many whole tiles, in GFLOPS of an H200.
    private record Candidate(Tile tile, double matmul, double convolution) {
        /// What a product of this size costs: the tiles of the unit that has most of them, also what hangs over the
        /// edge.
        double cost(Use use, long m, long n, long batch, int units) {
            long most = (tile.count(m, n) * batch + units - 1) / units;
            return (double) most * tile.tm * tile.tn / speed(use);
        }

        private double speed(Use use) {
            return switch (use) {
                case MATMUL -> matmul;
                case CONVOLUTION -> convolution;
            };
        }

        /// A tile that was tuned: a little ahead of all others on large products.
        static Candidate tuned(Tile tile, Use use, List<Candidate> others) {
            double most =
                    others.stream().mapToDouble(other -> other.speed(use)).max().orElse(1);
            return new Candidate(tile, AHEAD * most, AHEAD * most);
        }
    }

    private static final double AHEAD = 1.05;

    /// For a processor's core.
    private static final Tile CORE = new Tile(64, 64, 32, 64, 64);

    /// What is left where no other tile fits, for ever smaller work-groups.
    private static final List<Tile> SMALL = List.of(new Tile(16, 16, 16, 4, 4), new Tile(8, 16, 16, 8, 16));

    private static final int MOST = Integer.MAX_VALUE - 1024;
    private static final int SPAN = 8; // of k, which neighbours copy
    private static final int PIECE = 4;

    /// What a tile is tuned for.
    enum Use {
        /// Matrices, read by strides.
        MATMUL,
        /// Convolutions, read by address arithmetic.
        CONVOLUTION
    }

    /// The sizes for a product of `m` x `n` elements, `batch` times.
    ///
    /// @throws OpException if the last tile would reach beyond 32-bit indices
    static Tile of(ClDevice device, Use use, DType dtype, long m, long n, long batch) {
        requireIndices(m, n);
        DeviceLimits limits = device.limits();
        Optional<Tile> tuned = tuned(device, use);
        if (limits.cpu()) {
            Tile core = tuned.orElse(CORE);
            Tile chosen = core.isOneItem() ? core.narrowed(m) : core;
            return chosen.fits(limits, dtype) ? chosen : smallest(limits, dtype);
        }
        List<Candidate> cards = copies(device, dtype) ? COPIED : CARDS;
        return Stream.concat(tuned.map(tile -> Candidate.tuned(tile, use, cards)).stream(), cards.stream())
                .filter(candidate -> candidate.tile.fits(limits, dtype))
                .min(Comparator.comparingDouble(candidate -> candidate.cost(use, m, n, batch, limits.computeUnits())))
                .map(Candidate::tile)
                .orElseGet(() -> smallest(limits, dtype));
    }

    /// Parts of the sum over k with which an `F32` product of matrices on a card is done first, the sum of the parts
    /// included: 192 tiles on 132 units take as long as 264, but in halves 384 take as long as 396 halves.
    static int splits(ClDevice device, long m, long n, long k) {
        int units = device.limits().computeUnits();
        int best = 1;
        double least = Double.POSITIVE_INFINITY;
        for (int splits = 1; splits <= MOST_SPLITS && k / splits >= SHORTEST && m * n * splits <= MOST; splits++) {
            int parts = splits;
            double tiles = COPIED.stream()
                    .filter(candidate -> candidate.tile.fits(device.limits(), DType.F32))
                    .mapToDouble(candidate -> candidate.cost(Use.MATMUL, m, n, parts, units))
                    .min()
                    .orElse(0);
            double seconds = 2e-9 * tiles * units * k / splits + (splits == 1 ? 0 : sumSeconds(m * n * splits));
            if (seconds < WORTH_IT * least) {
                least = seconds;
                best = splits;
            }
        }
        return best;
    }

    /// What it takes to store parts, to read them and to launch that, by the memory's speed of an H200.
    private static double sumSeconds(long elements) {
        return 5e-6 + elements * 8 / 2.5e12;
    }

    private static final int MOST_SPLITS = 16;
    private static final int SHORTEST = 256; // part of k
    private static final double WORTH_IT = 0.95;

    /// Sizes worth trying on a card, for `F32`.
    static List<Tile> forCards(ClDevice device) {
        return (copies(device, DType.F32) ? COPIED : CARDS)
                .stream().map(Candidate::tile).toList();
    }

    /// Whether tiles of a type are copied to local memory past the registers.
    static boolean copies(ClDevice device, DType dtype) {
        return dtype == DType.F32
                && (device.limits().copiesPastRegisters()
                        || device.tensorCores().isEmulated());
    }

    /// Whether `kernels/product.cl` can copy its tiles so: every work-item finds its elements by constant steps.
    boolean canBeCopied() {
        int items = groupX() * groupY();
        return !isOneItem()
                && items % SPAN == 0
                && tk % SPAN == 0
                && items % tm == 0
                && items % tn == 0
                && tm % (items / SPAN) == 0
                && tn % (items / SPAN) == 0;
    }

    /// How many neighbours a work-item copies at once, where they lie together: 4, or 1 if that is more than it has to
    /// copy.
    int piece(int extent) {
        return extent * tk % (PIECE * groupX() * groupY()) == 0 ? PIECE : 1;
    }

    /// The size for a product by warpgroups.
    static Tile ofWarpgroups(DeviceLimits limits, long m, long n, long batch) {
        requireIndices(m, n);
        return WARPGROUPS.stream()
                .min(Comparator.comparingDouble(
                        candidate -> candidate.cost(Use.MATMUL, m, n, batch, limits.computeUnits())))
                .map(Candidate::tile)
                .orElseThrow();
    }

    /// Definitions for `kernels/wgmma.cl`: tiles in local memory, and how many of them are multiplied at a time beyond
    /// one:
    /// a large work-group is alone on its multiprocessor, others take turns.
    String slots() {
        int slots = tm > 128 ? 4 : 3;
        return "#define SLOTS " + slots + "\n#define LAG " + (slots - 3) + "\n";
    }

    /// Sizes for tensor cores, large ones first: a warp computes `rm` x `rn` elements.
    private static final List<Tile> WARPS =
            List.of(new Tile(128, 128, 32, 64, 32), new Tile(64, 64, 32, 32, 32), new Tile(64, 32, 32, 32, 16));

    /// The sizes of `kernels/tensor.cl` for a product: the largest of which there are enough for the device.
    static Tile ofWarps(DeviceLimits limits, boolean emulated, long m, long n, long batch) {
        requireIndices(m, n);
        return WARPS.stream()
                .filter(tile -> !emulated && tile.count(m, n) * batch >= limits.computeUnits())
                .findFirst()
                .orElse(WARPS.getLast());
    }

    private static void requireIndices(long m, long n) {
        if (Math.max(m, n) > MOST) {
            throw new OpException(
                    "opencl: a product may have at most " + MOST + " rows and columns, got " + m + " x " + n);
        }
    }

    private long count(long m, long n) {
        return (m + tm - 1) / tm * ((n + tn - 1) / tn);
    }

    private static Tile smallest(DeviceLimits limits, DType dtype) {
        return SMALL.stream()
                .filter(tile -> tile.fits(limits, dtype))
                .findFirst()
                .orElse(SMALL.getLast()); // compiling says what is missing
    }

    private static Optional<Tile> tuned(ClDevice device, Use use) {
        return device.tiles().get(use.name()).map(Tile::of).filter(Tile::isPossible);
    }

    private static Tile of(int[] sizes) {
        return new Tile(sizes[0], sizes[1], sizes[2], sizes[3], sizes[4]);
    }

    int[] sizes() {
        return new int[] {tm, tn, tk, rm, rn};
    }

    /// Whether `kernels/product.cl`, or `kernels/product_core.cl` for one work-item, can be compiled with it.
    boolean isPossible() {
        if (tm < 1 || tn < 1 || tk < 1 || rm < 1 || rn < 1 || tm % rm != 0 || tn % rn != 0) {
            return false;
        }
        if (isOneItem()) {
            return tm % 8 == 0 && tn % 16 == 0;
        }
        int items = groupX() * groupY();
        return rm % 4 == 0 && rn % 4 == 0 && items % tn == 0 && tm * tk % items == 0 && tn * tk % items == 0;
    }

    /// Whether a work-group is one work-item, a processor's core.
    boolean isOneItem() {
        return rm == tm && rn == tn;
    }

    /// With fewer rows, where a product has few: a lone work-item walks over all rows of its tile.
    private Tile narrowed(long m) {
        int rows = tm;
        while (rows > 16 && rows / 2 >= m) {
            rows /= 2;
        }
        return new Tile(rows, tn, tk, rows, rn);
    }

    boolean fits(DeviceLimits limits, DType dtype) {
        boolean wide = dtype == DType.F64 || !dtype.isFloating();
        int bytes = wide ? 8 : 4;
        int registers = rm * rn * (bytes / 4);
        long row = (long) (tm + tn + 8) * bytes + 16; // of both tiles, padded, and where it is read
        long columns = 16L * tn; // and where they are read
        return (isOneItem() || registers <= 64)
                && (isOneItem() ? tk * row : 2 * tk * row + columns) <= limits.localBytes()
                && groupX() * groupY() <= limits.groupSize();
    }

    int groupX() {
        return tn / rn;
    }

    int groupY() {
        return tm / rm;
    }

    /// The file with the kernel, without its extension.
    String file() {
        return isOneItem() ? "product_core" : "product";
    }

    /// The definitions for the kernel.
    String definitions() {
        return "#define TM " + tm + "\n#define TN " + tn + "\n#define TK " + tk + "\n#define RM " + rm + "\n#define RN "
                + rn + "\n";
    }

    @Override
    public String toString() {
        return tm + " x " + tn + " in steps of " + tk + ", " + rm + " x " + rn + " a work-item";
    }
}
