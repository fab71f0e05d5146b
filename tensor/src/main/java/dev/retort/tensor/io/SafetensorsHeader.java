package dev.retort.tensor.io;

import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import dev.retort.tensor.TensorType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The head of a safetensors file: 8 bytes with the length of the header (little-endian), then a JSON
/// object that gives dtype, shape and byte range of each tensor, then the data. Ranges count from the
/// start of the data.
///
/// `entries` are in the order of the data; `dataStart` is the position of the data in the file.
record SafetensorsHeader(Map<String, Entry> entries, Map<String, String> metadata, long dataStart) {
    private static final String METADATA = "__metadata__";
    private static final Set<String> FIELDS = Set.of("dtype", "shape", "data_offsets");
    /// The limit of the reference implementation.
    private static final int MAX_BYTES = 100_000_000;

    /// One tensor: type and byte range `[begin, end)` in the data.
    record Entry(TensorType type, long begin, long end) {}

    static FormatException broken(Path path, String tensor, @Nullable String message) {
        return new FormatException("safetensors: " + path + ": tensor '" + tensor + "': " + message);
    }

    // ---- reading --------------------------------------------------------------------------------------------------

    static SafetensorsHeader read(Path path, FileChannel channel) throws IOException {
        long size = channel.size();
        if (size < 8) {
            throw new FormatException("safetensors: " + path + ": expects at least 8 bytes, got " + size);
        }
        ByteBuffer prefix = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        ElementBytes.fill(channel, prefix);
        long length = prefix.getLong(0);
        if (length < 2 || length > MAX_BYTES) {
            String other = otherFormat(prefix.getInt(0));
            if (other != null) {
                throw new FormatException("safetensors: " + path + ": expects a safetensors file, got " + other);
            }
            throw new FormatException("safetensors: " + path + ": expects a header of 2 to " + MAX_BYTES
                    + " bytes, got a length of " + Long.toUnsignedString(length));
        }
        if (length > size - 8) {
            throw new FormatException("safetensors: " + path + ": expects a header of " + length
                    + " bytes, got a file of " + size + " bytes: truncated, or not a safetensors file");
        }
        ByteBuffer header = ByteBuffer.allocate((int) length);
        ElementBytes.fill(channel, header);
        return parse(path, header.array(), size - 8 - length);
    }

    /// What a file is that starts with these four bytes, if it is one of those that are taken for safetensors.
    private static @Nullable String otherFormat(int start) {
        return switch (start) {
            case 0x46554747 -> "a GGUF file"; // "GGUF"
            case 0x04034B50 -> "a zip archive, such as torch.save writes"; // "PK" 3 4
            default -> null;
        };
    }

    private static SafetensorsHeader parse(Path path, byte[] bytes, long dataSize) throws FormatException {
        if (bytes[0] != '{') {
            throw new FormatException(
                    "safetensors: " + path + ": expects a header that starts with '{', got byte " + (bytes[0] & 0xFF));
        }
        Map<String, Json> members;
        try {
            members = Json.parse(bytes).asObject().members();
        } catch (FormatException e) {
            throw new FormatException("safetensors: " + path + ": header: " + e.getMessage(), e);
        }
        Map<String, String> metadata = new LinkedHashMap<>();
        Map<String, Entry> entries = new LinkedHashMap<>();
        for (Map.Entry<String, Json> member : members.entrySet()) {
            String name = member.getKey();
            try {
                if (name.equals(METADATA)) {
                    metadata = strings(member.getValue());
                } else {
                    entries.put(name, entry(member.getValue().asObject()));
                }
            } catch (FormatException e) {
                throw broken(path, name, e.getMessage());
            }
        }
        return new SafetensorsHeader(
                inOrder(path, entries, dataSize), Collections.unmodifiableMap(metadata), 8L + bytes.length);
    }

    private static Map<String, String> strings(Json json) throws FormatException {
        Map<String, String> strings = new LinkedHashMap<>();
        for (Map.Entry<String, Json> member : json.asObject().members().entrySet()) {
            strings.put(member.getKey(), member.getValue().asText());
        }
        return strings;
    }

    private static Entry entry(Json.Obj json) throws FormatException {
        if (!json.members().keySet().equals(FIELDS)) {
            throw new FormatException("expects the fields dtype, shape and data_offsets, got "
                    + json.members().keySet());
        }
        DType dtype = dtype(json.get("dtype").asText());
        long[] dims = numbers("shape", json.get("shape").asList());
        long[] range = numbers("data_offsets", json.get("data_offsets").asList());
        if (range.length != 2 || range[0] > range[1]) {
            throw new FormatException("data_offsets: expects begin <= end, got " + Arrays.toString(range));
        }
        Shape shape = shape(dims);
        long needed = (long) shape.numel() * dtype.bytes();
        if (range[1] - range[0] != needed) {
            throw new FormatException("expects " + needed + " bytes for " + dtype + " " + shape + ", got "
                    + (range[1] - range[0]) + " from data_offsets " + Arrays.toString(range));
        }
        return new Entry(new TensorType(dtype, shape), range[0], range[1]);
    }

