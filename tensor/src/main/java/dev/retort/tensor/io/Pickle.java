package dev.retort.tensor.io;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads the part of Python's pickle format (protocols 2 to 5) that state dicts are made of. Nothing is ever
/// run: a name is looked up in a list of allowed ones, and anything else is an error.
///
/// Values are `String`, `Long`, `Double`, `Boolean`, `byte[]`, [None], `List`, [Tuple], `Map`, and what the
/// [Allowed] make.
final class Pickle {
    /// Python's None.
    enum None {
        /// The one value.
        NONE
    }

    /// A Python tuple.
    record Tuple(List<Object> items) {}

    /// A name such as `torch._utils._rebuild_tensor_v2`.
    record Global(String name) {}

    /// What names may stand for.
    interface Allowed {
        /// The result of calling `name` with arguments.
        ///
        /// @throws FormatException if the name is not allowed
        Object call(String name, List<Object> arguments) throws FormatException;

        /// What a persistent reference stands for.
        Object persistent(Object reference) throws FormatException;
    }

    private static final Object MARK = new Object();
    private static final int MOST_VALUES = 10_000_000;

    private final ByteBuffer in;
    private final String where;
    private final Allowed allowed;
    private final Deque<Object> stack = new ArrayDeque<>();
    private final Map<Integer, Object> memo = new HashMap<>();
    private int values;

    /// Reads from the position of `in` on, and leaves it behind the end of the pickle.
    Pickle(ByteBuffer in, String where, Allowed allowed) {
        this.in = in.order(ByteOrder.LITTLE_ENDIAN);
        this.where = where;
        this.allowed = allowed;
    }

    FormatException wrong(String message) {
        return new FormatException("pickle: " + where + ": byte " + in.position() + ": " + message);
    }

    /// One value.
    Object read() throws FormatException {
        while (true) {
            int op = unsigned(1);
            if (op == '.') {
                return pop();
            }
            if (++values > MOST_VALUES) {
                throw wrong("expects at most " + MOST_VALUES + " steps");
            }
            if (!constant(op) && !container(op) && !name(op)) {
                throw wrong("expects a state dict, got operation " + op
                        + (op > 32 && op < 127 ? " '" + (char) op + "'" : ""));
            }
        }
    }

    // ---- operations -----------------------------------------------------------------------------------------------

    private boolean constant(int op) throws FormatException {
        switch (op) {
            case 0x80 -> unsigned(1); // protocol
            case 0x95 -> take(Long.BYTES); // length of a frame, which does not matter here
            case 'N' -> push(None.NONE);
            case 0x88 -> push(true);
            case 0x89 -> push(false);
            case 'K' -> push((long) unsigned(1));
            case 'M' -> push((long) unsigned(2));
            case 'J' -> push((long) take(4).getInt());
            case 0x8A -> push(integer(unsigned(1)));
            case 'G' -> push(take(8).order(ByteOrder.BIG_ENDIAN).getDouble());
            case 'X' -> push(string(take(4).getInt()));
            case 0x8C -> push(string(unsigned(1)));
            case 'T' -> push(string(take(4).getInt()));
            case 'U' -> push(string(unsigned(1)));
            case 'B' -> push(bytes(take(4).getInt()));
            case 'C' -> push(bytes(unsigned(1)));
            default -> {
                return false;
            }
        }
        return true;
    }

    private boolean container(int op) throws FormatException {
        switch (op) {
            case '(' -> push(MARK);
            case '}' -> push(new LinkedHashMap<>());
            case ']' -> push(new ArrayList<>());
            case ')' -> push(new Tuple(List.of()));
            case 't' -> push(new Tuple(toMark()));
            case 0x85 -> push(new Tuple(last(1)));
            case 0x86 -> push(new Tuple(last(2)));
            case 0x87 -> push(new Tuple(last(3)));
            case 'l' -> push(toMark());
            case 'd' -> {
                Map<Object, Object> made = new LinkedHashMap<>();
                putAll(made, toMark());
                push(made);
            }
            case 'a' -> append(last(1));
            case 'e' -> append(toMark());
            case 's' -> set(last(2));
            case 'u' -> set(toMark());
            case 'q' -> memo.put(unsigned(1), peek());
            case 'r' -> memo.put(take(4).getInt(), peek());
            case 0x94 -> memo.put(memo.size(), peek());
            case 'h' -> push(remembered(unsigned(1)));
            case 'j' -> push(remembered(take(4).getInt()));
            case '0' -> pop();
            default -> {
                return false;
            }
        }
        return true;
    }

