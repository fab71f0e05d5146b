package dev.retort.opencl.runtime;

import dev.retort.tensor.HostStorage;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_event;
import org.jocl.cl_mem;
import org.jspecify.annotations.Nullable;

/// Copies between heap arrays and device buffers, in pieces through two pinned buffers: while the device
/// copies one, the host fills (or empties) the other. Java arrays are never given to the driver.
final class Transfers {
    private static final int PIECE = 4 << 20;

    private final cl_command_queue queue;
    private final ByteBuffer[] pinned = new ByteBuffer[2];
    private final @Nullable cl_event[] busy = new cl_event[2];

    Transfers(cl_context context, cl_command_queue queue) {
        this.queue = queue;
        for (int i = 0; i < pinned.length; i++) {
            cl_mem host =
                    CL.clCreateBuffer(context, CL.CL_MEM_READ_WRITE | CL.CL_MEM_ALLOC_HOST_PTR, PIECE, null, null);
            pinned[i] = CL.clEnqueueMapBuffer(
                    queue, host, true, CL.CL_MAP_READ | CL.CL_MAP_WRITE, 0, PIECE, 0, null, null, null);
        }
    }

    /// Enqueues the copy of a whole array; the array may be changed afterwards.
    void upload(HostStorage from, Block to) {
        MemorySegment source = segment(from);
        int turn = 0;
        for (long at = 0; at < source.byteSize(); at += PIECE) {
            long bytes = Math.min(PIECE, source.byteSize() - at);
            await(turn);
            MemorySegment.copy(source, at, MemorySegment.ofBuffer(pinned[turn]), 0, bytes);
            cl_event done = new cl_event();
            CL.clEnqueueWriteBuffer(queue, to.memory, false, at, bytes, Pointer.to(pinned[turn]), 0, null, done);
            CL.clFlush(
                    queue); // the piece after the next waits for this one, and not every driver sends it off by itself
            busy[turn] = done;
            turn ^= 1;
        }
    }

    /// Waits for all commands before and copies a whole buffer into an array.
    void download(Block from, HostStorage to) {
        MemorySegment target = segment(to);
        long size = target.byteSize();
        read(from, 0, size, 0);
        int turn = 0;
        for (long at = 0; at < size; at += PIECE) {
            if (at + PIECE < size) {
                read(from, at + PIECE, size, turn ^ 1);
            }
            await(turn);
            long bytes = Math.min(PIECE, size - at);
            MemorySegment.copy(MemorySegment.ofBuffer(pinned[turn]), 0, target, at, bytes);
            turn ^= 1;
        }
    }

    private void read(Block from, long at, long size, int turn) {
        if (size == 0) {
            return;
        }
        await(turn);
        cl_event done = new cl_event();
        long bytes = Math.min(PIECE, size - at);
        CL.clEnqueueReadBuffer(queue, from.memory, false, at, bytes, Pointer.to(pinned[turn]), 0, null, done);
        CL.clFlush(queue);
        busy[turn] = done;
    }

    private void await(int turn) {
        cl_event event = busy[turn];
        if (event != null) {
            CL.clWaitForEvents(1, new cl_event[] {event});
            CL.clReleaseEvent(event);
            busy[turn] = null;
        }
    }

    private static MemorySegment segment(HostStorage storage) {
        return switch (storage.dtype()) {
            case F32 -> MemorySegment.ofArray(storage.floats());
            case F64 -> MemorySegment.ofArray(storage.doubles());
            case BF16, F16 -> MemorySegment.ofArray(storage.shorts());
            case I64 -> MemorySegment.ofArray(storage.longs());
            case I32 -> MemorySegment.ofArray(storage.ints());
            case I8, U8, BOOL -> MemorySegment.ofArray(storage.bytes());
        };
    }
}
