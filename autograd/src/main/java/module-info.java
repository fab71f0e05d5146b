/// Reverse-mode differentiation of any order over tensors.
module dev.retort.autograd {
    requires transitive dev.retort.tensor;
    requires static org.jspecify;

    exports dev.retort.autograd;

    provides dev.retort.tensor.spi.Recorder with
            dev.retort.autograd.TapeRecorder;
}
