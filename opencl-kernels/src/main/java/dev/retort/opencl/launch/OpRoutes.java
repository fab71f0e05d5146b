package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.DeviceLimits;
import dev.retort.tensor.op.CastOp;
import dev.retort.tensor.op.IndexOp;
import dev.retort.tensor.op.LinalgOp;
import dev.retort.tensor.op.Op;
import dev.retort.tensor.op.RandomOp;
import dev.retort.tensor.op.ReductionOp;
import dev.retort.tensor.op.ShapeOp;
import dev.retort.tensor.spi.OpRoute;
import java.util.Map;

/// Ops that do not simply have a kernel; a test compares this with what the ops do.
public final class OpRoutes {
    private static final OpRoute DRAWN =
            new OpRoute(OpRoute.Kind.HOST, "no input: made on the host, then copied to the device");
    private static final OpRoute MATRIX =
            new OpRoute(OpRoute.Kind.KERNEL, "one work-group a matrix, in F64 where the device has it");
    private static final Map<Class<? extends Op>, OpRoute> OTHERS = Map.ofEntries(
            Map.entry(RandomOp.Uniform.class, DRAWN),
            Map.entry(RandomOp.Normal.class, DRAWN),
            Map.entry(RandomOp.TruncatedNormal.class, DRAWN),
            Map.entry(RandomOp.Permutation.class, DRAWN),
            Map.entry(ShapeOp.Arange.class, DRAWN),
            Map.entry(ShapeOp.Full.class, DRAWN),
            Map.entry(CastOp.ToDevice.class, new OpRoute(OpRoute.Kind.ENGINE, "a copy between devices")),
            Map.entry(ShapeOp.PadBackward.class, new OpRoute(OpRoute.Kind.COMPOSITE, "slices, flips and sums")),
            Map.entry(LinalgOp.Cholesky.class, MATRIX),
            Map.entry(LinalgOp.TriangularSolve.class, MATRIX),
            Map.entry(LinalgOp.Lu.class, MATRIX),
            Map.entry(LinalgOp.Solve.class, new OpRoute(OpRoute.Kind.KERNEL, "LU, then two triangular solves")),
            Map.entry(LinalgOp.Det.class, MATRIX),
            Map.entry(LinalgOp.SlogDet.class, MATRIX),
            Map.entry(LinalgOp.Qr.class, MATRIX),
            Map.entry(LinalgOp.Pinv.class, new OpRoute(OpRoute.Kind.COMPOSITE, "singular values and products")),
            Map.entry(LinalgOp.Eigh.class, MATRIX),
            Map.entry(LinalgOp.Svd.class, MATRIX),
            Map.entry(
                    ReductionOp.Norm.class, new OpRoute(OpRoute.Kind.KERNEL, "p other than 0, 1, 2, ±inf: composite")),
            Map.entry(IndexOp.IndexAdd.class, new OpRoute(OpRoute.Kind.KERNEL, "after sorting the index")),
            Map.entry(IndexOp.EmbeddingBackward.class, new OpRoute(OpRoute.Kind.KERNEL, "after sorting the index")));

    private OpRoutes() {}

    /// How ops of a record run on a device.
    public static OpRoute of(Class<? extends Op> op, DeviceLimits limits) {
        if (ShapeOp.View.class.isAssignableFrom(op)) {
            return new OpRoute(OpRoute.Kind.ENGINE, "a view: nothing is computed");
        }
        if (op == RandomOp.Multinomial.class && !limits.doubles()) {
            return new OpRoute(OpRoute.Kind.HOST, "defined in F64, which the device lacks");
        }
        return OTHERS.getOrDefault(op, OpRoute.kernel());
    }
}
