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
    /// For tests: who relies on what a result array held before shows, and who reads what was given
    /// back.
    static final boolean POISON = Boolean.getBoolean("dev.retort.poison");
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

    /// An array of `count` zeros for a result: the buffer that was planned for it, else one that
    /// was given back, else a fresh one.
    public static float[] floats(int count) {
        Workspace workspace = CURRENT.get();
        if (workspace == null) {
            float[] recent = RecentArrays.take(count);
            if (recent == null) {
                return ArrayPool.shared().zeros(count);
            }
            Arrays.fill(recent, 0);
            return recent;
        }
        float[] buffer = workspace.planned(count);
        if (buffer == null) {
            return new float[count];
        }
        Arrays.fill(buffer, 0);
        return buffer;
    }

    /// The same with any content, for kernels that write every element and read none.
    public static float[] overwritten(int count) {
        Workspace workspace = CURRENT.get();
        float[] buffer = workspace == null ? RecentArrays.take(count) : workspace.planned(count);
        if (buffer == null) {
            buffer = workspace == null ? ArrayPool.shared().take(count) : new float[count];
        }
        if (POISON) {
            Arrays.fill(buffer, Float.NaN);
        }
        return buffer;
    }

    /// An array for a result whose element i depends on element i of `read` besides other tensors: the array of `read`
    /// if that was offered ([HostStorage#offer]), else one as [#overwritten] gives it.
    ///
    /// @param read a tensor whose array the kernel has taken already
    public static float[] over(Tensor read) {
        if (!isOpen()
                && read.storage() instanceof HostStorage host
                && read.numel() == host.size()
                && read.isContiguous()) {
            float[] array = host.handOver();
            if (array != null) {
                return array;
            }
        }
        return overwritten(read.numel());
    }

    /// An array of `count` longs with any content, for indices that a kernel gives: plans have none.
    public static long[] longs(int count) {
        return isOpen() ? new long[count] : ArrayPool.shared().takeLongs(count);
    }

    /// Whether a program with planned memory runs in this thread.
    static boolean isOpen() {
        return CURRENT.get() != null;
    }

    private float @Nullable [] planned(int count) {
        return given < next.length && next[given].length == count ? next[given++] : null;
    }

    @Override
    public void close() {
        CURRENT.set(outer);
    }
}
