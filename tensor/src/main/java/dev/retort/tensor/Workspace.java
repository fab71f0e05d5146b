package dev.retort.tensor;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Arrays that the results of ops are written to instead of fresh ones, while it is open in a
/// thread: what a program with planned memory runs in.
///
/// ```java
/// try (Workspace workspace = Workspace.open()) {
///     workspace.next(buffer); // for the F32 result of the following op, if it has this many elements
///     Tensor y = Engine.one(op, x);
/// }
/// ```
///
/// Who plans must know that nothing alive reads a buffer any more when it is handed over. Backends
/// ask with [#floats] for results only, never for scratch memory. A backend that does not ask
/// allocates as ever.
public final class Workspace implements AutoCloseable {
    private static final float[][] NONE = {};
    private static final ThreadLocal<@Nullable Workspace> CURRENT = new ThreadLocal<>();

    private final @Nullable Workspace outer;
    private float[][] next = NONE;
    private int given;

    private Workspace(@Nullable Workspace outer) {
        this.outer = outer;
    }

    /// Opens a workspace in this thread; close it there.
    public static Workspace open() {
        Workspace workspace = new Workspace(CURRENT.get());
        CURRENT.set(workspace);
        return workspace;
    }

    /// Offers one buffer for each result of the following op, in order; none for fresh arrays.
    public void next(float[]... buffers) {
        next = buffers;
        given = 0;
    }

    /// An array of `count` zeros for a result: the buffer that was planned for it, else a fresh one.
    public static float[] floats(int count) {
        Workspace workspace = CURRENT.get();
        return workspace == null ? new float[count] : workspace.take(count);
    }

    private float[] take(int count) {
        if (given < next.length && next[given].length == count) {
            float[] buffer = next[given++];
            Arrays.fill(buffer, 0); // kernels that add up start from zeros
            return buffer;
        }
        return new float[count];
    }

    @Override
    public void close() {
        CURRENT.set(outer);
    }
}
