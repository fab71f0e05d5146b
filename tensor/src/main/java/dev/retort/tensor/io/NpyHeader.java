package dev.retort.tensor.io;

import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.StringJoiner;

/// The head of an npy file: magic, version, length, and a Python dictionary literal padded with spaces
/// and a newline.
///
/// `order` is the byte order of the elements; with `fortran` the first dimension varies fastest; `size`
/// is the number of bytes before the elements.
record NpyHeader(DType dtype, ByteOrder order, boolean fortran, Shape shape, int size) {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    /// Far above any header of plain numbers; keeps a damaged length from asking for gigabytes.
    private static final long MAX_BYTES = 1 << 20;
    /// NumPy leaves room for the growing dimension to be rewritten with this many digits.
    private static final int GROWTH_DIGITS = 21;

    /// Bytes of the elements.
    long dataBytes() {
        return (long) shape.numel() * dtype.bytes();
    }

    // ---- reading --------------------------------------------------------------------------------------------------

    static NpyHeader read(ReadableByteChannel channel) throws IOException {
        ByteBuffer head = ByteBuffer.allocate(8);
        ElementBytes.fill(channel, head);
        for (int i = 0; i < MAGIC.length; i++) {
            if (head.get(i) != MAGIC[i]) {
                throw new FormatException("expects a file that starts with \\x93NUMPY, got other bytes");
            }
        }
        int major = head.get(6);
        int minor = head.get(7);
        if (major < 1 || major > 3 || minor != 0) {
            throw new FormatException("expects format version 1.0, 2.0 or 3.0, got " + major + "." + minor);
        }
        int width = major == 1 ? 2 : 4;
        ByteBuffer prefix = ByteBuffer.allocate(width).order(ByteOrder.LITTLE_ENDIAN);
        ElementBytes.fill(channel, prefix);
        long length = width == 2 ? prefix.getShort(0) & 0xFFFF : prefix.getInt(0) & 0xFFFFFFFFL;
        if (length > MAX_BYTES) {
            throw new FormatException("expects a header of at most " + MAX_BYTES + " bytes, got " + length);
        }
        ByteBuffer text = ByteBuffer.allocate((int) length);
        ElementBytes.fill(channel, text);
        NpyDictionary fields = new NpyDictionary(new String(text.array(), StandardCharsets.ISO_8859_1));
        return of(fields, 8 + width + (int) length);
    }

    private static NpyHeader of(NpyDictionary fields, int size) throws FormatException {
        String descr = fields.descr();
        String kind = descr.substring(1);
        DType dtype = switch (kind) {
            case "f4" -> DType.F32;
            case "f8" -> DType.F64;
            case "f2" -> DType.F16;
            case "i8" -> DType.I64;
            case "i4" -> DType.I32;
            case "i1" -> DType.I8;
            case "u1" -> DType.U8;
            case "b1" -> DType.BOOL;
            default ->
                throw new FormatException("descr: expects an element type f4 f8 f2 i8 i4 i1 u1 or b1, got '" + descr
                        + "'" + (kind.equals("O") ? " (pickled Python objects are never read)" : ""));
        };
        ByteOrder order = switch (descr.charAt(0)) {
            case '<' -> ByteOrder.LITTLE_ENDIAN;
            case '>' -> ByteOrder.BIG_ENDIAN;
            case '=' -> ByteOrder.nativeOrder();
            default -> {
                if (dtype.bytes() > 1 || descr.charAt(0) != '|') {
                    throw new FormatException("descr: expects a byte order < or >, got '" + descr + "'");
                }
                yield ByteOrder.LITTLE_ENDIAN;
            }
        };
        return new NpyHeader(dtype, order, fields.fortran(), fields.shape(), size);
    }

    // ---- writing --------------------------------------------------------------------------------------------------

    /// The header that NumPy itself writes for such an array, in the oldest version that holds it.
    static byte[] bytes(DType dtype, boolean fortran, Shape shape) {
        StringJoiner dims = new StringJoiner(", ", "(", shape.rank() == 1 ? ",)" : ")");
        for (int dim : shape.dims()) {
            dims.add(Integer.toString(dim));
        }
        StringBuilder text = new StringBuilder("{'descr': '" + descr(dtype) + "', 'fortran_order': "
                + (fortran ? "True" : "False") + ", 'shape': " + dims + ", }");
        if (shape.rank() > 0) {
            int growing = shape.dim(fortran ? -1 : 0);
            text.repeat(" ", GROWTH_DIGITS - Integer.toString(growing).length());
        }
        int width = text.length() + 65 < 1 << 16 ? 2 : 4;
        int before = 8 + width;
        text.repeat(" ", 63 - (before + text.length()) % 64).append('\n');
        ByteBuffer bytes = ByteBuffer.allocate(before + text.length()).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(MAGIC).put((byte) (width / 2)).put((byte) 0);
        if (width == 2) {
            bytes.putShort((short) text.length());
        } else {
            bytes.putInt(text.length());
        }
        return bytes.put(text.toString().getBytes(StandardCharsets.ISO_8859_1)).array();
    }

    private static String descr(DType dtype) {
        return switch (dtype) {
            case F32 -> "<f4";
            case F64 -> "<f8";
            case F16 -> "<f2";
            case I64 -> "<i8";
            case I32 -> "<i4";
            case I8 -> "|i1";
            case U8 -> "|u1";
            case BOOL -> "|b1";
            case BF16 ->
                throw new IllegalArgumentException(
                        "npy: expects a type that NumPy has, got BF16: convert to F32, or write safetensors");
        };
    }
}
