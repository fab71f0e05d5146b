/// Tensors, the op family, the CPU backend and file formats.
module dev.retort.tensor {
    requires static jdk.incubator.vector;
    requires static org.jspecify;

    exports dev.retort.tensor;
    exports dev.retort.tensor.io;
    exports dev.retort.tensor.op;
    exports dev.retort.tensor.packed;
    exports dev.retort.tensor.spi;

    uses dev.retort.tensor.spi.BackendProvider;
    uses dev.retort.tensor.spi.Recorder;
}
