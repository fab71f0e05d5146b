package dev.retort.bench.peers.duel;

import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/// Conversions to and from libtorch, and scopes that free its tensors at once.
final class Torch {
    static final String NAME = "libtorch";
    static final String CHANNELS_LAST = "libtorch channels-last";

    private Torch() {}

    /// A copy of a `F32` or `I64` tensor.
    static org.bytedeco.pytorch.Tensor of(Tensor tensor) {
        long[] shape = new long[tensor.rank()];
        for (int i = 0; i < shape.length; i++) {
            shape[i] = tensor.size(i);
        }
        return switch (tensor.dtype()) {
            case F32 -> org.bytedeco.pytorch.AbstractTensor.create(tensor.toFloats(), shape);
            case I64 -> org.bytedeco.pytorch.AbstractTensor.create(tensor.toLongs(), shape);
            default -> throw new IllegalArgumentException("torch: expects F32 or I64, got " + tensor.type());
        };
    }

    /// The numbers of a floating tensor in row-major order.
    static float[] numbers(org.bytedeco.pytorch.Tensor tensor) {
        float[] numbers = new float[Math.toIntExact(tensor.numel())];
        new FloatPointer(tensor.detach().contiguous().data_ptr_float()).get(numbers);
        return numbers;
    }

    static org.bytedeco.pytorch.Tensor channelsLast(org.bytedeco.pytorch.Tensor tensor) {
        return tensor.contiguous(MemoryFormat.ChannelsLast);
    }

    static TensorOptional none() {
        return new TensorOptional();
    }

    static TensorOptional some(org.bytedeco.pytorch.Tensor tensor) {
        return new TensorOptional(tensor);
    }

    /// A side without gradients: `work` runs with recording off, and its tensors are freed after
    /// each run.
    static Side side(String name, Supplier<org.bytedeco.pytorch.Tensor> work) {
        return new Side(
                name,
                () -> {
                    try (PointerScope _ = new PointerScope();
                            AutoGradMode _ = new AutoGradMode(false)) {
                        var _ = work.get();
                    }
                },
                () -> {
                    try (PointerScope _ = new PointerScope();
                            AutoGradMode _ = new AutoGradMode(false)) {
                        return numbers(work.get());
                    }
                });
    }

    /// A side with gradients: `work` ends with backward; the gradients of `leaves` are dropped
    /// after each run.
    static Side recorded(String name, Runnable work, List<org.bytedeco.pytorch.Tensor> leaves) {
        return new Side(
                name,
                () -> {
                    try (PointerScope _ = new PointerScope()) {
                        work.run();
                        leaves.forEach(Torch::dropGradient);
                    }
                },
                () -> {
                    try (PointerScope _ = new PointerScope()) {
                        work.run();
                        float[] all = joined(leaves.stream()
                                .map(org.bytedeco.pytorch.Tensor::grad)
                                .toList());
                        leaves.forEach(Torch::dropGradient);
                        return all;
                    }
                });
    }

    /// All numbers of several tensors, one after the other.
    static float[] joined(List<org.bytedeco.pytorch.Tensor> tensors) {
        List<float[]> parts = tensors.stream().map(Torch::numbers).toList();
        float[] all = new float[parts.stream().mapToInt(part -> part.length).sum()];
        int at = 0;
        for (float[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }

    static void dropGradient(org.bytedeco.pytorch.Tensor leaf) {
        leaf.mutable_grad().put(new org.bytedeco.pytorch.Tensor());
    }

    /// Backward from `output` with the gradient `gradient`.
    static void backward(org.bytedeco.pytorch.Tensor output, org.bytedeco.pytorch.Tensor gradient) {
        output.backward(gradient, new BoolOptional(), false, new TensorArrayRefOptional());
    }

    static void threads(int count) {
        torch.set_num_threads(count);
    }
}
