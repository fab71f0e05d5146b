package dev.retort.distill.method;

import dev.retort.nn.Module;
import dev.retort.nn.layer.Conv2d;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ResampleOp;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The student's side of [ReviewKd]: from deep to shallow, every level sees what the deeper ones have become.
///
/// ```
/// x = BN(conv 1 x 1 (F)), M channels
/// [a, b] = sigmoid(conv 1 x 1 ([x, ↑ f])),   f ← a x + b ↑ f          f = x at the deepest level
/// output = BN(conv 3 x 3 (↑ f)), the teacher's shape                  ↑: nearest neighbour
/// ```
final class ReviewFusion extends Module {
    private final List<Block> blocks = new ArrayList<>();
    private final List<Shape> targets;

    /// Attention fusion of one level.
    private static final class Block extends Module {
        private final ConvNorm narrow;
        private final @Nullable Conv2d attention;
        private final ConvNorm wide;

        Block(int in, int middle, int out, boolean deepest, Rng rng) {
            narrow = child("narrow", ConvNorm.of(in, middle, 1, rng));
            attention = deepest ? null : child("attention", new Conv2d(Conv2d.Config.of(2 * middle, 2, 1), rng));
            wide = child("wide", ConvNorm.of(middle, out, 3, rng));
        }

        /// f of this level.
        Tensor fuse(Tensor map, @Nullable Tensor deeper) {
            Tensor own = narrow.call(map);
            if (attention == null || deeper == null) {
                return own;
            }
            Tensor above = resized(deeper, own.size(2), own.size(3));
            Tensor shares = attention.call(Tensor.cat(1, own, above)).sigmoid(); // [B, 2, H, W]
            return own.mul(shares.narrow(1, 0, 1)).add(above.mul(shares.narrow(1, 1, 1)));
        }
    }

    /// @param own    the student's maps [C, H, W], from shallow to deep
    /// @param wanted the teacher's
    /// @param middle M
    ReviewFusion(List<Shape> own, List<Shape> wanted, int middle, Rng rng) {
        targets = List.copyOf(wanted);
        for (int l = 0; l < own.size(); l++) {
            boolean deepest = l == own.size() - 1;
            Block block = new Block(own.get(l).dim(0), middle, wanted.get(l).dim(0), deepest, rng);
            blocks.add(child("level" + l, block));
        }
    }

    /// Outputs from shallow to deep, in the teacher's shapes.
    Tensor[] call(List<Tensor> maps) {
        Tensor[] outputs = new Tensor[blocks.size()];
        Tensor fused = null;
        for (int l = blocks.size() - 1; l >= 0; l--) {
            Block block = blocks.get(l);
            fused = block.fuse(maps.get(l), fused);
            Shape target = targets.get(l);
            outputs[l] = block.wide.call(resized(fused, target.dim(1), target.dim(2)));
        }
        return outputs;
    }

    private static Tensor resized(Tensor map, int height, int width) {
        return map.size(2) == height && map.size(3) == width
                ? map
                : map.interpolate(height, width, ResampleOp.Mode.NEAREST, false);
    }
}
