/// The OpenCL backend: found by `ServiceLoader`, nobody compiles against it.
module dev.retort.opencl {
    requires dev.retort.tensor;
    requires jocl;
    requires static transitive org.jspecify;
}
