package dev.retort.opencl.runtime;

import dev.retort.tensor.OpException;
import org.jocl.CL;
import org.jocl.CLException;
import org.jspecify.annotations.Nullable;

/// Calls to the driver of one device. An error names the device and what was being done; a device that is
/// out of memory only now gets its cache trimmed and a second chance; and one that was lost is not called
/// again, because a driver may hang then.
final class DriverCalls {
    private static final int NVIDIA_ILLEGAL_ACCESS = -9999;

    private final String device;
    private final DeviceMemory memory;
    private final Runnable finish;
    private @Nullable OpException lost;

    DriverCalls(String device, DeviceMemory memory, Runnable finish) {
        this.device = device;
        this.memory = memory;
        this.finish = finish;
    }

    /// Throws if the device was lost.
    void check() {
        OpException before = lost;
        if (before != null) {
            throw new OpException(String.valueOf(before.getMessage()), before);
        }
    }

    /// Makes the calls.
    ///
    /// @throws OpException if the driver answers with an error, now or before
    void run(String what, Runnable calls) {
        check();
        try {
            calls.run();
        } catch (CLException e) {
            if (!DeviceMemory.isOutOfMemory(e)) {
                throw failed(what, e);
            }
            again(what, calls);
        }
    }

    private void again(String what, Runnable calls) {
        try {
            memory.trim(0);
            finish.run();
            calls.run();
        } catch (CLException e) {
            throw failed(what, e);
        }
    }

    private OpException failed(String what, CLException e) {
        if (isLost(e.getStatus())) {
            OpException error = new OpException(
                    device + ": the device was lost in " + what + ", the driver answers " + e.getMessage()
                            + "; start the process again (a run goes on from its last checkpoint)",
                    e);
            lost = error;
            return error;
        }
        return new OpException(device + ": " + what + " failed: " + e.getMessage() + ", memory " + memory.usage(), e);
    }

    /// Whether nothing can be expected of the device after this answer.
    private static boolean isLost(int status) {
        return switch (status) {
            case CL.CL_DEVICE_NOT_AVAILABLE,
                    CL.CL_INVALID_DEVICE,
                    CL.CL_INVALID_CONTEXT,
                    CL.CL_INVALID_COMMAND_QUEUE,
                    CL.CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST,
                    NVIDIA_ILLEGAL_ACCESS -> true;
            default -> false;
        };
    }
}
