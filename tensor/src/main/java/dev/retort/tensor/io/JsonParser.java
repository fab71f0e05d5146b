package dev.retort.tensor.io;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Recursive-descent reader of [Json].
final class JsonParser {
    private final String text;
    private int at;

    JsonParser(String text) {
        this.text = text;
    }

    static String decode(byte[] utf8) throws FormatException {
        try {
            CharBuffer text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8));
            boolean marked = text.hasRemaining() && text.get(0) == InputFile.BYTE_ORDER_MARK;
            return (marked ? text.position(1) : text).toString();
        } catch (CharacterCodingException e) {
            throw new FormatException("json: expects UTF-8, got other bytes", e);
        }
    }

    /// The start of a text, for messages.
    static String excerpt(String text) {
        return text.length() <= 40 ? text : text.substring(0, 40) + "...";
    }

    Json document() throws FormatException {
        skipSpace();
        Json value = value(0);
        skipSpace();
        if (at < text.length()) {
            throw wrong("the end");
        }
        return value;
    }

    private FormatException wrong(String expected) {
        String got = at >= text.length() ? "the end" : "\"" + excerpt(printable(text.substring(at))) + "\"";
        return new FormatException("json: position " + at + ": expects " + expected + ", got " + got);
    }

    private static String printable(String raw) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < Math.min(raw.length(), 41); i++) {
            char c = raw.charAt(i);
            out.append(Character.isISOControl(c) ? '?' : c);
        }
        return out.toString();
    }

    private void skipSpace() {
        while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    /// The next character, or NUL (which no rule accepts outside strings) at the end.
    private char peek() {
        return at < text.length() ? text.charAt(at) : '\0';
    }

    private boolean take(char c) {
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private void expect(char c) throws FormatException {
        if (!take(c)) {
            throw wrong("'" + c + "'");
        }
    }

    private Json value(int depth) throws FormatException {
        if (depth > Json.MAX_DEPTH) {
            throw new FormatException(
                    "json: position " + at + ": expects at most " + Json.MAX_DEPTH + " nested levels, got more");
        }
        return switch (peek()) {
            case '{' -> object(depth);
            case '[' -> array(depth);
            case '"' -> new Json.Str(string());
            case 't' -> word("true", new Json.Bool(true));
            case 'f' -> word("false", new Json.Bool(false));
            case 'n' -> word("null", new Json.Null());
            case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> number();
            default -> throw wrong("a value");
        };
    }

    private Json word(String word, Json value) throws FormatException {
        if (!text.startsWith(word, at)) {
            throw wrong(word);
        }
        at += word.length();
        return value;
    }

    private Json object(int depth) throws FormatException {
        Map<String, Json> members = new LinkedHashMap<>();
        expect('{');
        skipSpace();
        if (take('}')) {
            return new Json.Obj(members);
        }
        do {
            skipSpace();
            int start = at;
            String name = string();
            skipSpace();
            expect(':');
            skipSpace();
            if (members.put(name, value(depth + 1)) != null) {
                throw new FormatException("json: position " + start + ": expects each name once in an object, got \""
                        + excerpt(printable(name)) + "\" again");
            }
            skipSpace();
        } while (take(','));
        expect('}');
        return new Json.Obj(members);
    }

    private Json array(int depth) throws FormatException {
        List<Json> elements = new ArrayList<>();
        expect('[');
        skipSpace();
        if (take(']')) {
            return new Json.Arr(elements);
        }
        do {
            skipSpace();
            elements.add(value(depth + 1));
            skipSpace();
        } while (take(','));
        expect(']');
        return new Json.Arr(elements);
    }

    static boolean isNumber(String literal) {
        JsonParser parser = new JsonParser(literal);
        try {
            parser.skipNumber();
            return parser.at == literal.length();
        } catch (FormatException e) {
            return false;
        }
    }

    private Json number() throws FormatException {
        int start = at;
        skipNumber();
        return new Json.Num(text.substring(start, at));
    }

    private void skipNumber() throws FormatException {
        take('-');
        if (!take('0')) {
            digits();
        }
        if (take('.')) {
            digits();
        }
        if (take('e') || take('E')) {
            if (!take('+')) {
                take('-');
            }
            digits();
        }
    }

    private void digits() throws FormatException {
        int start = at;
        while (peek() >= '0' && peek() <= '9') {
            at++;
        }
        if (at == start) {
            throw wrong("a digit");
        }
    }

    private String string() throws FormatException {
        StringBuilder out = new StringBuilder();
        expect('"');
        while (!take('"')) {
            char c = peek();
            if (c < 0x20) {
                throw wrong("a string without control characters");
            }
            if (c == '\\') {
                escape(out);
            } else if (Character.isSurrogate(c)) {
                at++;
                appendPair(out, c, peek(), 1);
            } else {
                out.append(c);
                at++;
            }
        }
        return out.toString();
    }

    private void escape(StringBuilder out) throws FormatException {
        at++;
        char c = peek();
        int simple = "\"\\/bfnrt".indexOf(c);
        if (simple >= 0) {
            out.append("\"\\/\b\f\n\r\t".charAt(simple));
            at++;
            return;
        }
        if (c != 'u') {
            throw wrong("an escape: one of \" \\ / b f n r t u");
        }
        char unit = unit();
        if (!Character.isSurrogate(unit)) {
            out.append(unit);
        } else if (take('\\') && peek() == 'u') {
            appendPair(out, unit, unit(), 0);
        } else {
            throw wrong("the second half of a surrogate pair");
        }
    }

    private void appendPair(StringBuilder out, char high, char low, int length) throws FormatException {
        if (!Character.isHighSurrogate(high) || !Character.isLowSurrogate(low)) {
            throw wrong("a surrogate pair");
        }
        out.append(high).append(low);
        at += length;
    }

    /// Reads `uXXXX`.
    private char unit() throws FormatException {
        at++;
        int value = 0;
        for (int i = 0; i < 4; i++) {
            int digit = peek() < 0x80 ? Character.digit(peek(), 16) : -1;
            if (digit < 0) {
                throw wrong("four hexadecimal digits");
            }
            value = value << 4 | digit;
            at++;
        }
        return (char) value;
    }
}
