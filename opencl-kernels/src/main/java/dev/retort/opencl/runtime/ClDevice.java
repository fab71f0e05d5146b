package dev.retort.opencl.runtime;

import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_context_properties;
import org.jocl.cl_device_id;
import org.jocl.cl_event;

/// An open device: a context, one in-order queue, memory and programs.
///
/// Everything is enqueued and nothing is waited for, except by reads. One thread at a time enqueues.
/// Commands of which several may become one are [Deferred] until the next other command.
public final class ClDevice {
    private static final int FLUSH_EVERY = 16;
    private static final int MOST_DEFERRED = 4;
    private static final int MOST_WAITING = 2; // the two gradients of a product
    private static final int WAIT_EVERY = 4096; // bounds what the driver has to remember

    private final Device name;
    private final DeviceLimits limits;
    private cl_command_queue queue;
    private final DeviceMemory memory;
    private final Programs programs;
    private final Transfers transfers;
    private final Faults faults;
    private final Profile profile = new Profile();
    private final TunedTiles tiles;
    private final TensorCores tensorCores;
    private final DriverCalls calls;
    private final List<Deferred> deferred = new ArrayList<>();
    private final Deque<WeakReference<DeviceStorage>> waiting = new ArrayDeque<>();
    private long launches;
    private long downloads;

    private ClDevice(Device name, DeviceLimits limits, cl_context context, cl_device_id id) {
        this.name = name;
        this.limits = limits;
        this.queue = commandQueue(context, id);
        String label = name + " (" + limits.name() + ")";
        this.memory = new DeviceMemory(context, limits, label, () -> CL.clFinish(queue));
        this.calls = new DriverCalls(label, memory, () -> CL.clFinish(queue));
        this.programs = new Programs(context, id, limits);
        this.transfers = new Transfers(context, queue);
        this.tiles = TunedTiles.of(limits);
        this.tensorCores = new TensorCores(limits);
        this.faults = new Faults(memory.take(1), queue);
    }

    /// Opens a device.
    ///
    /// @throws CLException if the driver refuses
    public static ClDevice open(ClDevices.Found found, int index) {
        return open(found, new Device("opencl", index));
    }

    /// Opens a device under a name of its own.
    ///
    /// @throws CLException if the driver refuses
    public static ClDevice open(ClDevices.Found found, Device name) {
        cl_context_properties properties = new cl_context_properties();
        properties.addProperty(CL.CL_CONTEXT_PLATFORM, found.platform());
        cl_context context = CL.clCreateContext(properties, 1, new cl_device_id[] {found.id()}, null, null, null);
        return new ClDevice(name, found.limits(), context, found.id());
    }

    @SuppressWarnings("deprecation") // the newer call needs OpenCL 2.0, and does no more
    private static cl_command_queue commandQueue(cl_context context, cl_device_id id) {
        return CL.clCreateCommandQueue(context, id, CL.CL_QUEUE_PROFILING_ENABLE, null);
    }

    /// The name of this device in tensors.
    public Device name() {
        return name;
    }

    /// What the device can do.
    public DeviceLimits limits() {
        return limits;
    }

    /// The allocator.
    public DeviceMemory memory() {
        return memory;
    }

    /// Times of kernels, if somebody asked for them.
    public Profile profile() {
        return profile;
    }

    /// What `./retort tune` found.
    public TunedTiles tiles() {
        return tiles;
    }

    /// Whether products run on tensor cores.
    public TensorCores tensorCores() {
        return tensorCores;
    }

    Faults faults() {
        return faults;
    }

    /// Kernels enqueued so far.
    public long launches() {
        return launches;
    }

    /// Buffers read by the host so far.
    public long downloads() {
        return downloads;
    }

    /// Commands that wait for others to join them, and are enqueued before anything that touches what
    /// they write.
    public interface Deferred {
        /// Enqueues them.
        void run();

        /// Whether they write into a storage.
        boolean writes(DeviceStorage storage);

        /// Whether they read a storage.
        boolean reads(DeviceStorage storage);
    }

    /// What waits to be joined, in the order of arrival.
    public synchronized List<Deferred> deferred() {
        return List.copyOf(deferred);
    }

    /// Lets `commands` wait.
    public synchronized void defer(Deferred commands) {
        if (deferred.size() == MOST_DEFERRED) {
            settle();
        }
        deferred.add(commands);
    }

    /// Enqueues what waits if it touches a storage that is about to be written.
    public synchronized void settle(DeviceStorage written) {
        if (deferred.stream().anyMatch(waiting -> waiting.writes(written) || waiting.reads(written))) {
            settle();
        }
    }

    /// Enqueues what waits.
    public synchronized void settle() {
        List<Deferred> waiting = deferred();
        deferred.clear();
        waiting.forEach(Deferred::run);
    }