    private boolean name(int op) throws FormatException {
        switch (op) {
            case 'c' -> push(new Global(line() + "." + line()));
            case 0x93 -> {
                List<Object> both = last(2);
                if (!(both.get(0) instanceof String module) || !(both.get(1) instanceof String name)) {
                    throw wrong("expects a name of two texts");
                }
                push(new Global(module + "." + name));
            }
            case 'R', 0x81 -> {
                List<Object> both = last(2);
                if (!(both.get(0) instanceof Global called) || !(both.get(1) instanceof Tuple arguments)) {
                    throw wrong("expects a call of a name with a tuple");
                }
                push(allowed.call(called.name, arguments.items));
            }
            case 'Q' -> push(allowed.persistent(pop()));
            case 'b' -> pop(); // attributes of an ordered dictionary (its metadata) or a parameter
            default -> {
                return false;
            }
        }
        return true;
    }

    // ---- stack ----------------------------------------------------------------------------------------------------

    private void push(Object value) {
        stack.push(value);
    }

    private Object pop() throws FormatException {
        Object value = stack.poll();
        if (value == null) {
            throw wrong("expects a value, got an empty stack");
        }
        return value;
    }

    private Object peek() throws FormatException {
        Object value = stack.peek();
        if (value == null) {
            throw wrong("expects a value, got an empty stack");
        }
        return value;
    }

    private List<Object> last(int count) throws FormatException {
        List<Object> items = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            items.addFirst(pop());
        }
        return items;
    }

    private List<Object> toMark() throws FormatException {
        List<Object> items = new ArrayList<>();
        for (Object item = pop(); item != MARK; item = pop()) {
            items.add(item);
        }
        java.util.Collections.reverse(items);
        return items;
    }

    private Object remembered(int index) throws FormatException {
        @Nullable Object value = memo.get(index);
        if (value == null) {
            throw wrong("expects a remembered value, got number " + index);
        }
        return value;
    }

    @SuppressWarnings("unchecked") // lists on the stack are made here, of objects
    private void append(List<Object> items) throws FormatException {
        if (!(peek() instanceof List<?> list)) {
            throw wrong("expects a list to append to");
        }
        ((List<Object>) list).addAll(items);
    }

    @SuppressWarnings("unchecked") // maps on the stack are made here, of objects
    private void set(List<Object> items) throws FormatException {
        if (!(peek() instanceof Map<?, ?> map)) {
            throw wrong("expects a dictionary to set an item of");
        }
        putAll((Map<Object, Object>) map, items);
    }

    private void putAll(Map<Object, Object> map, List<Object> items) throws FormatException {
        if (items.size() % 2 != 0) {
            throw wrong("expects keys with values, got " + items.size() + " items");
        }
        for (int i = 0; i < items.size(); i += 2) {
            Object key = items.get(i);
            if (!(key instanceof String || key instanceof Long || key instanceof Boolean)) {
                throw wrong("expects texts or numbers as keys of a dictionary");
            }
            map.put(key, items.get(i + 1));
        }
    }

    // ---- bytes ----------------------------------------------------------------------------------------------------

    /// The next bytes; nothing is allocated before they are known to be there.
    private ByteBuffer take(int count) throws FormatException {
        if (count < 0 || count > in.remaining()) {
            throw wrong("expects " + Integer.toUnsignedString(count) + " more bytes, got " + in.remaining());
        }
        ByteBuffer taken = in.slice(in.position(), count).order(ByteOrder.LITTLE_ENDIAN);
        in.position(in.position() + count);
        return taken;
    }

    private int unsigned(int width) throws FormatException {
        ByteBuffer taken = take(width);
        return width == 1 ? taken.get() & 0xFF : taken.getShort() & 0xFFFF;
    }

    private byte[] bytes(int count) throws FormatException {
        ByteBuffer taken = take(count);
        byte[] bytes = new byte[count];
        taken.get(bytes);
        return bytes;
    }

    private String string(int count) throws FormatException {
        return StandardCharsets.UTF_8.decode(take(count)).toString();
    }

    private String line() throws FormatException {
        int start = in.position();
        while (in.hasRemaining()) {
            if (in.get() == '\n') {
                return StandardCharsets.UTF_8
                        .decode(in.slice(start, in.position() - 1 - start))
                        .toString();
            }
        }
        throw wrong("expects the end of a line, got the end");
    }

    /// A little-endian two's complement number. PyTorch's mark of its old format has 10 bytes; of longer ones
    /// than 8, the low 8 are returned.
    private long integer(int count) throws FormatException {
        byte[] bytes = bytes(count);
        long value = 0;
        for (int i = 0; i < Math.min(count, Long.BYTES); i++) {
            value |= (bytes[i] & 0xFFL) << (8 * i);
        }
        boolean negative = count > 0 && count < Long.BYTES && bytes[count - 1] < 0;
        return negative ? value - (1L << (8 * count)) : value;
    }
}
