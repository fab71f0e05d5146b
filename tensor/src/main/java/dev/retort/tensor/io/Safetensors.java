package dev.retort.tensor.io;

import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/// A safetensors file: named tensors with string metadata, memory-mapped, each copied to the heap when it
/// is asked for.
///
/// The whole header is checked on opening, against the rules that the format states and against the size
/// of the file, so that a damaged file is an error here and not a wrong number later. The elements
/// themselves carry no checksum. The file may be larger than 2 GiB, a tensor holds at most 2³¹ − 1
/// elements. Nothing is to be closed: the mapping goes with the garbage collection of this object. The
/// file must not shrink while it is in use.
///
/// Source: Hugging Face, "Safetensors", format description.
public final class Safetensors {
    private final Path path;
    private final SafetensorsHeader header;
    private final MemorySegment file;

    private Safetensors(Path path, SafetensorsHeader header, MemorySegment file) {
        this.path = path;
        this.header = header;
        this.file = file;
    }

    // ---- reading --------------------------------------------------------------------------------------------------

    /// Opens a file and reads its header; no tensor is loaded yet.
    ///
    /// @throws FormatException if the file breaks the format; the message names the file and the tensor
    /// @throws IOException     if the file is missing or cannot be read
    public static Safetensors open(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(InputFile.require(path), StandardOpenOption.READ)) {
            SafetensorsHeader header = SafetensorsHeader.read(path, channel);
            MemorySegment file = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), Arena.ofAuto());
            return new Safetensors(path, header, file);
        }
    }

    /// Loads all tensors of a file, in the order of the file.
    ///
    /// @throws FormatException if the file breaks the format; the message names the file and the tensor
    /// @throws IOException     if the file is missing or cannot be read
    public static Map<String, Tensor> read(Path path) throws IOException {
        return open(path).loadAll();
    }

    /// The names of the tensors in the order of the file.
    public Set<String> names() {
        return Collections.unmodifiableSet(header.entries().keySet());
    }

    /// The strings that the file's writer added, such as `format` or a licence; may be empty.
    public Map<String, String> metadata() {
        return header.metadata();
    }

    /// Element type and shape of a tensor.
    ///
    /// @throws IllegalArgumentException if the file has no such tensor
    public TensorType type(String name) {
        return entry(name).type();
    }

    private SafetensorsHeader.Entry entry(String name) {
        SafetensorsHeader.Entry entry = header.entries().get(name);
        if (entry == null) {
            throw new IllegalArgumentException(
                    "safetensors: " + path + ": expects one of the names " + names() + ", got " + name);
        }
        return entry;
    }

    /// Copies one tensor to the heap.
    ///
    /// @throws IllegalArgumentException if the file has no such tensor
    /// @throws FormatException          if a truth value is neither 0 nor 1, or the file has shrunk since
    ///                                  it was opened
    public Tensor load(String name) throws FormatException {
        SafetensorsHeader.Entry entry = entry(name);
        DType dtype = entry.type().dtype();
        Shape shape = entry.type().shape();
        long start = header.dataStart() + entry.begin();
        try {
            HostStorage storage = ElementBytes.copy(file, start, dtype, shape.numel(), ByteOrder.LITTLE_ENDIAN);
            return Tensor.of(storage, 0, shape, shape.contiguousStrides());
        } catch (FormatException e) {
            throw SafetensorsHeader.broken(path, name, e.getMessage());
        } catch (InternalError e) {
            // This is how the JVM reports a page of a mapped file that is gone.
            throw new FormatException(
                    "safetensors: " + path + ": tensor '" + name + "': the file was cut while it was in use", e);
        }
    }

    /// Copies all tensors to the heap, in the order of the file.
    ///
    /// @throws FormatException as [#load]
    public Map<String, Tensor> loadAll() throws FormatException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (String name : names()) {
            tensors.put(name, load(name));
        }
        return tensors;
    }

    // ---- writing --------------------------------------------------------------------------------------------------

    /// Gives a tensor when its turn to be written comes.
    @FunctionalInterface
    public interface Source {
        /// The tensor `name`, of the planned type.
        Tensor tensor(String name) throws IOException;
    }

    /// Writes `tensors` without metadata; see [#write(Path, Map, Map)].
    ///
    /// @throws IOException if the file cannot be written; what was there before is then unchanged
    public static void write(Path path, Map<String, Tensor> tensors) throws IOException {
        write(path, tensors, Map.of());
    }

    /// Writes `tensors` and string metadata. The file replaces an older one in one step ([AtomicFile]),
    /// and its bytes depend on the content only: widest element type first, so that all tensors are
    /// aligned, then by name.
    ///
    /// @throws IllegalArgumentException if a tensor is named `__metadata__`
    /// @throws IOException              if the file cannot be written; what was there before is then
    ///                                  unchanged
    public static void write(Path path, Map<String, Tensor> tensors, Map<String, String> metadata) throws IOException {
        Map<String, TensorType> plan = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> plan.put(name, tensor.type()));
        write(path, plan, name -> Objects.requireNonNull(tensors.get(name)), metadata);
    }

    /// Writes tensors that need not be in memory together: `source` is asked for each once, in the order
    /// of the file.
    ///
    /// @throws IllegalArgumentException if a tensor is named `__metadata__`, or `source` gives one of
    ///                                  another type
    /// @throws IOException              if the file cannot be written; what was there before is then
    ///                                  unchanged
    public static void write(Path path, Map<String, TensorType> plan, Source source, Map<String, String> metadata)
            throws IOException {
        SafetensorsHeader header = SafetensorsHeader.of(plan, metadata);
        AtomicFile.write(path, channel -> {
            AtomicFile.writeFully(channel, ByteBuffer.wrap(header.bytes()));
            for (Map.Entry<String, SafetensorsHeader.Entry> entry :
                    header.entries().entrySet()) {
                Tensor tensor = source.tensor(entry.getKey());
                if (!tensor.type().equals(entry.getValue().type())) {
                    throw new IllegalArgumentException("safetensors: tensor '" + entry.getKey() + "': expects "
                            + entry.getValue().type() + ", got " + tensor.type());
                }
                ElementBytes.write(tensor.toHost(), channel);
            }
        });
    }
}