    /// A launch of the kernel `name` of `kernels/FILE.cl` behind the definitions `variant`.
    ///
    /// @throws OpException if the kernels do not compile, with the compiler's log
    public synchronized Launch kernel(String file, String variant, String kernel) {
        return new Launch(this, programs.kernel(file, variant, kernel));
    }

    /// A buffer with undefined contents.
    public DeviceStorage allocate(DType dtype, int size) {
        if (dtype == DType.F64 && !limits.doubles()) {
            throw new OpException(name + " (" + limits.name() + "): this device has no F64; use F32");
        }
        calls.check();
        return new DeviceStorage(this, dtype, size);
    }

    /// A contiguous tensor that is computed by `recipe` when it is first read.
    public Tensor pending(TensorType type, Recipe recipe) {
        calls.check();
        Shape shape = type.shape();
        DeviceStorage storage = new DeviceStorage(this, type.dtype(), shape.numel(), recipe);
        return Tensor.of(storage, 0, shape, shape.contiguousStrides());
    }

    /// Like [#pending], for what is too costly to be computed twice and keeps its operands in memory: computed
    /// at the latest when a few more of its kind wait.
    public synchronized Tensor waiting(TensorType type, Recipe recipe) {
        recipe.reads().forEach(DeviceStorage::requireUsable);
        Tensor tensor = pending(type, recipe);
        waiting.add(new WeakReference<>((DeviceStorage) tensor.storage()));
        if (waiting.size() > MOST_WAITING) {
            realize(waiting.remove());
        }
        return tensor;
    }

    private static void realize(WeakReference<DeviceStorage> reference) {
        DeviceStorage storage = reference.get();
        if (storage != null) { // else nobody can read it any more
            storage.realize();
        }
    }

    /// A contiguous tensor with undefined contents.
    public Tensor tensor(DType dtype, Shape shape) {
        return Tensor.of(allocate(dtype, shape.numel()), 0, shape, shape.contiguousStrides());
    }

    /// A contiguous tensor with undefined contents.
    public Tensor tensor(TensorType type) {
        return tensor(type.dtype(), type.shape());
    }

    /// Sets all bytes to zero.
    public synchronized void clear(DeviceStorage storage) {
        storage.requireUsable();
        if (storage.size() > 0) {
            Block block = storage.block();
            calls.run(
                    "clear",
                    () -> CL.clEnqueueFillBuffer(
                            queue, block.memory, Pointer.to(new byte[1]), 1, 0, storage.bytes(), 0, null, null));
        }
    }

    /// A copy of a host buffer.
    public synchronized DeviceStorage upload(HostStorage host) {
        DeviceStorage storage = allocate(host.dtype(), host.size());
        calls.run("upload", () -> transfers.upload(host, storage.block()));
        return storage;
    }

    /// A copy of a device buffer, after all commands before; errors of kernels are thrown here.
    public synchronized HostStorage download(DeviceStorage storage) {
        storage.requireUsable();
        HostStorage host = HostStorage.allocate(storage.dtype(), storage.size());
        downloads++;
        storage.realize();
        settle();
        calls.run("download", () -> transfers.download(storage.block(), host));
        calls.run("download", faults::check);
        profile.collect();
        return host;
    }

    /// Waits until the device has done everything.
    public synchronized void finish() {
        while (!waiting.isEmpty()) {
            realize(waiting.remove());
        }
        settle();
        calls.run("finish", () -> CL.clFinish(queue));
    }

    synchronized void enqueue(Kernel kernel, List<Object> arguments, long[] items, long[] local) {
        for (Object argument : arguments) {
            if (argument instanceof DeviceStorage storage && deferred.stream().anyMatch(w -> w.writes(storage))) {
                settle();
            }
        }
        for (int i = 0; i < arguments.size(); i++) {
            switch (arguments.get(i)) {
                case DeviceStorage storage -> kernel.set(i, storage.block());
                case Block block -> kernel.set(i, block);
                case int[] struct -> kernel.set(i, struct);
                case Object number -> kernel.set(i, number);
            }
        }
        cl_event event = profile.event();
        calls.run(
                kernel.name,
                () -> CL.clEnqueueNDRangeKernel(
                        queue, kernel.handle, items.length, null, items, local, 0, null, event));
        if (event != null) {
            profile.add(kernel.name, event);
        }
        launches++;
        if (launches % WAIT_EVERY == 0) {
            calls.run(kernel.name, () -> CL.clFinish(queue));
            profile.collect();
        } else if (launches % FLUSH_EVERY == 0) {
            calls.run(kernel.name, () -> CL.clFlush(queue));
        }
    }

    /// Forgets the queue, as if the driver had lost the device; for tests.
    synchronized void lose() {
        queue = new cl_command_queue();
    }
}
