package dev.retort.nn.residual;

import dev.retort.tensor.Tensor;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// What a residual connection goes around: x ↦ after(shortcut(x) ⊕ body(norm(x))).
///
/// ```java
/// residual.connect(stream, Branch.of(attention::call).withNorm(norm::call));
/// ```
///
/// @param norm     what is done to the stream first, such as a layer norm; null for nothing
/// @param body     the computation
/// @param shortcut what brings the stream to the output's shape; null where the shape stays
/// @param after    what is done to the sum, such as a ReLU or the norm of a post-norm model; null for
///                 nothing
/// @param joined   the branch, the sum and what follows by ops that do several of these steps at once; null
///                 for none. Used where the connection is a sum that nobody watches
public record Branch(
        @Nullable UnaryOperator<Tensor> norm,
        UnaryOperator<Tensor> body,
        @Nullable UnaryOperator<Tensor> shortcut,
        @Nullable UnaryOperator<Tensor> after,
        @Nullable Joined joined) {

    /// A fused form of the branch and the sum.
    @FunctionalInterface
    public interface Joined {
        /// after(scale ∘ body(norm(x)) + stream).
        ///
        /// @param x      the stream at the branch's input
        /// @param stream what the branch is added to, of the output's shape
        /// @param scale  one number, or one a channel, in a shape that broadcasts over the output; null for 1
        Tensor of(Tensor x, Tensor stream, @Nullable Tensor scale);
    }

    /// A branch without anything around it.
    public static Branch of(UnaryOperator<Tensor> body) {
        return new Branch(null, body, null, null, null);
    }

    /// The same with a norm in front.
    public Branch withNorm(UnaryOperator<Tensor> newNorm) {
        return new Branch(newNorm, body, shortcut, after, null);
    }

    /// The same where the stream changes its shape.
    public Branch withShortcut(@Nullable UnaryOperator<Tensor> newShortcut) {
        return new Branch(norm, body, newShortcut, after, joined);
    }

    /// The same with something done to the sum.
    public Branch withAfter(UnaryOperator<Tensor> newAfter) {
        return new Branch(norm, body, shortcut, newAfter, null);
    }

    /// The same with a fused form of the branch and the sum; made last, as it stands for norm, body and after.
    public Branch withJoined(Joined newJoined) {
        return new Branch(norm, body, shortcut, after, newJoined);
    }

    /// What the body receives for a value of the stream.
    Tensor normed(Tensor x) {
        return norm == null ? x : norm.apply(x);
    }

    /// f(x), the body behind its norm.
    Tensor run(Tensor x) {
        return body.apply(normed(x));
    }

    /// after(skip + f(x)).
    Tensor plainly(Tensor x, Tensor skip) {
        return joined == null ? after(run(x).add(skip)) : joined.of(x, skip, null);
    }

    Tensor after(Tensor sum) {
        return after == null ? sum : after.apply(sum);
    }
}
