package dev.retort.opencl.launch;

/// Sizes of `kernels/attention_tiles.cl`: a work-group has a block of queries (or keys) and walks along tiles of keys
/// (or queries); a work-item computes `rows` times an eighth of `columns` scores.
///
/// @param width   the wider of keys and values, rounded up to a multiple of 32
/// @param block   queries (or keys) of a work-group
/// @param columns keys (or queries) of a tile
/// @param rows    of the block that a work-item has
/// @param items   work-items of a group
record AttentionTile(int width, int block, int columns, int rows, int items) {
    /// The widest heads that there are tiles for.
    static final int WIDEST = 128;

    /// What the kernels need at most of local memory, which is 48 KiB on NVIDIA's cards.
    static final long LOCAL_BYTES = 46 << 10;

    /// The most work-items of a group.
    static final int MOST_ITEMS = 128;

    private static final int STEP = 32; // of widths
    private static final int SIDE = 8; // work-items that share a row
    private static final int TEAMS = 2; // of the gradients

    /// The sizes for a width: wide rows leave room for few of them.
    static AttentionTile of(int width, boolean forward) {
        int d = Math.max(1, (width + STEP - 1) / STEP) * STEP;
        if (forward) {
            return d <= 64 ? of(d, 64, 32, 4, true) : d <= 96 ? of(d, 32, 32, 4, true) : of(d, 32, 16, 4, true);
        }
        return d <= 64 ? of(d, 32, 32, 4, false) : d <= 96 ? of(d, 32, 16, 8, false) : of(d, 16, 16, 4, false);
    }

    private static AttentionTile of(int d, int block, int columns, int rows, boolean forward) {
        return new AttentionTile(d, block, columns, rows, (forward ? 1 : TEAMS) * SIDE * block / rows);
    }

    /// The definitions of the kernel.
    String definitions() {
        return "#define D " + width + "\n#define BLOCK " + block + "\n#define COLUMNS " + columns + "\n#define RM "
                + rows + "\n";
    }
}
