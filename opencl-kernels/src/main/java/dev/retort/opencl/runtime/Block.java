package dev.retort.opencl.runtime;

import org.jocl.Pointer;
import org.jocl.cl_mem;

/// A piece of device memory that the allocator hands out and takes back.
final class Block {
    final cl_mem memory;
    final long bytes;

    /// The memory as a kernel argument; made once.
    final Pointer argument;

    Block(cl_mem memory, long bytes) {
        this.memory = memory;
        this.bytes = bytes;
        this.argument = Pointer.to(memory);
    }
}
