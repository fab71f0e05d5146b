package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.ClDevice;
import dev.retort.opencl.runtime.DeviceStorage;
import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.MatMulOp;
import java.util.function.BooleanSupplier;

/// A small product whose result is known: integers whose products and sums are exact in every type.
final class TensorProbe {
    /// More than a tile, and no multiple of one; m, n, k.
    private static final int[] ODD = {70, 37, 41};

    private static final int[] PIECES = {72, 40, 56};
    private static final int[] WARPGROUPS = {264, 136, 328}; // more steps than slots

    private static final Product.Operand ALONG = new Product.Operand(true, true);
    private static final Product.Operand ACROSS = new Product.Operand(false, true);

    private TensorProbe() {}

    /// Whether `kernels/tensor.cl` compiles for the device and computes the product.
    ///
    /// @throws OpException a fault of a kernel that ran before, which the first read reports
    static boolean works(ClDevice device, DType dtype) {
        return works(
                device,
                () -> isRight(
                        device,
                        dtype,
                        ODD,
                        ALONG,
                        ACROSS,
                        (task, a, b) -> MatMulLauncher.onTensorCores(task, a, b, false)));
    }

    /// Whether `kernels/tensor_pieces.cl` does.
    ///
    /// @throws OpException a fault of a kernel that ran before, which the first read reports
    static boolean worksInPieces(ClDevice device, DType dtype) {
        return works(
                device,
                () -> isRight(
                        device,
                        dtype,
                        PIECES,
                        ALONG,
                        ACROSS,
                        (task, a, b) -> MatMulLauncher.onTensorCores(task, a, b, true)));
    }

    /// Whether `kernels/wgmma.cl` does, for operands that lie as those of `problem`, with one of its tiles.
    ///
    /// @throws OpException a fault of a kernel that ran before, which the first read reports
    static boolean worksByWarpgroups(ClDevice device, Product.Problem problem, Tile tile) {
        return works(
                device,
                () -> isRight(
                        device,
                        problem.dtype(),
                        WARPGROUPS,
                        problem.a(),
                        problem.b(),
                        (task, a, b) -> MatMulLauncher.byWarpgroups(task, a, b, tile)));
    }

    /// A way to multiply.
    private interface Way {
        Tensor product(Task task, Tensor a, Tensor b);
    }

    private static boolean works(ClDevice device, BooleanSupplier probe) {
        device.download(device.upload(HostStorage.allocate(DType.I32, 1)));
        try {
            return probe.getAsBoolean();
        } catch (OpException e) {
            System.getLogger(TensorProbe.class.getName())
                    .log(System.Logger.Level.DEBUG, "no tensor cores on " + device.name(), e);
            return false;
        }
    }

    private static boolean isRight(
            ClDevice device, DType dtype, int[] sizes, Product.Operand lieA, Product.Operand lieB, Way way) {
        int m = sizes[0];
        int n = sizes[1];
        int depth = sizes[2];
        HostStorage a = HostStorage.allocate(dtype, m * depth);
        HostStorage b = HostStorage.allocate(dtype, depth * n);
        for (int i = 0; i < m * depth; i++) {
            a.setDouble(lieA.alongK() ? i : i % depth * m + i / depth, leftAt(i));
        }
        for (int i = 0; i < depth * n; i++) {
            b.setDouble(lieB.alongK() ? i % n * depth + i / n : i, rightAt(i));
        }
        Tensor left = matrix(device.upload(a), m, depth, !lieA.alongK());
        Tensor right = matrix(device.upload(b), depth, n, lieB.alongK());
        TensorType type = new TensorType(dtype, Shape.of(m, n));
        Task task = new Task(device, new MatMulOp.MatMul(), new Tensor[] {left, right}, new TensorType[] {type});
        Tensor c = way.product(task, left, right);
        HostStorage result = device.download((DeviceStorage) c.storage());
        boolean isRight = true;
        for (int i = 0; i < m * n; i++) {
            double sum = 0;
            for (int k = 0; k < depth; k++) {
                sum += leftAt(i / n * depth + k) * rightAt(k * n + i % n);
            }
            isRight &= result.getDouble(i) == sum;
        }
        for (Tensor tensor : new Tensor[] {left, right, c}) {
            tensor.storage().release();
        }
        return isRight;
    }

    /// Element i of A and of B, row by row; no sum of the largest probe needs more than the eight bits of `BF16`.
    private static double leftAt(int i) {
        return hash(i) % 5 - 2.0;
    }

    private static double rightAt(int i) {
        return hash(i + 1_000_000) % 3 - 1.0;
    }

    private static int hash(int i) {
        return (i * 0x9E3779B1) >>> 8;
    }

    private static Tensor matrix(DeviceStorage storage, int rows, int columns, boolean turned) {
        return Tensor.of(storage, 0, Shape.of(rows, columns), turned ? new int[] {1, rows} : new int[] {columns, 1});
    }
}
