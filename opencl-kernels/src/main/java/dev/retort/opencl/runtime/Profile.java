package dev.retort.opencl.runtime;

import dev.retort.tensor.spi.KernelClock;
import java.util.ArrayList;
import java.util.List;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_event;
import org.jspecify.annotations.Nullable;

/// Times of kernels as the device measures them; off until [#start()].
public final class Profile implements KernelClock {
    private final List<Pending> pending = new ArrayList<>();
    private final List<Span> spans = new ArrayList<>();
    private volatile boolean on;

    private record Pending(String kernel, cl_event event) {}

    @Override
    public synchronized void start() {
        collect();
        spans.clear();
        on = true;
    }

    @Override
    public synchronized List<Span> stop() {
        on = false;
        collect();
        return List.copyOf(spans);
    }

    @Nullable
    cl_event event() {
        return on ? new cl_event() : null;
    }

    synchronized void add(String kernel, cl_event event) {
        pending.add(new Pending(kernel, event));
    }

    /// Reads the times of the events and releases them.
    synchronized void collect() {
        for (Pending run : pending) {
            CL.clWaitForEvents(1, new cl_event[] {run.event});
            spans.add(new Span(
                    run.kernel,
                    time(run.event, CL.CL_PROFILING_COMMAND_QUEUED),
                    time(run.event, CL.CL_PROFILING_COMMAND_START),
                    time(run.event, CL.CL_PROFILING_COMMAND_END)));
            CL.clReleaseEvent(run.event);
        }
        pending.clear();
    }

    private static long time(cl_event event, int what) {
        long[] nanos = new long[1];
        CL.clGetEventProfilingInfo(event, what, Sizeof.cl_ulong, Pointer.to(nanos), null);
        return nanos[0];
    }
}
