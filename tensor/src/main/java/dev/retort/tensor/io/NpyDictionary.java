package dev.retort.tensor.io;

import dev.retort.tensor.Shape;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Reads the Python literal of an npy header:
/// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`. The three keys may come in any order,
/// each exactly once.
final class NpyDictionary {
    private final String text;
    private int at;
    private String descr = "";
    private boolean fortran;
    private Shape shape = Shape.SCALAR;

    NpyDictionary(String text) throws FormatException {
        this.text = text;
        Set<String> seen = new HashSet<>();
        expect("{");
        while (!take("}")) {
            String key = string();
            expect(":");
            if (!seen.add(key)) {
                throw wrong("each key once");
            }
            switch (key) {
                case "descr" -> descr = descrValue();
                case "fortran_order" -> fortran = truth();
                case "shape" -> shape = tuple();
                default -> throw new FormatException("header: expects descr, fortran_order and shape, got " + key);
            }
            if (!take(",")) {
                expect("}");
                break;
            }
        }
        skipSpace();
        if (at < text.length()) {
            throw wrong("the end");
        }
        if (seen.size() != 3) {
            throw new FormatException("header: expects descr, fortran_order and shape, got " + seen);
        }
    }

    String descr() {
        return descr;
    }

    boolean fortran() {
        return fortran;
    }

    Shape shape() {
        return shape;
    }

    private FormatException wrong(String expected) {
        String rest = text.substring(Math.min(at, text.length())).replaceAll("[^ -~]", "?");
        return new FormatException("header: position " + at + ": expects " + expected + ", got "
                + (rest.isEmpty() ? "the end" : "\"" + JsonParser.excerpt(rest) + "\""));
    }

    private void skipSpace() {
        while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\n')) {
            at++;
        }
    }

    private boolean take(String token) {
        skipSpace();
        if (text.startsWith(token, at)) {
            at += token.length();
            return true;
        }
        return false;
    }

    private void expect(String token) throws FormatException {
        if (!take(token)) {
            throw wrong(token);
        }
    }

    private String string() throws FormatException {
        String quote = take("'") ? "'" : "\"";
        if (quote.equals("\"")) {
            expect(quote);
        }
        int end = text.indexOf(quote, at);
        if (end < 0) {
            throw wrong("a closing " + quote);
        }
        String value = text.substring(at, end);
        at = end + 1;
        return value;
    }

    private String descrValue() throws FormatException {
        if (take("[")) {
            throw new FormatException("descr: expects one element type, got a structured type");
        }
        String value = string();
        if (value.length() < 2) {
            throw new FormatException("descr: expects byte order and element type such as '<f4', got '" + value + "'");
        }
        return value;
    }

    private boolean truth() throws FormatException {
        if (take("True")) {
            return true;
        }
        expect("False");
        return false;
    }

    private Shape tuple() throws FormatException {
        List<Integer> dims = new ArrayList<>();
        expect("(");
        boolean comma = true;
        while (!take(")")) {
            if (!comma) {
                throw wrong(", or )");
            }
            dims.add(extent());
            comma = take(",");
        }
        if (dims.size() == 1 && !comma) {
            throw wrong("a tuple such as (3,)");
        }
        long count = 1;
        for (int dim : dims) {
            count *= dim; // both below 2^31: no overflow
            if (count > Integer.MAX_VALUE) {
                throw new FormatException("shape: expects at most 2147483647 elements, got " + dims);
            }
        }
        return Shape.of(dims.stream().mapToInt(Integer::intValue).toArray());
    }

    private int extent() throws FormatException {
        skipSpace();
        int start = at;
        long value = 0;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            value = value * 10 + text.charAt(at) - '0';
            if (value > Integer.MAX_VALUE) {
                throw wrong("an extent of at most 2147483647");
            }
            at++;
        }
        if (at == start) {
            throw wrong("an extent from 0");
        }
        return (int) value;
    }
}
