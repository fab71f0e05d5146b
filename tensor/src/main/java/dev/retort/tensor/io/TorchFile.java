package dev.retort.tensor.io;

import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/// Reads the tensors of a file that `torch.save` wrote (`.pt`, `.pth`, `.bin`, `.th`), in the zip format
/// and in the one before version 1.6. The pickle inside is interpreted without running anything: only
/// names that state dicts consist of are known, so a file with other things in it is an error, never an
/// action.
///
/// Tensors get the keys that lead to them, joined by dots; what is no tensor is left out. If there is an
/// entry `state_dict` or `model_state_dict`, as in checkpoints of training, its tensors are the result.
///
/// Source: PyTorch, `torch/serialization.py` and `torch/_utils.py`, as formats; Python, `pickletools`.
public final class TorchFile {
    private static final List<String> WRAPPERS = List.of("state_dict", "model_state_dict");
    private static final int DEEPEST = 32;
    /// Dictionaries that hold one another could make any number of names from a few bytes.
    private static final int MOST_ENTRIES = 1_000_000;
    private static final int ZIP = 0x04034B50;
    /// Low 8 bytes of the number that the old format begins with.
    private static final long OLD_MAGIC = 0xA86A20F9469CFC6CL;

    private final String where;
    /// Known storages; the old format has their content behind the pickles.
    private final Map<String, Stored> storages = new HashMap<>();
    private int visited;
    /// Bytes of the file that no storage has claimed.
    private long unclaimed;

    /// A storage that tensors look at.
    private record Stored(String key, DType dtype, HostStorage data) {}

    private TorchFile(String where) {
        this.where = where;
    }

    /// All tensors of a file.
    ///
    /// @throws FormatException if the file breaks the format, or asks for anything but tensors
    /// @throws IOException     if the file is missing or cannot be read
    public static Map<String, Tensor> read(Path path) throws IOException {
        TorchFile file = new TorchFile(path.toString());
        file.unclaimed = Files.size(InputFile.require(path));
        try {
            Object root = isZip(path) ? file.readZip(path) : file.readOld(path);
            Map<String, Tensor> found = new LinkedHashMap<>();
            file.collect("", root, 0, found);
            return unwrapped(found);
        } catch (OpException e) {
            throw new FormatException("torch: " + path + ": " + e.getMessage(), e);
        }
    }

    private static boolean isZip(Path path) throws IOException {
        try (InputStream in = Files.newInputStream(path)) {
            byte[] first = in.readNBytes(4);
            return first.length == 4
                    && ByteBuffer.wrap(first).order(ByteOrder.LITTLE_ENDIAN).getInt() == ZIP;
        }
    }

    private FormatException wrong(String message) {
        return new FormatException("torch: " + where + ": " + message);
    }

    // ---- zip ------------------------------------------------------------------------------------------------------

    private Object readZip(Path path) throws IOException {
        try (ZipFile zip = new ZipFile(path.toFile())) {
            ZipEntry pickle = zip.stream()
                    .filter(entry -> entry.getName().endsWith("/data.pkl"))
                    .findFirst()
                    .orElseThrow(() -> wrong("expects an entry data.pkl, got " + zip.size() + " others"));
            String folder = pickle.getName().substring(0, pickle.getName().length() - "data.pkl".length());
            ZipEntry order = zip.getEntry(folder + "byteorder");
            if (order != null
                    && !new String(content(zip, order), java.nio.charset.StandardCharsets.US_ASCII).equals("little")) {
                throw wrong("expects little-endian storages");
            }
            return pickle(ByteBuffer.wrap(content(zip, pickle)), (key, dtype, count) -> {
                ZipEntry entry = zip.getEntry(folder + "data/" + key);
                if (entry == null) {
                    throw wrong("expects an entry data/" + key);
                }
                claim(key, entry.getSize());
                return elements(content(zip, entry), key, dtype, count);
            });
        } catch (java.util.zip.ZipException e) {
            throw new FormatException("torch: " + where + ": " + e.getMessage(), e);
        }
    }

    /// An entry; PyTorch does not compress, so what is there is as large as it says.
    private byte[] content(ZipFile zip, ZipEntry entry) throws IOException {
        if (entry.getMethod() != ZipEntry.STORED || entry.getSize() > Integer.MAX_VALUE - 8) {
            throw wrong("entry " + entry.getName() + ": expects uncompressed content below 2 GiB");
        }
        try (InputStream in = zip.getInputStream(entry)) {
            return in.readAllBytes();
        }
    }

