package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.ClDevice;
import dev.retort.opencl.runtime.DeviceStorage;
import dev.retort.opencl.runtime.Launch;
import dev.retort.opencl.runtime.Recipe;
import dev.retort.opencl.runtime.TensorCores;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;

/// A launch of `kernels/product.cl` (or, on tensor cores, `kernels/tensor.cl`) that waits for the element-wise ops
/// behind it: a [Chain] that takes it up is applied to each element before it is stored, an epilogue. The same
/// launch stores the product itself if somebody may still read it, as a gradient may.
///
/// @param task     the op
/// @param type     of the result
/// @param variant  the definitions of the kernel: types, problem, tile
/// @param kernels  the file behind `kernels/problem.cl`
/// @param fields   the struct of the kernel
/// @param operands A, B and the bias (or anything where there is none)
/// @param grid     work-items
/// @param group    work-items of a group
record Product(
        Task task,
        TensorType type,
        String variant,
        String kernels,
        int[] fields,
        List<Tensor> operands,
        long[] grid,
        int[] group)
        implements Recipe {
    private static final int WARP = 32;

    /// What is multiplied.
    ///
    /// @param use    what its tiles are tuned for
    /// @param name   as `kernels/problem.cl` knows it
    /// @param dtype  of the operands
    /// @param m      rows
    /// @param n      columns
    /// @param batch  number of products
    /// @param a      how A lies
    /// @param b      how B lies
    record Problem(Tile.Use use, String name, DType dtype, long m, long n, long batch, Operand a, Operand b) {
        private String definitions() {
            return Types.of(dtype) + "#define " + name + " 1\n";
        }

        /// The same with the sum over k in parts, each a product of the batch.
        Problem inParts(int splits) {
            return new Problem(use, name + " 1\n#define SPLIT", dtype, m, n, batch * splits, a, b);
        }

        /// Along which index matrices lie in memory; a kernel knows that of images.
        private String along() {
            return use == Tile.Use.MATMUL
                    ? "#define A_ALONG_K " + a.alongK + "\n#define B_ALONG_K " + b.alongK + "\n"
                    : "";
        }

        /// Definitions for tiles that are copied past the registers: across k four elements at once.
        private String copies(Tile tile) {
            return "#define ASYNC 1\n#define PIECE_A " + (a.acrossInPieces() ? tile.piece(tile.tm()) : 1)
                    + "\n#define PIECE_B " + (b.acrossInPieces() ? tile.piece(tile.tn()) : 1) + "\n";
        }
    }

    /// How an operand lies in memory.
    ///
    /// @param alongK whether its elements are neighbours along k
    /// @param pieces whether it lies in whole pieces of 16 bytes
    record Operand(boolean alongK, boolean pieces) {
        private boolean acrossInPieces() {
            return !alongK && pieces;
        }
    }

    /// A product as it suits the device.
    static Product of(Task task, TensorType type, Problem problem, int[] fields, List<Tensor> operands) {
        ClDevice device = task.device();
        TensorCores cores = device.tensorCores();
        if (!cores.takes(problem.dtype, () -> TensorProbe.works(device, problem.dtype))) {
            return tiled(task, type, problem, fields, operands);
        }
        boolean pieces = problem.use == Tile.Use.MATMUL
                && problem.a.pieces
                && problem.b.pieces
                && Task.isHalf(problem.dtype)
                && cores.takesPieces(problem.dtype, () -> TensorProbe.worksInPieces(device, problem.dtype));
        Tile tile = Tile.ofWarpgroups(device.limits(), problem.m, problem.n, problem.batch);
        if (pieces
                && cores.takesWarpgroups(
                        problem.dtype + problem.along() + tile,
                        () -> TensorProbe.worksByWarpgroups(device, problem, tile))) {
            return byWarpgroups(task, type, problem, fields, operands, tile);
        }
        return onTensorCores(task, type, problem, fields, operands, pieces);
    }

    /// Whether products of matrices of a type run by tiles that are copied past the registers.
    static boolean isCopied(ClDevice device, DType dtype) {
        return Tile.copies(device, dtype) && !device.tensorCores().takes(dtype, () -> TensorProbe.works(device, dtype));
    }

    private static Product tiled(Task task, TensorType type, Problem p, int[] fields, List<Tensor> operands) {
        Tile tile = Tile.of(task.device(), p.use, p.dtype, p.m, p.n, p.batch);
        String along = tile.isOneItem() ? "" : p.along(); // fewer variants where compiling takes longer
        boolean copied = Tile.copies(task.device(), p.dtype) && tile.canBeCopied();
        String variant = p.definitions() + along + (copied ? p.copies(tile) : "") + tile.definitions() + parts(type, p);
        long[] grid = {
            (p.n + tile.tn() - 1) / tile.tn() * tile.groupX(),
            (p.m + tile.tm() - 1) / tile.tm() * tile.groupY(),
            p.batch
        };
        return new Product(
                task, type, variant, tile.file(), fields, operands, grid, new int[] {tile.groupX(), tile.groupY(), 1});
    }

    /// A product on tensor cores, whether they are known to work or not.
    static Product onTensorCores(
            Task task, TensorType type, Problem p, int[] fields, List<Tensor> operands, boolean pieces) {
        boolean emulated = task.device().tensorCores().isEmulated();
        Tile tile = Tile.ofWarps(task.device().limits(), emulated, p.m, p.n, p.batch);
        String variant = p.definitions() + p.along() + "#define TENSOR 1\n" + (emulated ? "#define EMULATED 1\n" : "")
                + tile.definitions() + parts(type, p);
        int items = WARP * tile.groupX() * tile.groupY();
        long[] grid = {(p.n + tile.tn() - 1) / tile.tn() * items, (p.m + tile.tm() - 1) / tile.tm(), p.batch};
        String kernels = pieces ? "mma+tensor_pieces" : "mma+tensor";
        return new Product(task, type, variant, kernels, fields, operands, grid, new int[] {items, 1, 1});
    }

    /// A product by Hopper's warpgroups, whether they are known to work or not.
    static Product byWarpgroups(Task task, TensorType type, Problem p, int[] fields, List<Tensor> operands, Tile tile) {
        String variant = p.definitions() + p.along() + "#define TENSOR 1\n" + tile.slots() + tile.definitions();
        int items = 4 * WARP * tile.groupY();
        long[] grid = {(p.n + tile.tn() - 1) / tile.tn() * items, (p.m + tile.tm() - 1) / tile.tm(), p.batch};
        return new Product(task, type, variant, "wgmma", fields, operands, grid, new int[] {items, 1, 1});
    }

    /// Whether the result is wider than the operands: parts of a sum.
    private static String parts(TensorType type, Problem p) {
        return type.dtype() == p.dtype ? "" : "#define PARTS 1\n";
    }

    /// The result: waiting if its type can have an epilogue, enqueued otherwise.
    Tensor result() {
        reads().forEach(DeviceStorage::realize); // so that an earlier product takes its own epilogue
        return Chain.takes(type.dtype()) ? task.device().waiting(type, this) : enqueued();
    }

    /// The result without waiting.
    Tensor enqueued() {
        Tensor c = task.fresh(type);
        compute((DeviceStorage) c.storage());
        return c;
    }

    @Override
    public List<DeviceStorage> reads() {
        List<DeviceStorage> reads = new ArrayList<>();
        operands.forEach(operand -> reads.add((DeviceStorage) operand.storage()));
        return reads;
    }

    @Override
    public void compute(DeviceStorage c) {
        run(launch("", "", c));
    }

    /// A launch into `c`, behind the files and definitions of an epilogue; its arguments are to be added.
    Launch launch(String before, String epilogue, DeviceStorage c) {
        Launch launch = task.kernel(before + "problem+" + kernels, variant + epilogue, "product")
                .struct(fields)
                .held(c);
        reads().forEach(launch::held);
        return launch;
    }

    /// Enqueues a launch over all tiles.
    void run(Launch launch) {
        launch.run(grid, group);
    }
}
