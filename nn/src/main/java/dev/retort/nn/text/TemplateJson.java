package dev.retort.nn.text;

import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.Json;
import java.util.ArrayList;
import java.util.List;

/// The template of a `tokenizer.json`: special tokens around sequences A and B.
final class TemplateJson {
    private TemplateJson() {}

    static Template of(Json.Obj part, String where) throws FormatException {
        Json.Obj specials = part.get("special_tokens").asObject();
        List<List<Integer>> single = groups(part.get("single").asList(), specials, where);
        if (single.size() != 2) {
            throw new FormatException("tokenizer: " + where + ": expects one sequence in the template of one text");
        }
        List<List<Integer>> pair =
                part.members().containsKey("pair") ? groups(part.get("pair").asList(), specials, where) : List.of();
        List<Integer> middle = pair.size() == 3 ? pair.get(1) : single.get(1);
        return new Template(array(single.get(0)), array(middle), array(single.get(1)));
    }

    private static int[] array(List<Integer> ids) {
        return ids.stream().mapToInt(id -> id).toArray();
    }

    /// Special tokens before, between and behind the sequences.
    private static List<List<Integer>> groups(List<Json> items, Json.Obj specials, String where)
            throws FormatException {
        List<List<Integer>> groups = new ArrayList<>();
        groups.add(new ArrayList<>());
        for (Json item : items) {
            Json.Obj one = item.asObject();
            if (one.members().containsKey("Sequence")) {
                groups.add(new ArrayList<>());
            } else {
                String name = one.get("SpecialToken").asObject().get("id").asText();
                for (Json id : specials.get(name).asObject().get("ids").asList()) {
                    groups.getLast().add(id.asInt());
                }
            }
        }
        return groups;
    }
}
