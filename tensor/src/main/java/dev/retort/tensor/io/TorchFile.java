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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/// Reads the tensors of a file that `torch.save` wrote (`.pt`, `.pth`, `.bin`, `.th`), in the zip format
/// and in the one before version 1.6. The pickle inside is interpreted without running anything: only
/// names that state dicts consist of are known, so a file with other things in it is an error, never an
/// action.
///
/// Tensors get the keys that lead to them, joined by dots, and in lists their positions; what is no tensor is
/// left out. If there is a dictionary `state_dict`, `model_state_dict` or `model`, as in checkpoints of
/// training, its tensors are the result. Counters, settings of command lines, NumPy's numbers and the like,
/// which such checkpoints hold as well, are passed over.
///
/// Source: PyTorch, `torch/serialization.py` and `torch/_utils.py`, as formats; Python, `pickletools`.
public final class TorchFile {
    private static final List<String> WRAPPERS = List.of("state_dict", "model_state_dict", "model");
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
            return file.tensors(root);
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

    /// An entry; PyTorch does not compress, so what is there is as large as it says. Its checksum is
    /// compared here: the JDK does not for entries that are not compressed.
    private byte[] content(ZipFile zip, ZipEntry entry) throws IOException {
        if (entry.getMethod() != ZipEntry.STORED || entry.getSize() > Integer.MAX_VALUE - 8) {
            throw wrong("entry " + entry.getName() + ": expects uncompressed content below 2 GiB");
        }
        try (InputStream in = zip.getInputStream(entry)) {
            byte[] bytes = in.readAllBytes();
            CRC32 crc = new CRC32();
            crc.update(bytes);
            if (crc.getValue() != entry.getCrc()) {
                throw wrong("entry " + entry.getName() + ": expects CRC-32 " + Long.toHexString(entry.getCrc())
                        + ", got " + Long.toHexString(crc.getValue()) + ": the file is damaged");
            }
            return bytes;
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
        Set<String> missing = new LinkedHashSet<>(storages.keySet());
        for (Object key : keys) {
            if (!(key instanceof String name)) {
                throw wrong("expects texts as keys of storages");
            }
            fill(file, name);
            missing.remove(name);
        }
        if (!missing.isEmpty()) {
            throw wrong("expects the content of every storage, got none of " + missing);
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
                            case "collections.OrderedDict" -> ordered(arguments);
                            case "collections.defaultdict" -> new LinkedHashMap<>();
                            case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2" -> tensor(arguments);
                            case "torch._utils._rebuild_parameter" -> argument(arguments, 0, Tensor.class);
                            case "torch.Size" -> argument(arguments, 0, Object.class);
                            case "collections.Counter",
                                    "argparse.Namespace",
                                    "builtins.set",
                                    "__builtin__.set",
                                    "torch.device",
                                    "_codecs.encode",
                                    "numpy.dtype",
                                    "numpy.core.multiarray.scalar",
                                    "numpy._core.multiarray.scalar" -> Pickle.None.NONE;
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

    /// Empty, its items follow; or, as Python 2 wrote it, made of a list of pairs.
    private Map<Object, Object> ordered(List<Object> arguments) throws FormatException {
        Map<Object, Object> made = new LinkedHashMap<>();
        if (!arguments.isEmpty()) {
            for (Object pair : argument(arguments, 0, List.class)) {
                List<?> both = pair instanceof Pickle.Tuple tuple
                        ? tuple.items()
                        : pair instanceof List<?> list ? list : List.of();
                if (both.size() != 2 || !(both.get(0) instanceof String)) {
                    throw wrong("expects an ordered dictionary of names and values");
                }
                made.put(both.get(0), both.get(1));
            }
        }
        return made;
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

    private Map<String, Tensor> tensors(Object root) throws FormatException {
        Map<String, Tensor> found = new LinkedHashMap<>();
        for (String wrapper : WRAPPERS) {
            if (found.isEmpty() && root instanceof Map<?, ?> map && map.get(wrapper) instanceof Map<?, ?> inside) {
                collect("", inside, 1, found);
            }
        }
        if (found.isEmpty()) {
            collect("", root, 0, found);
        }
        return found;
    }

    private void collect(String path, Object value, int depth, Map<String, Tensor> into) throws FormatException {
        if (depth > DEEPEST || ++visited > MOST_ENTRIES) {
            throw wrong("expects at most " + DEEPEST + " levels of dictionaries and " + MOST_ENTRIES + " entries");
        }
        switch (value) {
            case Tensor tensor -> {
                String name = path.isEmpty() ? "tensor" : path;
                if (into.put(name, tensor) != null) {
                    throw wrong("expects each name once, got '" + name + "' again");
                }
            }
            case Map<?, ?> map -> {
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    collect(below(path, entry.getKey()), entry.getValue(), depth + 1, into);
                }
            }
            case List<?> list -> collectAll(path, list, depth, into);
            case Pickle.Tuple tuple -> collectAll(path, tuple.items(), depth, into);
            default -> {} // a number, a text: no tensor
        }
    }

    private void collectAll(String path, List<?> list, int depth, Map<String, Tensor> into) throws FormatException {
        for (int i = 0; i < list.size(); i++) {
            collect(below(path, i), list.get(i), depth + 1, into);
        }
    }

    private static String below(String path, Object key) {
        return path.isEmpty() ? String.valueOf(key) : path + "." + key;
    }
}
