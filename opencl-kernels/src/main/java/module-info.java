/// The OpenCL side: found by `ServiceLoader`, nobody compiles against it.
module dev.retort.opencl {
    requires dev.retort.tensor;
    requires jocl;
    requires static org.jspecify;

    provides dev.retort.tensor.spi.BackendProvider with
            dev.retort.opencl.OpenClProvider;
}
