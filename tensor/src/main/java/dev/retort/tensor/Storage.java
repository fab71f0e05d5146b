package dev.retort.tensor;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A flat buffer of elements that tensors and their views share.
///
/// The version counter rises with every [dev.retort.tensor.op.UpdateOp] that writes here; backward
/// compares it with the version at saving time, so that an overwritten saved tensor is an error and
/// not a wrong gradient.
public abstract class Storage {
    private final DType dtype;
    private final int size;
    private final AtomicInteger version = new AtomicInteger();
    /// Null before the first: a volatile field that is written in the constructor costs every result a fence.
    private volatile @Nullable String lastWriter;
    private volatile boolean kept;

    /// A buffer of `size` elements of `dtype`.
    protected Storage(DType dtype, int size) {
        this.dtype = dtype;
        this.size = size;
    }

    /// Element type.
    public final DType dtype() {
        return dtype;
    }

    /// Number of elements.
    public final int size() {
        return size;
    }

    /// Where the buffer lives.
    public abstract Device device();

    /// How often an update op has written to this buffer.
    public final int version() {
        return version.get();
    }

    /// Name of the update op that wrote last, empty if none did.
    public final String lastWriter() {
        String writer = lastWriter;
        return writer == null ? "" : writer;
    }

    /// Gives the memory back now and not when this is collected as garbage; using the elements
    /// afterwards is an error. For owners who know that nobody else refers to them. Does nothing
    /// after [#keep], and for small buffers on the heap.
    public final void release() {
        if (!kept) {
            free();
        }
    }

    /// Says that somebody else refers to the elements: [#release] does nothing from now on.
    public final void keep() {
        kept = true;
    }

    /// Whether [#keep] was called.
    final boolean isKept() {
        return kept;
    }

    /// Whether [#release] would do anything.
    public boolean isReleasable() {
        return false;
    }

    /// Gives the memory back, if that can be done; a second call does nothing.
    protected void free() {}

    /// Says that `writer` has changed the elements.
    public final void markWritten(String writer) {
        lastWriter = writer;
        version.incrementAndGet();
    }
}
