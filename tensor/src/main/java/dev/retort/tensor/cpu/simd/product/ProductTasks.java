package dev.retort.tensor.cpu.simd.product;

import dev.retort.tensor.cpu.Parallel;

/// Cuts the result of a large product into blocks, one for each task.
///
/// @param across         blocks side by side that the caches ask for
/// @param down           blocks below each other that they ask for
/// @param fewestColumns  columns below which copying rows of A costs more than packing B once more
/// @param fewestRows     rows below which packing B again costs more than anything else
/// @param mr             rows of a tile, of which a block has whole ones
/// @param nr             columns of a tile
record ProductTasks(int across, int down, int fewestColumns, int fewestRows, int mr, int nr) {
    /// What is done with rows from i and columns from j on.
    interface Block {
        void run(int i, int rows, int j, int columns);
    }

    /// Runs all blocks of an `m x n` result; more of them than asked for if threads would else have nothing to do.
    void run(int m, int n, boolean serial, Block block) {
        int threads = serial ? 1 : Parallel.threads();
        int side = across;
        int below = down;
        if (side * below % threads != 0) {
            int wider = (side + threads - 1) / threads * threads;
            if (n >= wider * fewestColumns || m < threads * fewestRows) {
                side = wider;
            } else {
                below = (below + threads - 1) / threads * threads;
            }
        }
        int columns = (parts(n, side) + nr - 1) / nr * nr;
        int rows = (parts(m, below) + mr - 1) / mr * mr;
        int wide = parts(n, columns);
        int tasks = wide * parts(m, rows);
        Parallel.forRange(tasks, serial ? tasks : 1, (from, to) -> {
            for (int t = from; t < to; t++) {
                int i = t / wide * rows;
                int j = t % wide * columns;
                block.run(i, Math.min(rows, m - i), j, Math.min(columns, n - j));
            }
        });
    }

    /// Parts of at most `part` that `size` has.
    static int parts(int size, int part) {
        return (size + part - 1) / part;
    }
}
