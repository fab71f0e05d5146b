package dev.retort.nn.residual;

import dev.retort.nn.residual.LaurelConfig.Part;
import dev.retort.nn.residual.LaurelConfig.Scope;
import dev.retort.nn.residual.ResidualFactory.Placement;
import dev.retort.nn.residual.ResidualSpec.HyperKind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Residual specifications as text, both ways. What has its default value is not written.
final class SpecText {
    private static final String EXPECTED = "plain, laurel-PARTS (rw, lr, pa joined by +), gemma3n, rezero, skipinit,"
            + " layerscale, highway, denseformer, hyper-static, hyper, mhc or value";
    private static final int GEMMA_RANK = 16;
    private static final double SCALE = 1e-5;
    private static final double HIGHWAY_BIAS = -2;
    private static final int LANES = 4;

    private final String text;
    private final Map<String, String> options = new LinkedHashMap<>();

    private SpecText(String text) {
        this.text = text;
    }

    // ---- reading ------------------------------------------------------------------------------------------------

    static ResidualSpec parse(String text) {
        return new SpecText(text).read();
    }

    private ResidualSpec read() {
        int colon = text.indexOf(':');
        String name = colon < 0 ? text : text.substring(0, colon);
        for (String option :
                colon < 0 ? new String[0] : text.substring(colon + 1).split(",", -1)) {
            String[] pair = option.split("=", -1);
            if (pair.length != 2 || options.put(pair[0], pair[1]) != null) {
                throw wrong("expects options KEY=VALUE, each once, after the colon, got '" + option + "'");
            }
        }
        ResidualSpec spec = spec(name);
        if (!options.isEmpty()) {
            throw wrong(name + " does not have the option" + (options.size() > 1 ? "s " : " ")
                    + String.join(", ", options.keySet()));
        }
        return spec;
    }

    private ResidualSpec spec(String name) {
        return switch (name) {
            case "plain" -> new ResidualSpec.Plain();
            case "gemma3n" -> new ResidualSpec.Gemma3n(count("rank", GEMMA_RANK));
            case "rezero" -> new ResidualSpec.OfReZero();
            case "skipinit" -> new ResidualSpec.OfSkipInit(number("start", 0));
            case "layerscale" -> new ResidualSpec.OfLayerScale(number("start", SCALE));
            case "highway" -> new ResidualSpec.OfHighway(number("bias", HIGHWAY_BIAS));
            case "denseformer" -> new ResidualSpec.OfDenseFormer();
            case "hyper-static" -> new ResidualSpec.Hyper(count("lanes", LANES), HyperKind.STATIC);
            case "hyper" -> new ResidualSpec.Hyper(count("lanes", LANES), HyperKind.DYNAMIC);
            case "mhc" -> new ResidualSpec.Hyper(count("lanes", LANES), HyperKind.MANIFOLD);
            case "value" -> new ResidualSpec.OfValues(choice("mix", "fixed", "trained") == 1);
            default -> {
                if (name.startsWith("laurel-")) {
                    yield new ResidualSpec.OfLaurel(laurel(name.substring("laurel-".length())));
                }
                throw wrong("expects " + EXPECTED);
            }
        };
    }

    private LaurelConfig laurel(String parts) {
        List<Part> chosen = new ArrayList<>();
        for (String part : parts.split("\\+", -1)) {
            Part known = Stream.of(Part.values())
                    .filter(p -> p.name().toLowerCase(Locale.ROOT).equals(part))
                    .findFirst()
                    .orElseThrow(() -> wrong("expects parts rw, lr and pa joined by +, got '" + part + "'"));
            if (chosen.contains(known)) {
                throw wrong("expects each part once, got '" + part + "' twice");
            }
            chosen.add(known);
        }
        LaurelConfig config = LaurelConfig.of(chosen.toArray(Part[]::new));
        config = config.hasWeights() ? weights(config) : config;
        config = config.hasLowRank() ? lowRank(config) : config;
        config = config.hasPreviousActivations() ? config.withLags(count("lags", config.lags())) : config;
        if (config.hasPreviousActivations() && options.containsKey("gamma")) {
            config = config.withGamma(number("gamma", 0));
        }
        config = choice("per", "block", "sublayer") == 1 ? config.withPlacement(Placement.PER_SUBLAYER) : config;
        return choice("at", "all", "identity") == 1 ? config.withScope(Scope.IDENTITY) : config;
    }

    private LaurelConfig weights(LaurelConfig config) {
        String[] names =
                Stream.of(Normaliser.values()).map(Normaliser::toString).toArray(String[]::new);
        LaurelConfig chosen = config.withNormaliser(Normaliser.values()[choice("normaliser", names)]);
        return choice("weights", "scalar", "channel") == 1 ? chosen.withWeightsPerChannel() : chosen;
    }

