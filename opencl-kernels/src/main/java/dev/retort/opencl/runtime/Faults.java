package dev.retort.opencl.runtime;

import dev.retort.tensor.OpException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.cl_command_queue;

/// Errors that only a kernel can see, such as an index outside its dimension.
///
/// A kernel that meets one writes the number of its launch, a value and a position into a small buffer,
/// and skips the element. The host does not wait for that: the error is thrown by the next read from the
/// device.
public final class Faults {
    private static final int WORDS = 4; // launch, value (two words), position
    private static final int REMEMBERED = 4096;

    private final Block block;
    private final cl_command_queue queue;
    private final Map<Integer, Report> reports = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Integer, Report> eldest) {
            return size() > REMEMBERED;
        }
    };
    private int next;
    private boolean armed;

    /// Makes the message of a fault from the value and the position that the kernel wrote.
    @FunctionalInterface
    public interface Report {
        /// The text of the error.
        String message(long value, int position);
    }

    Faults(Block block, cl_command_queue queue) {
        this.block = block;
        this.queue = queue;
        clear();
    }

    private void clear() {
        CL.clEnqueueFillBuffer(queue, block.memory, Pointer.to(new int[1]), 4, 0, WORDS * 4, 0, null, null);
    }

    Block block() {
        return block;
    }

    /// The number of a launch whose faults `report` puts into words.
    int site(Report report) {
        next = next == Integer.MAX_VALUE ? 1 : next + 1;
        reports.put(next, report);
        armed = true;
        return next;
    }

    /// Waits for the queue and throws the first fault since the last check, if there is one.
    void check() {
        if (!armed) {
            return;
        }
        ByteBuffer words = ByteBuffer.allocateDirect(WORDS * 4).order(ByteOrder.nativeOrder());
        CL.clEnqueueReadBuffer(queue, block.memory, true, 0, WORDS * 4, Pointer.to(words), 0, null, null);
        armed = false;
        int site = words.getInt(0);
        if (site != 0) {
            clear();
            Report report = reports.get(site);
            reports.clear();
            long value = (words.getInt(4) & 0xFFFFFFFFL) | ((long) words.getInt(8) << 32);
            throw new OpException(
                    report == null
                            ? "opencl: a kernel met an invalid value, " + value
                            : report.message(value, words.getInt(12)));
        }
    }
}
