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

/// A small product whose result is known: integers whose products and sums are exact in every type.
final class TensorProbe {
    /// More than a tile, and no multiple of one; m, n, k.
    private static final int[] ODD = {70, 37, 41};

    private static final int[] PIECES = {72, 40, 56};

    private TensorProbe() {}

    /// Whether `kernels/tensor.cl` compiles for the device and computes the product.
    ///
    /// @throws OpException a fault of a kernel that ran before, which the first read reports
    static boolean works(ClDevice device, DType dtype) {
        return works(device, dtype, ODD, false);
    }

    /// Whether `kernels/tensor_pieces.cl` does.
    ///
    /// @throws OpException a fault of a kernel that ran before, which the first read reports
    static boolean worksInPieces(ClDevice device, DType dtype) {
        return works(device, dtype, PIECES, true);
    }

    private static boolean works(ClDevice device, DType dtype, int[] sizes, boolean pieces) {
        device.download(device.upload(HostStorage.allocate(DType.I32, 1)));
        try {
            return isRight(device, dtype, sizes, pieces);
        } catch (OpException e) {
            System.getLogger(TensorProbe.class.getName())
                    .log(System.Logger.Level.DEBUG, "no tensor cores for " + dtype + " on " + device.name(), e);
            return false;
        }
    }

    private static boolean isRight(ClDevice device, DType dtype, int[] sizes, boolean pieces) {
        int m = sizes[0];
        int n = sizes[1];
        int depth = sizes[2];
        HostStorage a = HostStorage.allocate(dtype, m * depth);
        HostStorage b = HostStorage.allocate(dtype, depth * n);
        for (int i = 0; i < m * depth; i++) {
            a.setDouble(i, i * 7 % 5 - 2.0);
        }
        for (int i = 0; i < depth * n; i++) {
            b.setDouble(i, i * 5 % 3 - 1.0);
        }
        Tensor left = matrix(device.upload(a), m, depth);
        Tensor right = matrix(device.upload(b), depth, n);
        TensorType type = new TensorType(dtype, Shape.of(m, n));
        Task task = new Task(device, new MatMulOp.MatMul(), new Tensor[] {left, right}, new TensorType[] {type});
        Tensor c = MatMulLauncher.onTensorCores(task, left, right, pieces);
        HostStorage result = device.download((DeviceStorage) c.storage());
        boolean isRight = true;
        for (int i = 0; i < m * n; i++) {
            double sum = 0;
            for (int k = 0; k < depth; k++) {
                sum += a.getDouble(i / n * depth + k) * b.getDouble(k * n + i % n);
            }
            isRight &= result.getDouble(i) == sum;
        }
        for (Tensor tensor : new Tensor[] {left, right, c}) {
            tensor.storage().release();
        }
        return isRight;
    }

    private static Tensor matrix(DeviceStorage storage, int rows, int columns) {
        return Tensor.of(storage, 0, Shape.of(rows, columns), new int[] {columns, 1});
    }
}