    private LaurelConfig lowRank(LaurelConfig config) {
        LaurelConfig chosen = config.withRank(count("rank", config.rank()));
        if (options.containsKey("init")) {
            chosen = chosen.withInit(LowRankInit.values()[choice("init", "xavier", "orthogonal")]);
        }
        boolean shared = chosen.hasPreviousActivations() && choice("pairs", "each", "shared") == 1;
        return shared ? chosen.withSharedPairs() : chosen;
    }

    private int count(String key, int otherwise) {
        String value = options.remove(key);
        if (value == null) {
            return otherwise;
        }
        if (!value.matches("[1-9]\\d{0,6}")) {
            throw wrong(key + " expects a positive integer, got '" + value + "'");
        }
        return Integer.parseInt(value);
    }

    private double number(String key, double otherwise) {
        String value = options.remove(key);
        if (value == null) {
            return otherwise;
        }
        if (!value.matches("-?\\d+(\\.\\d+)?([eE]-?\\d{1,3})?")) {
            throw wrong(key + " expects a number, got '" + value + "'");
        }
        return Double.parseDouble(value);
    }

    /// The position of the option's value among the names; 0 if the option is not given.
    private int choice(String key, String... names) {
        String value = options.remove(key);
        int position = value == null ? 0 : List.of(names).indexOf(value);
        if (position < 0) {
            throw wrong(key + " expects one of " + String.join(", ", names) + ", got '" + value + "'");
        }
        return position;
    }

    private IllegalArgumentException wrong(String what) {
        return new IllegalArgumentException("residual '" + text + "': " + what);
    }

    // ---- writing ------------------------------------------------------------------------------------------------

    static String of(ResidualSpec spec) {
        return switch (spec) {
            case ResidualSpec.Plain _ -> "plain";
            case ResidualSpec.OfLaurel(LaurelConfig config) -> of(config);
            case ResidualSpec.Gemma3n(int rank) -> "gemma3n" + option(rank == GEMMA_RANK, "rank", rank);
            case ResidualSpec.OfReZero _ -> "rezero";
            case ResidualSpec.OfSkipInit(double start) -> "skipinit" + option(start == 0, "start", start);
            case ResidualSpec.OfLayerScale(double start) -> "layerscale" + option(start == SCALE, "start", start);
            case ResidualSpec.OfHighway(double bias) -> "highway" + option(bias == HIGHWAY_BIAS, "bias", bias);
            case ResidualSpec.OfDenseFormer _ -> "denseformer";
            case ResidualSpec.Hyper(int lanes, HyperKind kind) -> name(kind) + option(lanes == LANES, "lanes", lanes);
            case ResidualSpec.OfValues(boolean trained) -> "value" + option(!trained, "mix", "trained");
        };
    }

    private static String name(HyperKind kind) {
        return switch (kind) {
            case STATIC -> "hyper-static";
            case DYNAMIC -> "hyper";
            case MANIFOLD -> "mhc";
        };
    }

    private static String option(boolean isDefault, String key, Object value) {
        return isDefault ? "" : ":" + key + "=" + value;
    }

    static String of(LaurelConfig config) {
        Part[] parts = Stream.of(Part.values()).filter(config.parts()::contains).toArray(Part[]::new);
        LaurelConfig plain = LaurelConfig.of(parts);
        Map<String, Object> all = new LinkedHashMap<>();
        put(all, "rank", config.rank(), plain.rank());
        put(all, "lags", config.lags(), plain.lags());
        put(all, "normaliser", config.normaliser(), plain.normaliser());
        put(all, "weights", config.perChannel() ? "channel" : "scalar", "scalar");
        put(all, "init", String.valueOf(config.lowRankInit()), "null");
        put(all, "pairs", config.sharedPairs() ? "shared" : "each", "each");
        put(all, "gamma", String.valueOf(config.gamma()), "null");
        put(all, "per", config.placement() == Placement.PER_BLOCK ? "block" : "sublayer", "block");
        put(all, "at", config.scope() == Scope.ALL ? "all" : "identity", "all");
        String options = all.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .collect(Collectors.joining(","));
        String name = Stream.of(parts)
                .map(part -> part.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining("+", "laurel-", ""));
        return options.isEmpty() ? name : name + ":" + options;
    }

    private static void put(Map<String, Object> all, String key, Object value, Object otherwise) {
        if (!value.equals(otherwise)) {
            all.put(key, value);
        }
    }
}
