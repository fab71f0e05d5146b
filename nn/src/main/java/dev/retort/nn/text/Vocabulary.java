package dev.retort.nn.text;

import dev.retort.tensor.OpException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Tokens and their indices, both ways. Indices may have gaps.
public final class Vocabulary {
    /// The largest index.
    static final int LARGEST = 10_000_000;

    private final Map<String, Integer> ids = new HashMap<>();
    private final List<@Nullable String> tokens = new ArrayList<>();

    /// A vocabulary with the tokens at their places in the list.
    ///
    /// @throws IllegalArgumentException if a token comes twice
    public static Vocabulary of(List<String> tokens) {
        Map<String, Integer> ids = new HashMap<>();
        for (int i = 0; i < tokens.size(); i++) {
            if (ids.put(tokens.get(i), i) != null) {
                throw new IllegalArgumentException("vocabulary: expects each token once, got '" + tokens.get(i) + "'");
            }
        }
        return new Vocabulary(ids);
    }

    /// A vocabulary with the given indices.
    ///
    /// @throws IllegalArgumentException if an index is negative, above 10 million or comes twice
    public Vocabulary(Map<String, Integer> indices) {
        int largest = indices.isEmpty() ? -1 : Collections.max(indices.values());
        if (largest > LARGEST) {
            throw new IllegalArgumentException("vocabulary: expects indices below 10 million, got " + largest);
        }
        tokens.addAll(Collections.nCopies(largest + 1, null));
        indices.forEach((token, id) -> {
            if (id < 0 || tokens.get(id) != null) {
                throw new IllegalArgumentException(
                        "vocabulary: expects each index from 0 once, got " + id + " for '" + token + "'");
            }
            tokens.set(id, token);
            ids.put(token, id);
        });
    }

    /// One more than the largest index.
    public int size() {
        return tokens.size();
    }

    /// The index of a token, or −1.
    public int id(String token) {
        return ids.getOrDefault(token, -1);
    }

    /// The token of an index.
    ///
    /// @throws OpException if there is none
    public String token(int id) {
        String token = id < 0 || id >= tokens.size() ? null : tokens.get(id);
        if (token == null) {
            throw new OpException("vocabulary: expects the index of a token, below " + tokens.size() + ", got " + id);
        }
        return token;
    }

    /// Whether an index has a token.
    public boolean has(int id) {
        return id >= 0 && id < tokens.size() && tokens.get(id) != null;
    }

    /// The indices by token.
    public Map<String, Integer> indices() {
        return Collections.unmodifiableMap(ids);
    }
}
