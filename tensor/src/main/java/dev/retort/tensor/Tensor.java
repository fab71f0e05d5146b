package dev.retort.tensor;

import dev.retort.tensor.op.CastOp;
import dev.retort.tensor.op.ElementwiseOp;
import dev.retort.tensor.op.ShapeOp;
import dev.retort.tensor.op.UpdateOp;
import dev.retort.tensor.spi.Recorder;
import org.jspecify.annotations.Nullable;

/// An n-dimensional array of one element type on one device, and a node of the differentiation
/// graph.
///
/// A tensor is a window (offset, shape, strides) onto a [Storage]; views share the storage. Shape
/// and dtype never change, and no method changes elements except [#update] (optimisers, running
/// statistics, caches).
///
/// The methods are grouped by op family: [ElementwiseMethods], [ReductionMethods], [ShapeMethods],
/// [IndexMethods], [LinearAlgebraMethods], [NeuralMethods]. Each builds an op and runs it, as do
/// [SpecialMethods] and [SolveMethods]. Methods that are made of those have no op of their own:
/// [CompositeMethods], [StatisticsMethods], [ScanMethods], [CountingMethods], [PatchMethods],
/// [ActivationMethods], [PoolingMethods], [VolumeMethods], [SamplingMethods]. Integers are converted to
/// `F32` where the mathematics needs it, and operands of different dtypes are
/// promoted ([DType#promote]). Dimensions may be negative, counting from the end.
///
/// Gradients (`requiresGrad`, `backward`, `grad`) need the autograd module at run time. Limit: 2³¹
/// − 1 elements.
public final class Tensor
        implements ElementwiseMethods,
                ReductionMethods,
                ShapeMethods,
                IndexMethods,
                LinearAlgebraMethods,
                SolveMethods,
                NeuralMethods,
                CompositeMethods,
                SpecialMethods,
                ActivationMethods,
                StatisticsMethods,
                ScanMethods,
                CountingMethods,
                PatchMethods,
                PoolingMethods,
                VolumeMethods,
                SamplingMethods {
    private final Storage storage;
    private final int offset;
    private final Shape shape;
    private final int[] strides;
    private final boolean contiguous;
    private @Nullable Object history;

    private Tensor(Storage storage, int offset, Shape shape, int[] strides) {
        this(storage, offset, shape, strides, denseRowMajor(shape, strides));
    }

    private Tensor(Storage storage, int offset, Shape shape, int[] strides, boolean contiguous) {
        this.storage = storage;
        this.offset = offset;
        this.shape = shape;
        this.strides = strides;
        this.contiguous = contiguous;
    }

    private static boolean denseRowMajor(Shape shape, int[] strides) {
        int step = 1;
        for (int i = shape.rank() - 1; i >= 0; i--) {
            int extent = shape.dim(i);
            if (extent != 1 && strides[i] != step && shape.numel() != 0) {
                return false;
            }
            step *= Math.max(extent, 1);
        }
        return true;
    }

    // ---- creation ----

    /// A window onto `storage`; for backends and views.
    ///
    /// @throws OpException if an element lies outside the storage, or there is not one stride a dimension
    public static Tensor of(Storage storage, int offset, Shape shape, int[] strides) {
        if (strides.length != shape.rank()) {
            throw new OpException("tensor: expects one stride a dimension, got shape " + shape + " and strides "
                    + java.util.Arrays.toString(strides));
        }
        long first = offset;
        long last = offset;
        for (int i = 0; i < strides.length; i++) {
            long reach = (long) Math.max(0, shape.dim(i) - 1) * strides[i];
            first += Math.min(reach, 0);
            last += Math.max(reach, 0);
        }
        if (offset < 0 || (shape.numel() > 0 && (first < 0 || last >= storage.size()))) {
            throw new OpException("tensor: shape " + shape + " with strides " + java.util.Arrays.toString(strides)
                    + " at offset " + offset + " does not fit a storage of " + storage.size() + " elements");
        }
        return new Tensor(storage, offset, shape, strides.clone());
    }

    /// A row-major tensor of the first elements of `storage`; for backends.
    ///
    /// @throws OpException if the storage has fewer elements than the shape
    public static Tensor rowMajor(Storage storage, Shape shape) {
        if (shape.numel() > storage.size()) {
            throw new OpException(
                    "tensor: shape " + shape + " does not fit a storage of " + storage.size() + " elements");
        }
        return new Tensor(storage, 0, shape, shape.contiguousStrides(), true);
    }

    private static Tensor wrap(DType dtype, Object array, int length, int[] shape) {
        Shape wanted = shape.length == 0 ? Shape.of(length) : Shape.of(shape);
        if (wanted.numel() != length) {
            throw new OpException("tensor: shape " + wanted + " needs " + wanted.numel() + " elements, got " + length);
        }
        return new Tensor(HostStorage.wrap(dtype, array), 0, wanted, wanted.contiguousStrides());
    }

    /// An `F32` tensor of copied `data` in row-major order; without a shape a vector.
    ///
    /// @throws OpException if the shape's element count is not the array's length
    public static Tensor of(float[] data, int... shape) {
        return wrap(DType.F32, data.clone(), data.length, shape);
    }

    /// An `F64` tensor of copied `data`.
    public static Tensor of(double[] data, int... shape) {
        return wrap(DType.F64, data.clone(), data.length, shape);
    }

    /// An `I64` tensor of copied `data`.
    public static Tensor of(long[] data, int... shape) {
        return wrap(DType.I64, data.clone(), data.length, shape);
    }

    /// An `I32` tensor of copied `data`.
    public static Tensor of(int[] data, int... shape) {
        return wrap(DType.I32, data.clone(), data.length, shape);
    }

    /// A `BOOL` tensor of copied `data`.
    public static Tensor of(boolean[] data, int... shape) {
        byte[] bytes = new byte[data.length];
        for (int i = 0; i < data.length; i++) {
            bytes[i] = (byte) (data[i] ? 1 : 0);
        }
        return wrap(DType.BOOL, bytes, data.length, shape);
    }

    /// A tensor around an array in the storage type of `dtype` (see [HostStorage]), not copied:
    /// later writes to the array show in the tensor.
    public static Tensor wrap(DType dtype, Object array, int... shape) {
        return wrap(dtype, array, java.lang.reflect.Array.getLength(array), shape);
    }

    /// A scalar (rank 0) of `dtype`.
    public static Tensor scalar(DType dtype, double value) {
        return full(value, dtype);
    }

    /// An `F32` scalar.
    public static Tensor scalar(double value) {
        return full(value, DType.F32);
    }

    /// A tensor of one value.
    public static Tensor full(double value, DType dtype, int... shape) {
        HostStorage storage = HostStorage.allocate(dtype, Shape.of(shape).numel());
        if (Double.doubleToRawLongBits(value) != 0) { // −0 is not what a fresh buffer holds
            for (int i = 0; i < storage.size(); i++) {
                storage.setDouble(i, value);
            }
        }
        Shape exact = Shape.of(shape);
        return new Tensor(storage, 0, exact, exact.contiguousStrides());
    }

    /// An `F32` tensor of zeros.
    public static Tensor zeros(int... shape) {
        return zeros(DType.F32, shape);
    }

    /// A tensor of zeros.
    public static Tensor zeros(DType dtype, int... shape) {
        return full(0, dtype, shape);
    }

    /// An `F32` tensor of ones.
    public static Tensor ones(int... shape) {
        return ones(DType.F32, shape);
    }

    /// A tensor of ones.
    public static Tensor ones(DType dtype, int... shape) {
        return full(1, dtype, shape);
    }

    /// Zeros of this tensor's type and device.
    public Tensor zerosLike() {
        return fullLike(0);
    }

    /// Ones of this tensor's type and device.
    public Tensor onesLike() {
        return fullLike(1);
    }

    /// A tensor of one value of this tensor's type and device.
    public Tensor fullLike(double value) {
        Storage fresh = Backends.of(device()).allocate(dtype(), numel());
        Tensor result = new Tensor(fresh, 0, shape, shape.contiguousStrides());
        if (Double.doubleToRawLongBits(value) != 0) {
            result.update(new UpdateOp.Fill(value));
        }
        return result;
    }

    /// The `I64` numbers 0 … end − 1.
    public static Tensor arange(int end) {
        return arange(0, end, 1, DType.I64);
    }

    /// start, start + step, … up to but without end.
    ///
    /// @throws OpException if step is 0 or leads away from end, or there are more than 2³¹ − 1 numbers
    public static Tensor arange(double start, double end, double step, DType dtype) {
        double count = Math.ceil((end - start) / step);
        if (step == 0 || !(count >= 0 && count <= Integer.MAX_VALUE)) {
            throw new OpException("arange: expects a step that leads from start to end in less than 2^31 steps, got"
                    + " start = " + start + ", end = " + end + ", step = " + step);
        }
        int length = (int) count;
        return Engine.one(new ShapeOp.Arange(start, step, length, dtype));
    }

    /// `count` numbers from start to end, both included exactly: the upper half counts down from the end.
    public static Tensor linspace(double start, double end, int count, DType dtype) {
        double step = count > 1 ? (end - start) / (count - 1) : 0;
        HostStorage storage = HostStorage.allocate(dtype, Shape.of(count).numel());
        for (int i = 0; i < count; i++) {
            storage.setDouble(i, i < count - i ? start + step * i : end - step * (count - 1 - i));
        }
        return of(storage, 0, Shape.of(count), new int[] {1});
    }

    /// The `F32` identity matrix.
    public static Tensor eye(int n) {
        return eye(DType.F32, n, n);
    }

    /// Ones on the main diagonal of a rows x cols matrix.
    public static Tensor eye(DType dtype, int rows, int cols) {
        Tensor result = zeros(dtype, rows, cols);
        if (result.numel() > 0) {
            result.diagonal(0, 0, 1).update(new UpdateOp.Fill(1));
        }
        return result;
    }

    // ---- what it is ----

    @Override
    public Tensor self() {
        return this;
    }

    /// The buffer that this tensor is a window onto.
    public Storage storage() {
        return storage;
    }

    /// Index of the first element in the storage.
    public int offset() {
        return offset;
    }

    /// The extents.
    public Shape shape() {
        return shape;
    }

    /// Extent of one dimension.
    public int size(int dim) {
        return shape.dim(dim);
    }

    /// Number of dimensions.
    public int rank() {
        return shape.rank();
    }

    /// Number of elements.
    public int numel() {
        return shape.numel();
    }

    /// A copy of the strides: how many storage elements lie between neighbours of each dimension (0
    /// if expanded).
    public int[] strides() {
        return strides.clone();
    }

    /// Whether the elements lie in row-major order without gaps.
    public boolean isContiguous() {
        return contiguous;
    }

    /// Element type.
    public DType dtype() {
        return storage.dtype();
    }

    /// Element type and shape.
    public TensorType type() {
        return new TensorType(dtype(), shape);
    }

    /// Where the elements live.
    public Device device() {
        return storage.device();
    }

    // ---- conversion ----

    /// The values as another dtype; this tensor itself if it has that dtype already.
    public Tensor to(DType dtype) {
        return dtype == dtype() ? this : Engine.one(new CastOp.Cast(dtype), this);
    }

    /// The values on another device; this tensor itself if it is there already.
    public Tensor to(Device device) {
        return device.equals(device()) ? this : Engine.one(new CastOp.ToDevice(device), this);
    }

    /// A copy of the elements in row-major order, as floats.
    public float[] toFloats() {
        HostStorage host = Transfer.toHost(dtype() == DType.F32 ? this : detach().to(DType.F32));
        return host == storage ? host.floats().clone() : host.floats();
    }

    /// A copy of the elements in row-major order, as doubles.
    public double[] toDoubles() {
        HostStorage host = Transfer.toHost(dtype() == DType.F64 ? this : detach().to(DType.F64));
        return host == storage ? host.doubles().clone() : host.doubles();
    }

    /// A copy of the elements in row-major order, as longs; floating values are truncated towards
    /// zero.
    public long[] toLongs() {
        HostStorage host = Transfer.toHost(dtype() == DType.I64 ? this : detach().to(DType.I64));
        return host == storage ? host.longs().clone() : host.longs();
    }

    /// A copy of the elements in row-major order, as ints; floating values are truncated towards
    /// zero.
    public int[] toInts() {
        HostStorage host = Transfer.toHost(dtype() == DType.I32 ? this : detach().to(DType.I32));
        return host == storage ? host.ints().clone() : host.ints();
    }

    /// A copy of the elements in row-major order, as truth values (x ≠ 0).
    public boolean[] toBooleans() {
        HostStorage host = Transfer.toHost(dtype() == DType.BOOL ? this : detach().to(DType.BOOL));
        boolean[] out = new boolean[host.size()];
        for (int i = 0; i < out.length; i++) {
            out[i] = host.bytes()[i] != 0;
        }
        return out;
    }

    /// The elements on the heap in row-major order, in the storage type of the dtype. May be this
    /// tensor's own buffer: do not modify it.
    public HostStorage toHost() {
        storage.keep();
        return Transfer.toHost(this);
    }

    /// The value of a tensor with exactly one element.
    ///
    /// @throws OpException if there are more or none
    public double item() {
        if (numel() != 1) {
            throw new OpException("item: expects exactly one element, got " + type());
        }
        return storage instanceof HostStorage host
                ? host.getDouble(offset)
                : Transfer.toHost(this).getDouble(0);
    }

    /// The element at an index, one number per dimension (negative counts from the end).
    ///
    /// @throws OpException if the index does not fit the shape
    public double get(int... index) {
        if (index.length != rank()) {
            throw new OpException(
                    "get: expects " + rank() + " indices, got " + java.util.Arrays.toString(index) + " for " + shape);
        }
        int at = offset;
        for (int d = 0; d < index.length; d++) {
            int extent = size(d);
            int i = index[d] < 0 ? index[d] + extent : index[d];
            if (i < 0 || i >= extent) {
                throw new OpException("get: index " + java.util.Arrays.toString(index) + " is outside " + shape);
            }
            at += i * strides[d];
        }
        if (storage instanceof HostStorage host) {
            return host.getDouble(at);
        }
        return of(storage, at, Shape.SCALAR, new int[0]).item();
    }

    // ---- writing ----

    /// Runs an update op with this tensor as the first input; the only way to change elements. Not
    /// recorded.
    public void update(UpdateOp op, Tensor... others) {
        Tensor[] inputs = new Tensor[others.length + 1];
        inputs[0] = this;
        System.arraycopy(others, 0, inputs, 1, others.length);
        Engine.run(op, inputs);
    }

    /// Overwrites the elements with those of `source`, which broadcasts and is converted.
    public void copyFrom(Tensor source) {
        update(new UpdateOp.CopyInto(), source);
    }

    // ---- differentiation ----

    /// Whether gradients flow to this tensor.
    public boolean requiresGrad() {
        Recorder recorder = Engine.recorderOrNull();
        return recorder != null && recorder.requiresGrad(this);
    }

    /// Turns gradient tracking of this leaf on or off; returns this tensor.
    ///
    /// @throws IllegalStateException if the autograd module is missing
    /// @throws OpException           if the dtype is not floating, or the tensor is the result of a
    ///                               recorded op
    public Tensor requiresGrad(boolean on) {
        Engine.recorder().setRequiresGrad(this, on);
        return this;
    }

    /// Whether this tensor was not made by a recorded op.
    public boolean isLeaf() {
        Recorder recorder = Engine.recorderOrNull();
        return recorder == null || recorder.isLeaf(this);
    }

    /// The gradient accumulated by [#backward()], or null.
    public @Nullable Tensor grad() {
        Recorder recorder = Engine.recorderOrNull();
        return recorder == null ? null : recorder.grad(this);
    }

    /// [#grad()] for a reader that does not keep it: the next backward may change it, and its
    /// memory may be given back when it is cleared or replaced. For optimisers.
    public @Nullable Tensor borrowGrad() {
        Recorder recorder = Engine.recorderOrNull();
        return recorder == null ? null : recorder.borrowGrad(this);
    }

    /// Replaces the accumulated gradient; null clears it.
    public void grad(@Nullable Tensor gradient) {
        Engine.recorder().setGrad(this, gradient);
    }

    /// Adds the gradients of this scalar to all leaves that it depends on.
    public void backward() {
        Engine.recorder().backward(this, null);
    }

    /// Adds the gradients of ⟨this, gradient⟩ to all leaves that this tensor depends on.
    public void backward(Tensor gradient) {
        Engine.recorder().backward(this, gradient);
    }

    /// The same elements (shared storage) as a constant: no gradient flows through the result.
    public Tensor detach() {
        storage.keep();
        return new Tensor(storage, offset, shape, strides);
    }

    /// [#detach] for a reader that is done before the storage can be given back
    /// ([Storage#release]); reserved for the engine and optimisers.
    public Tensor borrow() {
        return new Tensor(storage, offset, shape, strides);
    }

    /// What the recorder knows of this tensor; reserved for it.
    public @Nullable Object history() {
        return history;
    }

    /// Sets what the recorder knows of this tensor; reserved for it.
    public void history(@Nullable Object newHistory) {
        history = newHistory;
    }

    // ---- several tensors ----

    /// `a` where the condition holds, `b` elsewhere; all three broadcast.
    public static Tensor where(Tensor condition, Tensor a, Tensor b) {
        DType dtype = a.dtype().promote(b.dtype());
        return Engine.one(new ElementwiseOp.Where(), condition, a.to(dtype), b.to(dtype));
    }

    /// w₁ x₁ + … + wₙ xₙ, in one pass.
    ///
    /// @param weights `[n]`
    /// @param terms   n tensors of one shape, of the weights' dtype
    public static Tensor weightedSum(Tensor weights, Tensor... terms) {
        Tensor[] in = new Tensor[terms.length + 1];
        in[0] = weights;
        System.arraycopy(terms, 0, in, 1, terms.length);
        return Engine.one(new ElementwiseOp.WeightedSum(), in);
    }

    /// The tensors one after the other along an existing dimension; dtypes are promoted.
    public static Tensor cat(int dim, Tensor... tensors) {
        if (tensors.length == 0) {
            throw new OpException("cat: expects at least one tensor, got none");
        }
        return Engine.one(new ShapeOp.Cat(tensors[0].shape.normalise("cat", dim)), promoted(tensors));
    }

    /// The tensors, all of one shape, along a new dimension.
    public static Tensor stack(int dim, Tensor... tensors) {
        Tensor[] raised = new Tensor[tensors.length];
        for (int i = 0; i < tensors.length; i++) {
            raised[i] = tensors[i].unsqueeze(dim);
        }
        return cat(dim < 0 && raised.length > 0 ? dim + raised[0].rank() : dim, raised);
    }

    private static Tensor[] promoted(Tensor[] tensors) {
        DType dtype = tensors[0].dtype();
        for (Tensor tensor : tensors) {
            dtype = dtype.promote(tensor.dtype());
        }
        Tensor[] out = new Tensor[tensors.length];
        for (int i = 0; i < tensors.length; i++) {
            out[i] = tensors[i].to(dtype);
        }
        return out;
    }

    /// Einstein summation: `einsum("bij,bjk->bik", a, b)`; see [Einsum].
    public static Tensor einsum(String equation, Tensor... operands) {
        return Einsum.of(equation, operands);
    }

    @Override
    public String toString() {
        return TensorPrinter.print(this);
    }
}
