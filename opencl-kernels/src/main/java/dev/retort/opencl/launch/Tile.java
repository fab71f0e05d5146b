package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.ClDevice;
import dev.retort.opencl.runtime.DeviceLimits;
import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// Sizes of the tiled product: a work-group computes `tm` x `tn` elements in steps of `tk`, a work-item
/// `rm` x `rn` of them.
record Tile(int tm, int tn, int tk, int rm, int rn) {
    /// Sizes for cards with their speed on products of many whole tiles, the fastest being 1; measured on an H200.
    private static final Map<Tile, Double> CARDS = Map.of(
            new Tile(128, 128, 8, 8, 8), 1.0,
            new Tile(64, 128, 16, 4, 8), 0.88,
            new Tile(128, 64, 16, 8, 4), 0.88,
            new Tile(64, 64, 16, 4, 4), 0.65,
            new Tile(32, 128, 16, 4, 8), 0.6,
            new Tile(32, 64, 16, 4, 4), 0.55,
            new Tile(16, 128, 16, 4, 4), 0.42,
            new Tile(32, 32, 16, 4, 4), 0.47);

    /// The speed of what was tuned: ahead of all others.
    private static final double TUNED = 1.1;

    /// What is left where no other tile fits, for ever smaller work-groups.
    private static final List<Tile> SMALL = List.of(new Tile(16, 16, 16, 4, 4), new Tile(8, 16, 16, 8, 16));

    private static final int MOST = Integer.MAX_VALUE - 1024;

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
        Tile large = of(device, use);
        if (limits.cpu()) {
            Tile core = large.isOneItem() ? large.narrowed(m) : large;
            return core.fits(limits, dtype) ? core : smallest(limits, dtype);
        }
        return Stream.concat(Stream.of(large), CARDS.keySet().stream())
                .filter(tile -> tile.fits(limits, dtype))
                .min(Comparator.<Tile>comparingDouble(tile -> {
                            double speed = tile.equals(large) ? TUNED : CARDS.get(tile);
                            return Math.max(tile.count(m, n) * batch, limits.computeUnits())
                                    * tile.tm
                                    * tile.tn
                                    / speed;
                        })
                        .thenComparing(Tile::toString)) // the same one in every process
                .orElseGet(() -> smallest(limits, dtype));
    }

    /// Sizes worth trying on a card.
    static List<Tile> forCards() {
        return CARDS.keySet().stream()
                .sorted(Comparator.comparing((Tile tile) -> -CARDS.get(tile)).thenComparing(Tile::toString))
                .toList();
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

    /// The sizes for large products: what was tuned, or else what is shipped.
    static Tile of(ClDevice device, Use use) {
        return device.tiles()
                .get(use.name())
                .map(Tile::of)
                .filter(Tile::isPossible)
                .orElseGet(() -> shipped(device.limits()));
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

    /// Sizes that suit a vendor's devices; [Tile#of] takes smaller ones where a product has few tiles.
    static Tile shipped(DeviceLimits limits) {
        return switch (limits.tuning()) {
            case NVIDIA -> new Tile(128, 128, 8, 8, 8);
            case AMD -> new Tile(128, 128, 8, 8, 8);
            case INTEL -> new Tile(64, 64, 16, 4, 4);
            case CPU -> new Tile(64, 64, 32, 64, 64);
            case OTHER -> new Tile(64, 64, 16, 4, 4);
        };
    }

    boolean fits(DeviceLimits limits, DType dtype) {
        boolean wide = dtype == DType.F64 || !dtype.isFloating();
        int bytes = wide ? 8 : 4;
        int registers = rm * rn * (bytes / 4);
        long row = (long) (tm + tn + 8) * bytes + 16; // of both tiles, padded, and where it is read
        return (isOneItem() || registers <= 64)
                && tk * row * (isOneItem() ? 1 : 2) <= limits.localBytes()
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
                + rn + "\n" + (!isOneItem() && rm * rn == 64 ? "#define MOST_REGISTERS 128\n" : "");
    }

    @Override
    public String toString() {
        return tm + " x " + tn + " in steps of " + tk + ", " + rm + " x " + rn + " a work-item";
    }
}