    private static DType dtype(String name) throws FormatException {
        for (DType dtype : DType.values()) {
            if (dtype.name().equals(name)) {
                return dtype;
            }
        }
        throw new FormatException("dtype: expects one of " + Arrays.toString(DType.values()) + ", got " + name);
    }

    private static long[] numbers(String field, List<Json> list) throws FormatException {
        long[] numbers = new long[list.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = list.get(i).asLong();
            if (numbers[i] < 0) {
                throw new FormatException(field + ": expects numbers from 0, got " + numbers[i]);
            }
        }
        return numbers;
    }

    private static Shape shape(long[] dims) throws FormatException {
        long count = 1;
        int[] exact = new int[dims.length];
        for (int i = 0; i < dims.length; i++) {
            exact[i] = (int) dims[i];
            // Both factors are below 2^31 when they are multiplied, so the product cannot overflow.
            count = dims[i] > Integer.MAX_VALUE ? Long.MAX_VALUE : count * dims[i];
            if (count > Integer.MAX_VALUE) {
                throw new FormatException("shape: expects at most 2147483647 elements, got " + Arrays.toString(dims));
            }
        }
        return Shape.of(exact);
    }

    /// The entries sorted by position, after checking that they cover the data exactly.
    private static Map<String, Entry> inOrder(Path path, Map<String, Entry> entries, long dataSize)
            throws FormatException {
        List<Map.Entry<String, Entry>> sorted = new ArrayList<>(entries.entrySet());
        sorted.sort(Comparator.<Map.Entry<String, Entry>>comparingLong(e -> e.getValue().begin)
                .thenComparingLong(e -> e.getValue().end));
        Map<String, Entry> ordered = new LinkedHashMap<>();
        long at = 0;
        for (Map.Entry<String, Entry> named : sorted) {
            Entry entry = named.getValue();
            if (entry.begin != at) {
                throw broken(
                        path,
                        named.getKey(),
                        "data_offsets: expects a start at " + at
                                + ", where the tensor before ends, got " + entry.begin + ": "
                                + (entry.begin < at ? "the two overlap" : "a gap"));
            }
            if (entry.end > dataSize) {
                throw broken(
                        path,
                        named.getKey(),
                        "data_offsets: expects an end within the " + dataSize + " bytes of data, got " + entry.end
                                + ": the file is truncated");
            }
            ordered.put(named.getKey(), entry);
            at = entry.end;
        }
        if (at != dataSize) {
            throw new FormatException("safetensors: " + path + ": expects " + at + " bytes of data, got " + dataSize
                    + ": trailing bytes");
        }
        return ordered;
    }

    // ---- writing --------------------------------------------------------------------------------------------------

    static SafetensorsHeader of(Map<String, TensorType> plan, Map<String, String> metadata) {
        if (plan.containsKey(METADATA)) {
            throw new IllegalArgumentException("safetensors: expects tensor names other than " + METADATA);
        }
        List<Map.Entry<String, TensorType>> widestFirst = new ArrayList<>(plan.entrySet());
        widestFirst.sort(Comparator.<Map.Entry<String, TensorType>>comparingInt(
                        named -> -named.getValue().dtype().bytes())
                .thenComparing(Map.Entry.comparingByKey()));
        Map<String, Entry> entries = new LinkedHashMap<>();
        long at = 0;
        for (Map.Entry<String, TensorType> named : widestFirst) {
            TensorType type = named.getValue();
            long end = at + (long) type.shape().numel() * type.dtype().bytes();
            entries.put(named.getKey(), new Entry(type, at, end));
            at = end;
        }
        SafetensorsHeader draft = new SafetensorsHeader(entries, new TreeMap<>(metadata), 0);
        return new SafetensorsHeader(entries, draft.metadata, draft.bytes().length);
    }

    /// Length and JSON, padded with spaces so that the data starts at a multiple of 8.
    byte[] bytes() {
        Map<String, Object> members = new LinkedHashMap<>();
        if (!metadata.isEmpty()) {
            members.put(METADATA, metadata);
        }
        entries.forEach((name, entry) -> {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("dtype", entry.type.dtype().name());
            fields.put("shape", entry.type.shape().dims());
            fields.put("data_offsets", List.of(entry.begin, entry.end));
            members.put(name, fields);
        });
        byte[] json = Json.of(members).toString().getBytes(StandardCharsets.UTF_8);
        int padded = (json.length + 7) & ~7;
        if (padded > MAX_BYTES) {
            throw new IllegalArgumentException("safetensors: expects a header of at most " + MAX_BYTES + " bytes, got "
                    + padded + " for " + entries.size() + " tensors");
        }
        byte[] bytes = new byte[8 + padded];
        Arrays.fill(bytes, (byte) ' ');
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(padded).put(json);
        return bytes;
    }
}
