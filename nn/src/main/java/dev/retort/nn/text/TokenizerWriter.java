package dev.retort.nn.text;

import dev.retort.tensor.io.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Writes a `tokenizer.json`.
final class TokenizerWriter {
    private TokenizerWriter() {}

    static Json write(Tokenizer tokenizer) {
        Map<String, Object> file = new LinkedHashMap<>();
        file.put("version", "1.0");
        List<Object> added = new ArrayList<>();
        for (AddedToken token : tokenizer.addedTokens()) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("id", token.id());
            one.put("content", token.content());
            one.put("single_word", token.wholeWord());
            one.put("lstrip", token.leftSpace());
            one.put("rstrip", token.rightSpace());
            one.put("normalized", false);
            one.put("special", token.special());
            added.add(one);
        }
        file.put("added_tokens", added);
        file.put("normalizer", null);
        switch (tokenizer.model()) {
            case BytePairModel model
            when model.startsFromBytes() && tokenizer.preTokenizer() instanceof PreTokenizer.Gpt2 ->
                bytePairs(file, model);
            case WordLevelModel model
            when CharacterTokenizer.isSplit(tokenizer.preTokenizer()) -> characters(file, model);
            case BytePairModel _, WordLevelModel _, WordPieceModel _, UnigramModel _ ->
                throw new IllegalArgumentException(
                        "tokenizer: expects byte-level BPE with GPT-2's pattern or characters to write, got "
                                + tokenizer);
        }
        return Json.of(file);
    }

    private static void bytePairs(Map<String, Object> file, BytePairModel model) {
        Map<String, Object> split = new LinkedHashMap<>();
        split.put("type", "ByteLevel");
        split.put("add_prefix_space", false);
        split.put("trim_offsets", false);
        split.put("use_regex", true);
        file.put("pre_tokenizer", split);
        file.put("post_processor", null);
        file.put("decoder", split);
        List<Object> merges = new ArrayList<>();
        for (int[] pair : model.merges()) {
            merges.add(List.of(
                    model.vocabulary().token(pair[0]), model.vocabulary().token(pair[1])));
        }
        Map<String, Object> part = new LinkedHashMap<>();
        part.put("type", "BPE");
        part.put("vocab", ordered(model.vocabulary()));
        part.put("merges", merges);
        file.put("model", part);
    }

    private static void characters(Map<String, Object> file, WordLevelModel model) {
        Map<String, Object> split = new LinkedHashMap<>();
        split.put("type", "Split");
        split.put("pattern", Map.of("Regex", CharacterTokenizer.EACH.pattern()));
        split.put("behavior", "Isolated");
        split.put("invert", false);
        file.put("pre_tokenizer", split);
        file.put("post_processor", null);
        file.put("decoder", Map.of("type", "Fuse"));
        Map<String, Object> part = new LinkedHashMap<>();
        part.put("type", "WordLevel");
        part.put("vocab", ordered(model.vocabulary()));
        part.put("unk_token", "");
        file.put("model", part);
    }

    private static Map<String, Object> ordered(Vocabulary vocabulary) {
        Map<String, Object> tokens = new LinkedHashMap<>();
        for (int id = 0; id < vocabulary.size(); id++) {
            if (vocabulary.has(id)) {
                tokens.put(vocabulary.token(id), id);
            }
        }
        return tokens;
    }
}
