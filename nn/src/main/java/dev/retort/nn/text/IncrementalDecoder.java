package dev.retort.nn.text;

import java.util.Arrays;

/// Text of tokens that come one by one, as generation gives them: a character whose bytes are spread over
/// tokens appears with the last of them. Not thread-safe.
public final class IncrementalDecoder {
    private static final char REPLACEMENT = '\uFFFD';
    /// No character has more bytes than this, so what is still broken after as many tokens stays broken.
    private static final int LONGEST = 4;

    private final Tokenizer tokenizer;
    private int[] window = new int[16];
    private int size;
    private int shown;

    /// A decoder at the start of a text.
    public IncrementalDecoder(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /// What `id` adds to the text; empty while a character is incomplete.
    public String next(int id) {
        if (size == window.length) {
            window = Arrays.copyOf(window, 2 * size);
        }
        window[size++] = id;
        String before = tokenizer.decode(Arrays.copyOf(window, shown));
        String now = tokenizer.decode(Arrays.copyOf(window, size));
        boolean broken = !now.isEmpty() && now.charAt(now.length() - 1) == REPLACEMENT;
        if (broken && size - shown < LONGEST) {
            return "";
        }
        int keep = size - shown;
        System.arraycopy(window, shown, window, 0, keep); // tokens whose text says where words are parted
        shown = keep;
        size = keep;
        return now.startsWith(before) ? now.substring(before.length()) : now;
    }

    /// What is left at the end of a text: U+FFFD for a character that stayed incomplete.
    public String finish() {
        String before = tokenizer.decode(Arrays.copyOf(window, shown));
        String now = tokenizer.decode(Arrays.copyOf(window, size));
        shown = size;
        return now.startsWith(before) ? now.substring(before.length()) : now;
    }
}
