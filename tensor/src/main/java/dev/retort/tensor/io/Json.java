package dev.retort.tensor.io;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A JSON value (RFC 8259).
///
/// Reading is strict: UTF-8 only, no duplicate names, no lone surrogates, no unescaped control
/// characters, nothing after the value, at most [#MAX_DEPTH] levels. Numbers keep their digits, so that
/// nothing is lost before the reader says which type it wants. `toString` writes the value compactly,
/// members in the order of their insertion.
public sealed interface Json {
    /// Levels of nested arrays and objects that are read.
    int MAX_DEPTH = 100;

    /// Members by name, in order.
    record Obj(Map<String, Json> members) implements Json {
        /// An object with a copy of `members` in their order.
        public Obj {
            members = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(members));
        }

        /// The member `name`.
        ///
        /// @throws FormatException if there is none
        public Json get(String name) throws FormatException {
            Json value = members.get(name);
            if (value == null) {
                throw new FormatException("json: expects a member \"" + name + "\", got " + members.keySet());
            }
            return value;
        }

        @Override
        public String toString() {
            return JsonWriter.compact(this);
        }
    }

    /// Elements in order.
    record Arr(List<Json> elements) implements Json {
        /// An array with a copy of `elements`.
        public Arr {
            elements = List.copyOf(elements);
        }

        @Override
        public String toString() {
            return JsonWriter.compact(this);
        }
    }

    /// A string.
    record Str(String value) implements Json {
        @Override
        public String toString() {
            return JsonWriter.compact(this);
        }
    }

    /// A number as it is written, such as `-1.50e3`.
    record Num(String literal) implements Json {
        /// A number.
        ///
        /// @throws IllegalArgumentException if the literal breaks the grammar of JSON numbers
        public Num {
            if (!JsonParser.isNumber(literal)) {
                throw new IllegalArgumentException("json: expects a number, got " + JsonParser.excerpt(literal));
            }
        }

        @Override
        public String toString() {
            return literal;
        }
    }

    /// `true` or `false`.
    record Bool(boolean value) implements Json {
        @Override
        public String toString() {
            return Boolean.toString(value);
        }
    }

    /// `null`.
    record Null() implements Json {
        @Override
        public String toString() {
            return "null";
        }
    }

    /// Reads one value from UTF-8 bytes; a byte order mark in front is passed over (RFC 8259, section 8.1).
    ///
    /// @throws FormatException if the bytes are not exactly one JSON value; the message gives the
    ///                         position
    static Json parse(byte[] utf8) throws FormatException {
        return new JsonParser(JsonParser.decode(utf8)).document();
    }

    /// Reads one value from a string.
    ///
    /// @throws FormatException if the string is not exactly one JSON value; the message gives the
    ///                         position
    static Json parse(String text) throws FormatException {
        return new JsonParser(text).document();
    }

    /// The JSON value of a Java one: `null`, a string, a boolean, a number, a map with string keys, an
    /// iterable, a primitive or object array, or a `Json` value. Floating numbers are written with the
    /// digits that identify them.
    ///
    /// @throws IllegalArgumentException if the value is of another type, or not a finite number
    static Json of(@Nullable Object value) {
        return switch (value) {
            case null -> new Null();
            case Json json -> json;
            case String text -> new Str(text);
            case Boolean flag -> new Bool(flag);
            case Number number -> number(number);
            case Map<?, ?> map -> object(map);
            case Iterable<?> items -> array(items);
            default -> {
                if (!value.getClass().isArray()) {
                    throw new IllegalArgumentException(
                            "json: expects a string, boolean, number, map, iterable or array, got " + value.getClass());
                }
                List<Json> elements = new ArrayList<>();
                for (int i = 0; i < java.lang.reflect.Array.getLength(value); i++) {
                    elements.add(of(java.lang.reflect.Array.get(value, i)));
                }
                yield new Arr(elements);
            }
        };
    }

    private static Num number(Number number) {
        if (!Double.isFinite(number.doubleValue()) && (number instanceof Double || number instanceof Float)) {
            throw new IllegalArgumentException("json: expects a finite number, got " + number);
        }
        return new Num(number.toString());
    }

    private static Obj object(Map<?, ?> map) {
        Map<String, Json> members = new LinkedHashMap<>();
        map.forEach((key, member) -> {
            if (!(key instanceof String name)) {
                throw new IllegalArgumentException("json: expects string keys, got " + key);
            }
            members.put(name, of(member));
        });
        return new Obj(members);
    }

    private static Arr array(Iterable<?> items) {
        List<Json> elements = new ArrayList<>();
        for (Object item : items) {
            elements.add(of(item));
        }
        return new Arr(elements);
    }

    /// This value with one member or element a line, indented by two spaces, and a newline at the end.
    default String pretty() {
        return JsonWriter.pretty(this);
    }

    /// What this value is, for messages: `object`, `array`, `string`, `number`, `boolean` or `null`.
    default String kind() {
        return switch (this) {
            case Obj _ -> "object";
            case Arr _ -> "array";
            case Str _ -> "string";
            case Num _ -> "number";
            case Bool _ -> "boolean";
            case Null _ -> "null";
        };
    }

    /// This value as an object.
    ///
    /// @throws FormatException if it is none
    default Obj asObject() throws FormatException {
        if (this instanceof Obj object) {
            return object;
        }
        throw unexpected("object");
    }

    /// The elements of this array.
    ///
    /// @throws FormatException if it is none
    default List<Json> asList() throws FormatException {
        if (this instanceof Arr array) {
            return array.elements;
        }
        throw unexpected("array");
    }

    /// This string.
    ///
    /// @throws FormatException if it is none
    default String asText() throws FormatException {
        if (this instanceof Str text) {
            return text.value;
        }
        throw unexpected("string");
    }

    /// This truth value.
    ///
    /// @throws FormatException if it is none
    default boolean asBoolean() throws FormatException {
        if (this instanceof Bool flag) {
            return flag.value;
        }
        throw unexpected("boolean");
    }

    /// This number as a long; it must be written without fraction and exponent.
    ///
    /// @throws FormatException if it is no such number or outside −2⁶³ … 2⁶³ − 1
    default long asLong() throws FormatException {
        if (!(this instanceof Num number)) {
            throw unexpected("integer");
        }
        try {
            return Long.parseLong(number.literal);
        } catch (NumberFormatException e) {
            throw new FormatException(
                    "json: expects an integer in [-2^63, 2^63), got " + JsonParser.excerpt(number.literal), e);
        }
    }

    /// This number as an int.
    ///
    /// @throws FormatException if it is no integer or outside −2³¹ … 2³¹ − 1
    default int asInt() throws FormatException {
        long value = asLong();
        if (value != (int) value) {
            throw new FormatException("json: expects an integer in [-2^31, 2^31), got " + value);
        }
        return (int) value;
    }

    /// This number as the nearest double.
    ///
    /// @throws FormatException if it is no number or too large
    default double asDouble() throws FormatException {
        if (!(this instanceof Num number)) {
            throw unexpected("number");
        }
        double value = Double.parseDouble(number.literal);
        if (Double.isInfinite(value)) {
            throw new FormatException(
                    "json: expects a number below 1.8e308, got " + JsonParser.excerpt(number.literal));
        }
        return value;
    }

    private FormatException unexpected(String expected) {
        return new FormatException(
                "json: expects " + expected + ", got " + kind() + " " + JsonParser.excerpt(toString()));
    }
}
