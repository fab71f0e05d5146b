package dev.retort.nn.text;

/// Tokens that go around a text, and around a pair of texts.
///
/// @param before in front of the first text
/// @param middle between two texts, part of the first segment
/// @param after  behind the last text
record Template(int[] before, int[] middle, int[] after) {
    static final Template NONE = new Template(new int[0], new int[0], new int[0]);

    int single() {
        return before.length + after.length;
    }

    int pair() {
        return before.length + middle.length + after.length;
    }
}
