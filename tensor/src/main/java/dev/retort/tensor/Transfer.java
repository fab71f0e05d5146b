package dev.retort.tensor;

/// Copies between devices, through the host.
final class Transfer {
    private Transfer() {}

    static Tensor copy(Tensor source, Device target) {
        if (source.device().equals(target)) {
            return source.detach();
        }
        HostStorage host = toHost(source);
        Storage storage = target.isCpu() ? host : Backends.of(target).upload(host);
        return Tensor.of(storage, 0, source.shape(), source.shape().contiguousStrides());
    }

    /// The elements in row-major order on the heap; a fresh array unless the tensor is a whole
    /// contiguous host buffer.
    static HostStorage toHost(Tensor source) {
        Tensor contiguous = source.detach().contiguous();
        HostStorage host = contiguous.storage() instanceof HostStorage own
                ? own
                : Backends.of(source.device()).download(contiguous.storage());
        if (contiguous.offset() == 0 && host.size() == contiguous.numel()) {
            return host;
        }
        Tensor part = Tensor.of(host, contiguous.offset(), contiguous.shape(), contiguous.strides());
        HostStorage copy = HostStorage.allocate(part.dtype(), part.numel());
        dev.retort.tensor.cpu.StridedCopy.copy(
                part, Tensor.of(copy, 0, part.shape(), part.shape().contiguousStrides()));
        return copy;
    }
}
