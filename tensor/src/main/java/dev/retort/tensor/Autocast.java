package dev.retort.tensor;

import dev.retort.tensor.op.Op;
import org.jspecify.annotations.Nullable;

/// A stretch of code in which products are computed in a half type, and what needs precision or range in
/// `F32`: mixed precision without a change to the model. Ends with `close`; a state of the thread.
///
/// ```java
/// Tensor loss;
/// try (var _ = Autocast.to(DType.BF16)) {
///     loss = Losses.crossEntropy(model.call(x), y).mean();
/// }
/// loss.backward();   // outside: gradients have the types that forward chose
/// ```
///
/// Parameters stay in `F32`: an op gets a cast of them, and their gradients are cast back. Which op gets
/// what is in [AutocastPolicy]. `F64` and integers are never touched. With `F16` small gradients vanish;
/// scale the loss with `GradScaler`, which `BF16` does not need.
///
/// Source: Micikevicius et al., "Mixed precision training", 2017, arXiv 1710.03740; the lists follow
/// PyTorch's `torch.autocast`.
public final class Autocast implements AutoCloseable {
    private static final ThreadLocal<State> STATE = ThreadLocal.withInitial(State::new);

    private final State state = STATE.get();
    private final @Nullable DType before = state.half;

    private static final class State {
        private @Nullable DType half;
    }

    private Autocast(@Nullable DType half) {
        state.half = half;
    }

    /// Products in `half` until the scope closes.
    ///
    /// @throws OpException if `half` is not `F16` or `BF16`
    public static Autocast to(DType half) {
        if (half != DType.F16 && half != DType.BF16) {
            throw new OpException("autocast: expects F16 or BF16, got " + half);
        }
        return new Autocast(half);
    }

    /// No casts until the scope closes, also inside another one.
    public static Autocast off() {
        return new Autocast(null);
    }

    /// What [#dtype()] said at another time, again until the scope closes.
    public static Autocast as(@Nullable DType dtype) {
        return dtype == null ? off() : to(dtype);
    }

    /// The half type of products in this thread now, or null.
    public static @Nullable DType dtype() {
        return STATE.get().half;
    }

    /// Goes back to what was before; call it in the thread that opened the scope.
    @Override
    public void close() {
        state.half = before;
    }

    /// `body` on the inputs as `op` gets them here. What it runs inside, as composites do, is left alone.
    static Tensor[] run(Op op, DType half, Tensor[] inputs, Body body) {
        try (Autocast _ = off()) {
            return body.of(AutocastPolicy.of(op).cast(half, inputs));
        }
    }

    /// What is done with the inputs.
    @FunctionalInterface
    interface Body {
        /// The results.
        Tensor[] of(Tensor[] inputs);
    }
}
