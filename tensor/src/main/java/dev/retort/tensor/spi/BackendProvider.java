package dev.retort.tensor.spi;

import java.util.List;

/// Offers the backends of one kind, for example all OpenCL devices; found by [java.util.ServiceLoader].
public interface BackendProvider {
    /// The device type, such as `opencl`: the first part of [dev.retort.tensor.Device].
    String type();

    /// The usable backends in index order; empty (never an exception) when the runtime or a device is
    /// missing.
    List<Backend> backends();

    /// One line that says what was found, or why nothing was.
    String status();
}
