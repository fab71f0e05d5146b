package dev.retort.tensor.io;

import java.util.Iterator;
import java.util.Map;

/// Writes JSON values as text.
final class JsonWriter {
    private final StringBuilder out = new StringBuilder();
    private final boolean lines;

    private JsonWriter(boolean lines) {
        this.lines = lines;
    }

    static String compact(Json value) {
        JsonWriter writer = new JsonWriter(false);
        writer.write(value, 0);
        return writer.out.toString();
    }

    static String pretty(Json value) {
        JsonWriter writer = new JsonWriter(true);
        writer.write(value, 0);
        return writer.out.append('\n').toString();
    }

    private void write(Json value, int level) {
        switch (value) {
            case Json.Obj(Map<String, Json> members) -> {
                out.append('{');
                Iterator<Map.Entry<String, Json>> rest = members.entrySet().iterator();
                while (rest.hasNext()) {
                    Map.Entry<String, Json> member = rest.next();
                    newline(level + 1);
                    quote(member.getKey());
                    out.append(lines ? ": " : ":");
                    write(member.getValue(), level + 1);
                    out.append(rest.hasNext() ? "," : "");
                }
                close('}', members.isEmpty(), level);
            }
            case Json.Arr(java.util.List<Json> elements) -> {
                out.append('[');
                for (int i = 0; i < elements.size(); i++) {
                    newline(level + 1);
                    write(elements.get(i), level + 1);
                    out.append(i + 1 < elements.size() ? "," : "");
                }
                close(']', elements.isEmpty(), level);
            }
            case Json.Str(String text) -> quote(text);
            case Json.Num(String literal) -> out.append(literal);
            case Json.Bool(boolean flag) -> out.append(flag);
            case Json.Null() -> out.append("null");
        }
    }

    private void newline(int level) {
        if (lines) {
            out.append('\n').repeat("  ", level);
        }
    }

    private void close(char bracket, boolean empty, int level) {
        if (!empty) {
            newline(level);
        }
        out.append(bracket);
    }

    private void quote(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < 0x20) {
                        out.append("\\u00")
                                .append(Character.forDigit(c >> 4, 16))
                                .append(Character.forDigit(c & 15, 16));
                    } else {
                        checkSurrogate(text, i);
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    private static void checkSurrogate(String text, int i) {
        char c = text.charAt(i);
        boolean paired = Character.isHighSurrogate(c)
                ? i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))
                : i > 0 && Character.isHighSurrogate(text.charAt(i - 1));
        if (Character.isSurrogate(c) && !paired) {
            throw new IllegalArgumentException("json: string has a lone surrogate at index " + i);
        }
    }
}
