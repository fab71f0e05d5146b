package dev.retort.tensor.packed;

import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.Workspace;
import dev.retort.tensor.cpu.fast.FastKernels;
import dev.retort.tensor.cpu.simd.loops.Activations;
import dev.retort.tensor.cpu.simd.loops.ArithmeticLoops;
import dev.retort.tensor.cpu.simd.loops.UnaryLoops;
import dev.retort.tensor.cpu.simd.product.FrozenLinear;
import dev.retort.tensor.op.ElementwiseOp;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A linear layer with a packed weight, and what is done to its input and result beside it:
/// `y = f(norm(x) · Wᵀ + bias) + shortcut`.
///
/// Inputs: x `[..., I]` with as many rows as it was made for, and the shortcut `[..., O]` if it joins one; result
/// `[..., O]`, row-major. The norm is that of a layer norm of the last dimension without weight and bias, which belong
/// into W and the bias.
public final class PackedLinear implements PackedOp {
    private final Shape in;
    private final Shape out;
    private final FrozenLinear product;
    private final boolean joins;
    private final String name;

    private PackedLinear(Shape in, Shape out, FrozenLinear product, boolean joins, String name) {
        this.in = in;
        this.out = out;
        this.product = product;
        this.joins = joins;
        this.name = name;
    }

    /// Packs the weight for inputs of one type.
    ///
    /// @param weight     `[O, I]`
    /// @param bias       `[O]`, or null for none
    /// @param activation f, one that [#knows], or null for none
    /// @param joins      whether a shortcut is added
    /// @param eps        of the norm; negative for no norm
    /// @throws OpException if [#suits] says no
    public static PackedLinear of(
            TensorType x,
            Tensor weight,
            @Nullable Tensor bias,
            ElementwiseOp.@Nullable Unary activation,
            boolean joins,
            double eps) {
        if (!suits(x, weight)) {
            throw new OpException("packed_linear: no packed form for input " + x + " and weight " + weight.type());
        }
        int[] out = x.shape().dims();
        out[out.length - 1] = weight.size(0);
        Tensor shift = bias == null ? null : bias.contiguous();
        int[] strides = weight.strides();
        FrozenLinear product = new FrozenLinear(
                weight.size(0),
                weight.size(1),
                array(weight),
                weight.offset(),
                strides[0],
                strides[1],
                shift == null ? null : array(shift),
                shift == null ? 0 : shift.offset(),
                activation == null ? null : loop(activation),
                eps);
        String name = (eps < 0 ? "" : "layer_norm_") + "packed_linear"
                + (activation == null ? "" : "_" + activation.name()) + (joins ? "_add" : "");
        return new PackedLinear(x.shape(), Shape.of(out), product, joins, name);
    }

    /// Whether there is a kernel for it: `F32` on a CPU with 16 vector registers, some rows, outputs and inputs.
    public static boolean suits(TensorType x, Tensor weight) {
        return FastKernels.available()
                && x.dtype() == DType.F32
                && weight.dtype() == DType.F32
                && weight.device().equals(Device.CPU)
                && x.shape().numel() > 0
                && FrozenLinear.suits(x.shape().numel() / weight.size(1), weight.size(0), weight.size(1));
    }

    /// Whether results can go through `op` before they are written.
    public static boolean knows(ElementwiseOp.Unary op) {
        return loop(op) != null;
    }

    private static FrozenLinear.@Nullable Loop loop(ElementwiseOp.Unary op) {
        return switch (op) {
            case ElementwiseOp.Relu _ -> ArithmeticLoops::relu;
            case ElementwiseOp.Gelu gelu when gelu.tanh() -> Activations::geluTanh;
            case ElementwiseOp.Gelu _ -> Activations::gelu;
            case ElementwiseOp.Silu _ -> Activations::silu;
            case ElementwiseOp.Tanh _ -> UnaryLoops::tanh;
            default -> null;
        };
    }

    private static float[] array(Tensor x) {
        return ((HostStorage) x.storage()).floats();
    }

    @Override
    public TensorType[] infer(TensorType[] types) {
        boolean fits = types.length == (joins ? 2 : 1)
                && types[0].equals(new TensorType(DType.F32, in))
                && (!joins || types[1].equals(new TensorType(DType.F32, out)));
        if (!fits) {
            throw new OpException(name + ": expects F32 " + in + (joins ? " and F32 " + out : "") + ", got "
                    + Arrays.toString(types));
        }
        return new TensorType[] {new TensorType(DType.F32, out)};
    }

    @Override
    public Tensor[] forward(Tensor[] inputs) {
        Tensor x = inputs[0].contiguous();
        Tensor shortcut = joins ? inputs[1].contiguous() : null;
        float[] y = Workspace.overwritten(out.numel());
        product.run(
                in.numel() / in.dim(-1),
                array(x),
                x.offset(),
                shortcut == null ? null : array(shortcut),
                shortcut == null ? 0 : shortcut.offset(),
                y,
                0);
        return new Tensor[] {Tensor.rowMajor(HostStorage.result(y), out)};
    }

    @Override
    public String name() {
        return name;
    }
}
