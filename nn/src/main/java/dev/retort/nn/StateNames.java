package dev.retort.nn;

import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/// Rules that turn the names of a state dict into those of a module here, applied in order to each name.
///
/// ```java
/// StateNames names = StateNames.none().without("\\.attn\\.(bias|masked_bias)$").renaming("^h\\.", "transformer.h.");
/// model.loadStateDict(names.apply(Safetensors.read(file)));
/// ```
public final class StateNames {
    private final List<Rule> rules;

    /// What happens to names that match a pattern: they get another name, or are left out.
    private record Rule(Pattern pattern, String replacement, boolean drops) {}

    private StateNames(List<Rule> rules) {
        this.rules = List.copyOf(rules);
    }

    /// Names stay as they are.
    public static StateNames none() {
        return new StateNames(List.of());
    }

    private StateNames with(Rule rule) {
        List<Rule> more = new ArrayList<>(rules);
        more.add(rule);
        return new StateNames(more);
    }

    /// Then every match of the regular expression is replaced; `$1` stands for its first group.
    public StateNames renaming(String regex, String replacement) {
        return with(new Rule(Pattern.compile(regex), replacement, false));
    }

    /// Then names that hold a match of the regular expression are left out.
    public StateNames without(String regex) {
        return with(new Rule(Pattern.compile(regex), "", true));
    }

    /// The tensors under their new names, in the same order.
    ///
    /// @throws IllegalArgumentException if two names become one
    public Map<String, Tensor> apply(Map<String, Tensor> state) {
        Map<String, Tensor> renamed = new LinkedHashMap<>();
        state.forEach((name, tensor) -> {
            String now = name;
            for (Rule rule : rules) {
                if (!rule.drops) {
                    now = rule.pattern.matcher(now).replaceAll(rule.replacement);
                } else if (rule.pattern.matcher(now).find()) {
                    return;
                }
            }
            if (renamed.put(now, tensor) != null) {
                throw new IllegalArgumentException(
                        "names: expects each name once, got '" + now + "' again from '" + name + "'");
            }
        });
        return renamed;
    }
}
