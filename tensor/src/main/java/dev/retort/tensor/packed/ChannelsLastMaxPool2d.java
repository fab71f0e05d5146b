package dev.retort.tensor.packed;

import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.Workspace;
import dev.retort.tensor.cpu.fast.FastKernels;
import dev.retort.tensor.cpu.simd.pixels.PixelPool;
import dev.retort.tensor.op.PoolOp;

/// Largest element of each window, without its place: input `[N, C, H, W]`, result `[N, C, OH, OW]`, channels last.
public final class ChannelsLastMaxPool2d implements PackedOp {
    private final PoolOp.MaxPool2d op;

    /// The same windows as `op`.
    public ChannelsLastMaxPool2d(PoolOp.MaxPool2d op) {
        this.op = op;
    }

    /// Whether there is a kernel for it: `F32` on a CPU with vectors, channels in whole vectors.
    public static boolean suits(TensorType x, Device device) {
        return FastKernels.available()
                && x.dtype() == DType.F32
                && device.equals(Device.CPU)
                && x.shape().numel() > 0
                && PixelPool.suits(x.shape().dim(1));
    }

    @Override
    public TensorType[] infer(TensorType[] in) {
        return new TensorType[] {op.infer(in)[0]};
    }

    @Override
    public Tensor[] forward(Tensor[] inputs) {
        Tensor x = ChannelsLast.of(inputs[0]);
        TensorType out = infer(new TensorType[] {x.type()})[0];
        int oh = out.shape().dim(2);
        int ow = out.shape().dim(3);
        float[] y = Workspace.overwritten(out.shape().numel());
        PoolOp.Window w = op.window();
        PixelPool pool = new PixelPool(
                x.size(1),
                x.size(2),
                x.size(3),
                w.kernelH(),
                w.kernelW(),
                w.strideH(),
                w.strideW(),
                w.paddingH(),
                w.paddingW());
        pool.max(ChannelsLast.array(x), x.offset(), x.size(0), oh, ow, y);
        return new Tensor[] {ChannelsLast.tensor(y, out.shape())};
    }

    @Override
    public String name() {
        return "channels_last_max_pool2d";
    }
}