    /// Storages lie beside one another, so together they are no larger than the file; without this many
    /// of them could claim the same bytes, and a small file would fill the memory.
    private void claim(String key, long bytes) throws FormatException {
        if (bytes > unclaimed) {
            throw wrong("storage " + key + ": expects at most the " + unclaimed
                    + " bytes that no other storage has, got " + bytes);
        }
        unclaimed -= bytes;
    }

    private HostStorage elements(byte[] bytes, String key, DType dtype, long count) throws FormatException {
        if (bytes.length != count * dtype.bytes()) {
            throw wrong("storage " + key + ": expects " + count + " elements of " + dtype + ", got " + bytes.length
                    + " bytes");
        }
        return ElementBytes.copy(MemorySegment.ofArray(bytes), 0, dtype, (int) count, ByteOrder.LITTLE_ENDIAN);
    }

    // ---- before zip -----------------------------------------------------------------------------------------------

    private Object readOld(Path path) throws IOException {
        ByteBuffer file = ByteBuffer.wrap(InputFile.bytes(path)).order(ByteOrder.LITTLE_ENDIAN);
        Loading nothing = (key, _, _) -> {
            throw wrong("expects no storage in the header, got " + key);
        };
        Object magic = pickle(file, nothing);
        if (!magic.equals(OLD_MAGIC)) {
            throw wrong("expects a file that torch.save wrote");
        }
        pickle(file, nothing); // the version of the format, 1001
        pickle(file, nothing); // sizes of C types
        Object root = pickle(file, (key, dtype, count) -> room(file, key, dtype, count));
        if (!(pickle(file, nothing) instanceof List<?> keys)) {
            throw wrong("expects a list of storages");
        }
        for (Object key : keys) {
            if (!(key instanceof String name)) {
                throw wrong("expects texts as keys of storages");
            }
            fill(file, name);
        }
        return root;
    }

    private HostStorage room(ByteBuffer file, String key, DType dtype, long count) throws FormatException {
        long bytes = count * dtype.bytes();
        if (bytes > file.remaining()) {
            throw wrong("expects at most the " + file.remaining() + " bytes that are left, got a storage of " + count
                    + " elements");
        }
        claim(key, bytes);
        return HostStorage.allocate(dtype, (int) count);
    }

    private void fill(ByteBuffer file, String key) throws FormatException {
        Stored stored = storages.get(key);
        if (stored == null || file.remaining() < Long.BYTES) {
            throw wrong("expects the content of a storage of the pickle, got key " + key);
        }
        long count = file.getLong();
        int bytes = stored.data.size() * stored.dtype.bytes();
        if (count != stored.data.size() || file.remaining() < bytes) {
            throw wrong("storage " + key + ": expects " + stored.data.size() + " elements, got " + count + " in "
                    + file.remaining() + " bytes");
        }
        HostStorage read = ElementBytes.copy(
                MemorySegment.ofArray(file.array()),
                file.position(),
                stored.dtype,
                stored.data.size(),
                ByteOrder.LITTLE_ENDIAN);
        System.arraycopy(read.array(), 0, stored.data.array(), 0, read.size());
        file.position(file.position() + bytes);
    }

    // ---- what a pickle may name -------------------------------------------------------------------------------------

    /// Finds the content of a storage.
    private interface Loading {
        HostStorage load(String key, DType dtype, long count) throws IOException;
    }

    private Object pickle(ByteBuffer bytes, Loading loading) throws FormatException {
        return new Pickle(bytes, where, new Pickle.Allowed() {
                    @Override
                    public Object call(String name, List<Object> arguments) throws FormatException {
                        return switch (name) {
                            case "collections.OrderedDict" -> new LinkedHashMap<>();
                            case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2" -> tensor(arguments);
                            case "torch._utils._rebuild_parameter" -> argument(arguments, 0, Tensor.class);
                            case "torch.Size" -> argument(arguments, 0, Object.class);
                            default -> throw wrong("expects nothing but tensors, got a call of " + name);
                        };
                    }

                    @Override
                    public Object persistent(Object reference) throws FormatException {
                        return storage(reference, loading);
                    }
                })
                .read();
    }

