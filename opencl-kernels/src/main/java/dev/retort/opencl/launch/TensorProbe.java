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
    private static final int M = 70; // more than a tile, and no multiple of one
    private static final int N = 37;
    private static final int K = 41;

    private TensorProbe() {}

    /// Whether `kernels/tensor.cl` compiles for the device and computes the product.
    ///
    /// @throws OpException a fault of a kernel that ran before, which the first read reports
    static boolean works(ClDevice device, DType dtype) {
        device.download(device.upload(HostStorage.allocate(DType.I32, 1)));
        try {
            return isRight(device, dtype);
        } catch (OpException e) {
            System.getLogger(TensorProbe.class.getName())
                    .log(System.Logger.Level.DEBUG, "no tensor cores for " + dtype + " on " + device.name(), e);
            return false;
        }
    }

    private static boolean isRight(ClDevice device, DType dtype) {
        HostStorage a = HostStorage.allocate(dtype, M * K);
        HostStorage b = HostStorage.allocate(dtype, K * N);
        for (int i = 0; i < M * K; i++) {
            a.setDouble(i, i * 7 % 5 - 2.0);
        }
        for (int i = 0; i < K * N; i++) {
            b.setDouble(i, i * 5 % 3 - 1.0);
        }
        Tensor left = matrix(device.upload(a), M, K);
        Tensor right = matrix(device.upload(b), K, N);
        TensorType type = new TensorType(dtype, Shape.of(M, N));
        Task task = new Task(device, new MatMulOp.MatMul(), new Tensor[] {left, right}, new TensorType[] {type});
        Tensor c = MatMulLauncher.onTensorCores(task, left, right);
        HostStorage result = device.download((DeviceStorage) c.storage());
        boolean isRight = true;
        for (int i = 0; i < M * N; i++) {
            double sum = 0;
            for (int k = 0; k < K; k++) {
                sum += a.getDouble(i / N * K + k) * b.getDouble(k * N + i % N);
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
