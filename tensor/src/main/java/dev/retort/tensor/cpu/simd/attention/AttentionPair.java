package dev.retort.tensor.cpu.simd.attention;

import dev.retort.tensor.cpu.CacheSizes;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Scratch;

/// Two neighbouring heads whose operands are copied together.
///
/// Where heads were split from the features of a position, a head is pieces of 256 bytes, pages apart:
/// too short for the processor to read ahead, and in few sets of the cache. Two heads are pieces of twice
/// the length; the copy has an odd number of cache lines a position, so that its rows lie in all sets.
final class AttentionPair {
    static final int HEADS = 2;
    /// Floats of the copies of a task: what the second-level cache holds. Where they would leave it, heads are read as
    /// fast where they lie.
    private static final int FLOATS = CacheSizes.SECOND_LEVEL / Float.BYTES;

    private static final int LINE_FLOATS = 16;

    private final int batch;
    private final int head;
    private final float[] work;
    private int end = Scratch.LINE;

    /// @param pair number of the pair, counted over the batch
    AttentionPair(AttentionShape a, int pair, int floats) {
        batch = pair * HEADS / a.heads();
        head = pair * HEADS % a.heads();
        work = Scratch.lines(Scratch.ATTENTION_HEADS, floats);
    }

    /// Floats of the copies of operands with so many positions in all; 0 if heads are to be read where they lie.
    static int floats(AttentionShape a, int positions, AttentionOperand... operands) {
        if (a.width() != a.valueWidth() || a.groups() != a.heads() || a.heads() % HEADS != 0) {
            return 0;
        }
        for (AttentionOperand operand : operands) {
            if (!operand.isSplit(a.width())) {
                return 0;
            }
        }
        long floats = (long) positions * pitch(a.width());
        boolean enough = a.batch() * a.heads() / HEADS >= 2 * Parallel.threads();
        return enough && floats <= FLOATS ? (int) floats : 0;
    }

    private static int pitch(int width) {
        return ((HEADS * width + LINE_FLOATS - 1) / LINE_FLOATS | 1) * LINE_FLOATS;
    }

    /// Room for the pair's `positions` rows of an operand; what is in it is undefined.
    AttentionOperand room(int positions, int width) {
        int pitch = pitch(width);
        AttentionOperand room = new AttentionOperand(work, end - head * width, 0, width, pitch);
        end += positions * pitch;
        return room;
    }

    /// The pair's rows of an operand, copied.
    AttentionOperand copy(AttentionOperand from, int positions, int width) {
        AttentionOperand to = room(positions, width);
        move(from, to, positions, width);
        return to;
    }

    /// Copies the pair's rows of an operand to another.
    void move(AttentionOperand from, AttentionOperand to, int positions, int width) {
        int s = from.at(batch, head);
        int d = to.at(batch, head);
        for (int t = 0; t < positions; t++) {
            System.arraycopy(from.data(), s + t * from.rowStride(), to.data(), d + t * to.rowStride(), HEADS * width);
        }
    }
}
