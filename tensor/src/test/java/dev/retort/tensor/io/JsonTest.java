package dev.retort.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "true",
                "false",
                "0",
                "-0",
                "-12.50e+03",
                "1E5",
                "123456789012345678901234567890",
                "\"\"",
                "\"a\\\"\\\\\\n\\r\\t\"",
                "\"\\u0001\"",
                "\"ä € 😀\"",
                "[]",
                "[1,[2,[]],{}]",
                "{}",
                "{\"b\":1,\"a\":{\"c\":[true,null]}}"
            })
    void whatIsReadIsWrittenBack(String text) throws FormatException {
        assertThat(Json.parse(text).toString()).isEqualTo(text);
        assertThat(Json.parse(text.getBytes(StandardCharsets.UTF_8))).isEqualTo(Json.parse(text));
    }

    @Test
    void spaceAndEscapesAreRead() throws FormatException {
        Json value = Json.parse(" \t\r\n{ \"a\" : [ 1 , 2 ] } ");
        assertThat(value.toString()).isEqualTo("{\"a\":[1,2]}");
        assertThat(Json.parse("\"\\/\\b\\f\\u00e4\\ud83d\\ude00\"").asText()).isEqualTo("/\b\fä😀");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "nul",
                "truefalse",
                "01",
                "-",
                "+1",
                "1.",
                ".5",
                "1e",
                "0x10",
                "NaN",
                "Infinity",
                "\"abc",
                "\"a\nb\"",
                "\"\\x\"",
                "\"\\u12g4\"",
                "\"\\u12",
                "\"\\ud800\"",
                "\"\\ud800\\u0041\"",
                "\"\\udc00\"",
                "[",
                "[1,]",
                "[1 2]",
                "[,]",
                "]",
                "{",
                "{\"a\"}",
                "{\"a\":}",
                "{\"a\":1,}",
                "{a:1}",
                "{'a':1}",
                "{\"a\":1 \"b\":2}",
                "1 2",
                "/* */1"
            })
    void anythingElseIsRejected(String text) {
        assertThatThrownBy(() -> Json.parse(text))
                .isInstanceOf(FormatException.class)
                .hasMessageMatching("(?s)json: position \\d+: expects .*, got .*");
    }

    @Test
    void loneSurrogatesAreRejected() {
        assertThatThrownBy(() -> Json.parse("\"\ud800\"")).isInstanceOf(FormatException.class);
        assertThatThrownBy(() -> Json.parse("\"\udc00a\"")).isInstanceOf(FormatException.class);
        assertThatIllegalArgumentException().isThrownBy(() -> new Json.Str("\ud800").toString());
        assertThatIllegalArgumentException().isThrownBy(() -> new Json.Str("\ude00\ud83d").toString());
    }

    @Test
    void bytesMustBeUtf8() {
        assertThatThrownBy(() -> Json.parse(new byte[] {'"', (byte) 0xC3, '"'}))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("UTF-8");
    }

    @Test
    void duplicateNamesAreRejected() {
        assertThatThrownBy(() -> Json.parse("{\"a\":1,\"b\":2,\"\\u0061\":3}"))
                .isInstanceOf(FormatException.class)
                .hasMessage("json: position 13: expects each name once in an object, got \"a\" again");
    }

    @Test
    void depthIsLimited() throws FormatException {
        String allowed = "[".repeat(Json.MAX_DEPTH + 1) + "]".repeat(Json.MAX_DEPTH + 1);
        assertThat(Json.parse(allowed).toString()).isEqualTo(allowed);
        assertThatThrownBy(() -> Json.parse("[".repeat(1_000_000)))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("nested levels");
    }

    @Test
    void numbersAreExact() throws FormatException {
        assertThat(Json.parse("9223372036854775807").asLong()).isEqualTo(Long.MAX_VALUE);
        assertThat(Json.parse("-9223372036854775808").asLong()).isEqualTo(Long.MIN_VALUE);
        assertThat(Json.parse("9007199254740993").asLong()).isEqualTo(9007199254740993L);
        assertThat(Json.parse("0.1").asDouble()).isEqualTo(0.1);
        for (String text : List.of("9223372036854775808", "1.0", "1e3", "\"1\"", "true")) {
            assertThatThrownBy(() -> Json.parse(text).asLong()).isInstanceOf(FormatException.class);
        }
        assertThatThrownBy(() -> Json.parse("2147483648").asInt()).isInstanceOf(FormatException.class);
        assertThatThrownBy(() -> Json.parse("1e999").asDouble()).isInstanceOf(FormatException.class);
    }

    @Test
    void javaValuesBecomeJson() throws FormatException {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("name", "x");
        members.put("loss", 0.1f);
        members.put("rate", 1e-10);
        members.put("steps", new int[] {1, 2});
        members.put("tags", List.of("a", true));
        members.put("none", null);
        assertThat(Json.of(members).toString())
                .isEqualTo("{\"name\":\"x\",\"loss\":0.1,\"rate\":1.0E-10,\"steps\":[1,2],"
                        + "\"tags\":[\"a\",true],\"none\":null}");
        assertThat(Json.parse(Json.of(members).pretty())).isEqualTo(Json.of(members));
        for (Object wrong : Arrays.asList(Double.NaN, Float.POSITIVE_INFINITY, new Object(), Map.of(1, 2))) {
            assertThatIllegalArgumentException().isThrownBy(() -> Json.of(wrong));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> new Json.Num("1."));
    }

    @Test
    void prettyHasOneMemberALine() throws FormatException {
        assertThat(Json.parse("{\"a\":[1,{}],\"b\":[]}").pretty())
                .isEqualTo("{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}\n");
    }

    @Test
    void wrongKindsAreNamed() {
        assertThatThrownBy(() -> Json.parse("[1]").asObject())
                .isInstanceOf(FormatException.class)
                .hasMessage("json: expects object, got array [1]");
        assertThatThrownBy(() -> Json.parse("{\"a\":1}").asObject().get("b"))
                .isInstanceOf(FormatException.class)
                .hasMessage("json: expects a member \"b\", got [a]");
    }
}
