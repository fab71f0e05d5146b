package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.cpu.StridedCopy;

/// Elements in and out of the reference kernels: row-major `double[]` (or `long[]` where integers must be
/// exact), whatever the dtype and layout of the tensor.
public final class Elements {
    private Elements() {}

    /// A row-major host copy of the same dtype, or the tensor's own buffer if it is exactly that; read
    /// only.
    public static HostStorage rowMajor(Tensor tensor) {
        HostStorage host = (HostStorage) tensor.storage();
        if (tensor.isContiguous() && tensor.offset() == 0 && host.size() == tensor.numel()) {
            return host;
        }
        HostStorage copy = HostStorage.allocate(tensor.dtype(), tensor.numel());
        Shape shape = tensor.shape();
        StridedCopy.copy(tensor, Tensor.of(copy, 0, shape, shape.contiguousStrides()));
        return copy;
    }

    /// The elements as doubles, row-major; read only (an `F64` tensor gives its own array where it can).
    public static double[] doubles(Tensor tensor) {
        HostStorage host = rowMajor(tensor);
        if (host.dtype() == DType.F64) {
            return host.doubles();
        }
        double[] out = new double[host.size()];
        for (int i = 0; i < out.length; i++) {
            out[i] = host.getDouble(i);
        }
        return out;
    }

    /// The elements as longs, row-major; read only.
    public static long[] longs(Tensor tensor) {
        HostStorage host = rowMajor(tensor);
        if (host.dtype() == DType.I64) {
            return host.longs();
        }
        long[] out = new long[host.size()];
        for (int i = 0; i < out.length; i++) {
            out[i] = host.getLong(i);
        }
        return out;
    }

    /// A tensor of row-major doubles, rounded to the dtype.
    public static Tensor tensor(double[] data, TensorType type) {
        HostStorage storage;
        if (type.dtype() == DType.F64) {
            storage = HostStorage.wrap(DType.F64, data);
        } else {
            storage = HostStorage.allocate(type.dtype(), data.length);
            for (int i = 0; i < data.length; i++) {
                storage.setDouble(i, data[i]);
            }
        }
        return Tensor.of(storage, 0, type.shape(), type.shape().contiguousStrides());
    }

    /// A tensor of row-major longs, converted to the dtype.
    public static Tensor tensor(long[] data, TensorType type) {
        HostStorage storage;
        if (type.dtype() == DType.I64) {
            storage = HostStorage.wrap(DType.I64, data);
        } else {
            storage = HostStorage.allocate(type.dtype(), data.length);
            for (int i = 0; i < data.length; i++) {
                storage.setLong(i, data[i]);
            }
        }
        return Tensor.of(storage, 0, type.shape(), type.shape().contiguousStrides());
    }
}
