package dev.retort.tensor.cpu.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// The vector width of this process and the sums over lanes whose order is fixed.
///
/// The width is the widest the machine has, or the one forced by the system property
/// `dev.retort.vector.bits` (64, 128, 256 or 512). `reduceLanes(ADD)` is not used: its order differs
/// between interpreted and compiled code.
///
/// A process computes floats in vectors of this one shape. The methods of the vector library learn the class of their
/// operands from all their callers; once they have seen a second one, kernels that are compiled later may be compiled
/// as if they did not know it, and put every vector into an object (measured: docs/design-notes.md).
public final class Lanes {
    public static final VectorSpecies<Float> SPECIES = species();
    public static final int LENGTH = SPECIES.length();

    private static final VectorShuffle<Float> FOLD_8 = fold(8);
    private static final VectorShuffle<Float> FOLD_4 = fold(4);
    private static final VectorShuffle<Float> FOLD_2 = fold(2);
    private static final VectorShuffle<Float> FOLD_1 = fold(1);

    private Lanes() {}

    /// Floats in one vector.
    public static int length() {
        return LENGTH;
    }

    /// Sum of the lanes: halves are added, upper on lower, until one lane is left.
    public static float sum(FloatVector v) {
        FloatVector s = v;
        if (LENGTH > 8) {
            s = s.add(s.rearrange(FOLD_8));
        }
        if (LENGTH > 4) {
            s = s.add(s.rearrange(FOLD_4));
        }
        if (LENGTH > 2) {
            s = s.add(s.rearrange(FOLD_2));
        }
        return s.add(s.rearrange(FOLD_1)).lane(0);
    }

    /// Sum, in the same order, of the vector stored at `lanes[at]`: for methods with several sums, where C2 may stop
    /// inlining before the last and would put each vector into an object to call [#sum(FloatVector)].
    public static float sum(float[] lanes, int at) {
        return sum(FloatVector.fromArray(SPECIES, lanes, at));
    }

    /// Largest lane; NaN if any lane is NaN.
    public static float max(FloatVector v) {
        return v.reduceLanes(VectorOperators.MAX);
    }

    /// Smallest lane; NaN if any lane is NaN.
    public static float min(FloatVector v) {
        return v.reduceLanes(VectorOperators.MIN);
    }

    private static VectorShuffle<Float> fold(int half) {
        return VectorShuffle.fromOp(SPECIES, i -> (i + half) % SPECIES.length());
    }

    private static VectorSpecies<Float> species() {
        int bits = Integer.getInteger("dev.retort.vector.bits", 0);
        return switch (bits) {
            case 0 -> FloatVector.SPECIES_PREFERRED;
            case 64 -> FloatVector.SPECIES_64;
            case 128 -> FloatVector.SPECIES_128;
            case 256 -> FloatVector.SPECIES_256;
            case 512 -> FloatVector.SPECIES_512;
            default ->
                throw new IllegalArgumentException("dev.retort.vector.bits: expected 64, 128, 256 or 512, got " + bits);
        };
    }
}
