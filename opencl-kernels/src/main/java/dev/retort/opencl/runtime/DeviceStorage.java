package dev.retort.opencl.runtime;

import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Storage;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A buffer of elements in the memory of an OpenCL device.
///
/// It may be pending: then it has a recipe and no memory, and is computed when a command first reads
/// it; another recipe may take its recipe up instead, so that it is never computed. Before a storage is
/// written in place, what is pending on its old elements is computed ([#settleReaders()]). A storage
/// that is given back while commands that are not enqueued yet still read it keeps its memory until
/// they are.
public final class DeviceStorage extends Storage {
    private static final int PRUNE = 64;

    private final ClDevice device;
    private final List<WeakReference<DeviceStorage>> readers = new ArrayList<>(0);
    private @Nullable Recipe recipe;
    private @Nullable Block block;
    private DeviceMemory.@Nullable Lease lease;
    private int holds;
    private boolean released;

    /// A storage with memory.
    DeviceStorage(ClDevice device, DType dtype, int size) {
        super(dtype, size);
        this.device = device;
        take();
    }

    /// A pending storage.
    DeviceStorage(ClDevice device, DType dtype, int size, Recipe recipe) {
        super(dtype, size);
        this.device = device;
        this.recipe = recipe;
        for (DeviceStorage read : recipe.reads()) {
            read.hold();
            if (read.readers.size() >= PRUNE) {
                read.readers.removeIf(
                        reader -> reader.get() == null || !reader.get().isPending());
            }
            read.readers.add(new WeakReference<>(this));
        }
    }

    private void take() {
        Block taken = device.memory().take(Math.max(1, bytes()));
        block = taken;
        lease = device.memory().lease(this, taken);
    }

    @Override
    public Device device() {
        return device.name();
    }

    /// The device that holds the buffer.
    public ClDevice owner() {
        return device;
    }

    /// Bytes of the elements.
    public long bytes() {
        return (long) size() * dtype().bytes();
    }

    /// How it will be computed, or null if it was.
    public @Nullable Recipe recipe() {
        return recipe;
    }

    private boolean isPending() {
        return recipe != null;
    }

    /// Enqueues what computes the elements, if nothing has yet.
    public void realize() {
        synchronized (device) {
            Recipe pending = recipe;
            if (pending != null) {
                fill(pending, true, () -> pending.compute(this));
            }
        }
    }

    /// Enqueues `commands`, of one holder, which compute the elements of this pending storage on the way; unless
    /// nobody else reads them ([#hasOtherReaders()]): then it gets no memory.
    public void realizeBy(Runnable commands) {
        synchronized (device) {
            Recipe pending = recipe;
            if (pending == null) {
                throw new IllegalStateException("a storage of " + size() + " " + dtype() + " is not pending");
            }
            fill(pending, hasOtherReaders(), commands);
        }
    }

    private void fill(Recipe pending, boolean withMemory, Runnable commands) {
        recipe = null;
        try {
            if (withMemory) {
                take();
            }
            commands.run();
        } catch (RuntimeException e) {
            giveBack();
            recipe = pending; // as if nothing had happened
            throw e;
        }
        pending.reads().forEach(DeviceStorage::letGo);
    }

    /// Computes what is pending on the elements, which are about to change.
    public void settleReaders() {
        synchronized (device) {
            for (WeakReference<DeviceStorage> reader : List.copyOf(readers)) {
                DeviceStorage pending = reader.get();
                if (pending != null) {
                    pending.realize();
                }
            }
            readers.clear();
        }
    }

    /// Keeps the memory for a command that is not enqueued yet, until [#letGo()].
    public void hold() {
        synchronized (device) {
            holds++;
        }
    }

    /// Ends one [#hold()].
    public void letGo() {
        synchronized (device) {
            holds--;
            if (released && holds == 0) {
                drop();
            }
        }
    }

    /// Whether anybody besides one holder may still read the elements: it was not given back, or others hold it.
    public boolean hasOtherReaders() {
        return !released || holds > 1;
    }

    /// @throws OpException if the storage was given back
    void requireUsable() {
        if (released) {
            throw new OpException(device.name() + ": a tensor of " + size() + " " + dtype()
                    + " elements is used after its memory was given back");
        }
    }

    /// The memory, filled by what is enqueued.
    Block block() {
        realize();
        Block own = block;
        if (own == null) {
            throw new IllegalStateException("a storage of " + size() + " " + dtype() + " lost its memory too early");
        }
        return own;
    }

    @Override
    public boolean isReleasable() {
        return true;
    }

    /// Commands that were enqueued before may still use it, as may those that hold it; using it afterwards
    /// is an error.
    @Override
    protected void free() {
        synchronized (device) {
            if (released) {
                return;
            }
            released = true;
            if (holds == 0) {
                drop();
            }
        }
    }

    /// Nobody needs the elements any more, computed or not.
    private void drop() {
        Recipe pending = recipe;
        recipe = null;
        if (pending != null) {
            pending.reads().forEach(DeviceStorage::letGo);
        } else {
            giveBack();
        }
    }

    private void giveBack() {
        DeviceMemory.Lease own = lease;
        if (own != null) {
            device.memory().end(own);
        }
        lease = null;
        block = null;
    }
}
