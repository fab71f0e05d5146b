package dev.retort.opencl.runtime;

import dev.retort.tensor.OpException;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.TreeMap;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.cl_context;
import org.jspecify.annotations.Nullable;

/// The allocator of one device.
///
/// Sizes are rounded up to classes, four to an octave, and a block that is given back waits in a cache of
/// bounded size for the next request of its class. The queue runs in order, so a block may be handed out
/// again while kernels that use it are still waiting.
///
/// A block comes back when its storage is released, or else when the storage is collected as garbage. The
/// heap does not feel the weight of device memory, so a collection is asked for when the bytes in use
/// have doubled since the last one, but not before they are 256 MiB and a thirty-second of the limit: it
/// takes tens of milliseconds.
public final class DeviceMemory {
    private static final long SMALLEST = 512;
    private static final long FIRST_COLLECTION = 256L << 20;
    private static final int SHARE_WITHOUT_COLLECTION = 32;
    private static final int WAIT_MILLIS = 20;

    private final cl_context context;
    private final Runnable finish;
    private final String device;
    private final long largest;
    private final long limit;
    private final long cacheLimit;
    private final TreeMap<Long, ArrayDeque<Block>> cache = new TreeMap<>();
    private final ReferenceQueue<DeviceStorage> collected = new ReferenceQueue<>();
    private final Set<Lease> leases = new HashSet<>();
    private long live;
    private long cached;
    private long peak;
    private long collectAt;

    /// Keeps a block while its storage is reachable.
    static final class Lease extends PhantomReference<DeviceStorage> {
        private final Block block;
        private boolean ended;

        Lease(DeviceStorage storage, Block block, ReferenceQueue<DeviceStorage> queue) {
            super(storage, queue);
            this.block = block;
        }
    }

    /// How the memory is used, in bytes.
    ///
    /// @param live   held by storages
    /// @param cached waiting to be used again
    /// @param peak   the most that was live at one time
    /// @param limit  what live and cached may not exceed together
    public record Usage(long live, long cached, long peak, long limit) {}

    DeviceMemory(cl_context context, DeviceLimits limits, String device, Runnable finish) {
        this.context = context;
        this.finish = finish;
        this.device = device;
        this.largest = limits.largestBuffer();
        long share = limits.memoryBytes() - limits.memoryBytes() / 10; // what the driver itself needs
        this.limit = Long.getLong("dev.retort.opencl.memory", share);
        this.cacheLimit = Long.getLong("dev.retort.opencl.cache", Math.max(64L << 20, limit / 4));
        this.collectAt = firstCollection();
    }

    /// The bytes that a request of `bytes` gets: 1, 1¼, 1½ or 1¾ times a power of two.
    static long sizeClass(long bytes) {
        if (bytes <= SMALLEST) {
            return SMALLEST;
        }
        long quarter = Long.highestOneBit(bytes - 1) / 4;
        return (bytes + quarter - 1) / quarter * quarter;
    }

    /// A block of at least `bytes`, its contents undefined.
    ///
    /// @throws OpException if the device cannot hold it, with the bytes requested, live and cached
    synchronized Block take(long bytes) {
        reclaim(0);
        long size = sizeClass(bytes);
        if (size > largest) {
            size = bytes;
        }
        if (size > largest) {
            throw new OpException(String.format(
                    Locale.ROOT,
                    "%s: a buffer of %d bytes is more than the device allows in one allocation (%d bytes)",
                    device,
                    bytes,
                    largest));
        }
        if (live + size > Math.min(collectAt, limit)) {
            collect();
        }
        Block block = cachedBlock(size);
        if (block == null) {
            block = create(size, bytes);
        }
        live += block.bytes;
        peak = Math.max(peak, live);
        return block;
    }

    private @Nullable Block cachedBlock(long size) {
        ArrayDeque<Block> same = cache.get(size);
        Block block = same == null ? null : same.pollLast();
        if (block != null) {
            cached -= block.bytes;
        }
        return block;
    }

    private Block create(long size, long requested) {
        if (live + cached + size > limit) {
            trim(Math.max(0, limit - live - size));
        }
        for (int attempt = 0; ; attempt++) {
            if (live + cached + size <= limit) {
                try {
                    return new Block(CL.clCreateBuffer(context, CL.CL_MEM_READ_WRITE, size, null, null), size);
                } catch (CLException e) {
                    if (!isOutOfMemory(e)) {
                        throw new OpException(
                                device + ": a buffer of " + size + " bytes cannot be made, the driver answers "
                                        + e.getMessage(),
                                e);
                    }
                }
            }
            if (attempt == 1) {
                throw outOfMemory(requested);
            }
            trim(0);
            collect();
            trim(0);
            finish.run(); // buffers are freed when the last command that uses them is done
        }
    }

    static boolean isOutOfMemory(CLException e) {
        return e.getStatus() == CL.CL_MEM_OBJECT_ALLOCATION_FAILURE
                || e.getStatus() == CL.CL_OUT_OF_RESOURCES
                || e.getStatus() == CL.CL_OUT_OF_HOST_MEMORY;
    }

    private OpException outOfMemory(long requested) {
        return new OpException(String.format(
                Locale.ROOT,
                "%s: out of memory: %d bytes requested, %d live, %d cached, limit %d",
                device,
                requested,
                live,
                cached,
                limit));
    }

    /// Lets the garbage collector find storages that nobody holds any more; the next time is when the
    /// live bytes have doubled.
    private void collect() {
        long before = live;
        System.gc();
        reclaim(WAIT_MILLIS);
        collectAt = Math.max(firstCollection(), 2 * Math.min(live, before));
    }

    private long firstCollection() {
        return Math.max(FIRST_COLLECTION, limit / SHARE_WITHOUT_COLLECTION);
    }

    /// Takes back the blocks of collected storages, waiting up to `millis` for each.
    private void reclaim(int millis) {
        try {
            Object next = millis == 0 ? collected.poll() : collected.remove(millis);
            while (next instanceof Lease lease) {
                end(lease);
                next = millis == 0 ? collected.poll() : collected.remove(millis);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    synchronized Lease lease(DeviceStorage storage, Block block) {
        Lease lease = new Lease(storage, block, collected);
        leases.add(lease);
        return lease;
    }

    /// Gives the block back; a second call does nothing.
    synchronized void end(Lease lease) {
        if (!lease.ended) {
            lease.ended = true;
            lease.clear();
            leases.remove(lease);
            give(lease.block);
        }
    }

    private void give(Block block) {
        live -= block.bytes;
        cached += block.bytes;
        cache.computeIfAbsent(block.bytes, _ -> new ArrayDeque<>()).add(block);
        if (cached > cacheLimit) {
            trim(cacheLimit - cacheLimit / 4);
        }
    }

    /// Frees cached blocks, the largest first, until at most `keep` bytes wait.
    synchronized void trim(long keep) {
        while (cached > keep && !cache.isEmpty()) {
            ArrayDeque<Block> blocks = cache.lastEntry().getValue();
            while (cached > keep && !blocks.isEmpty()) {
                Block block = blocks.pollFirst();
                cached -= block.bytes;
                CL.clReleaseMemObject(block.memory);
            }
            if (blocks.isEmpty()) {
                cache.pollLastEntry();
            }
        }
    }

    /// How the memory is used now, after taking back what was collected.
    public synchronized Usage usage() {
        reclaim(0);
        return new Usage(live, cached, peak, limit);
    }
}