    private <T> T argument(List<Object> arguments, int index, Class<T> type) throws FormatException {
        Object value = index < arguments.size() ? arguments.get(index) : "nothing";
        if (!type.isInstance(value)) {
            throw wrong("expects argument " + index + " to be a " + type.getSimpleName() + ", got "
                    + value.getClass().getSimpleName());
        }
        return type.cast(value);
    }

    private Stored storage(Object reference, Loading loading) throws FormatException {
        if (!(reference instanceof Pickle.Tuple tuple) || !"storage".equals(argument(tuple.items(), 0, Object.class))) {
            throw wrong("expects references to storages only");
        }
        List<Object> parts = tuple.items();
        DType dtype = dtype(argument(parts, 1, Pickle.Global.class).name());
        String key = argument(parts, 2, String.class);
        long count = argument(parts, 4, Long.class);
        if (count < 0 || count > Integer.MAX_VALUE || (parts.size() > 5 && parts.get(5) != Pickle.None.NONE)) {
            throw wrong("storage " + key + ": expects from 0 to 2^31 - 1 elements and no view, got " + count);
        }
        Stored known = storages.get(key);
        if (known == null) {
            try {
                known = new Stored(key, dtype, loading.load(key, dtype, count));
            } catch (FormatException e) {
                throw e;
            } catch (IOException e) {
                throw new FormatException("torch: " + where + ": storage " + key + ": " + e.getMessage(), e);
            }
            storages.put(key, known);
        }
        return known;
    }

    private DType dtype(String name) throws FormatException {
        return switch (name) {
            case "torch.FloatStorage" -> DType.F32;
            case "torch.DoubleStorage" -> DType.F64;
            case "torch.HalfStorage" -> DType.F16;
            case "torch.BFloat16Storage" -> DType.BF16;
            case "torch.LongStorage" -> DType.I64;
            case "torch.IntStorage" -> DType.I32;
            case "torch.CharStorage" -> DType.I8;
            case "torch.ByteStorage" -> DType.U8;
            case "torch.BoolStorage" -> DType.BOOL;
            default -> throw wrong("expects a storage of an element type of this library, got " + name);
        };
    }

    private Tensor tensor(List<Object> arguments) throws FormatException {
        Stored stored = argument(arguments, 0, Stored.class);
        long offset = argument(arguments, 1, Long.class);
        int[] shape = extents(argument(arguments, 2, Pickle.Tuple.class));
        int[] strides = extents(argument(arguments, 3, Pickle.Tuple.class));
        if (offset < 0 || offset > stored.data.size()) {
            throw wrong(
                    "storage " + stored.key + ": expects an offset up to " + stored.data.size() + ", got " + offset);
        }
        return Tensor.of(stored.data, (int) offset, Shape.of(shape), strides);
    }

    private int[] extents(Pickle.Tuple tuple) throws FormatException {
        List<Object> items = new ArrayList<>(tuple.items());
        int[] extents = new int[items.size()];
        for (int i = 0; i < extents.length; i++) {
            long extent = argument(items, i, Long.class);
            if (extent < 0 || extent > Integer.MAX_VALUE || extents.length > 16) {
                throw wrong("expects extents and strides from 0 to 2^31 - 1, got " + extent);
            }
            extents[i] = (int) extent;
        }
        return extents;
    }

    // ---- names ----------------------------------------------------------------------------------------------------

    private void collect(String path, Object value, int depth, Map<String, Tensor> into) throws FormatException {
        if (depth > DEEPEST || ++visited > MOST_ENTRIES) {
            throw wrong("expects at most " + DEEPEST + " levels of dictionaries and " + MOST_ENTRIES + " entries");
        }
        if (value instanceof Tensor tensor) {
            into.put(path.isEmpty() ? "tensor" : path, tensor);
        } else if (value instanceof Map<?, ?> map) {
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                String name = path.isEmpty() ? String.valueOf(entry.getKey()) : path + "." + entry.getKey();
                collect(name, entry.getValue(), depth + 1, into);
            }
        }
    }

    private static Map<String, Tensor> unwrapped(Map<String, Tensor> found) {
        for (String wrapper : WRAPPERS) {
            String prefix = wrapper + ".";
            Map<String, Tensor> inside = new LinkedHashMap<>();
            found.forEach((name, tensor) -> {
                if (name.startsWith(prefix)) {
                    inside.put(name.substring(prefix.length()), tensor);
                }
            });
            if (!inside.isEmpty()) {
                return inside;
            }
        }
        return found;
    }
}
