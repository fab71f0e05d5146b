package dev.retort.bench.select;

import dev.retort.distill.select.Badge;
import dev.retort.distill.select.ClusterMargin;
import dev.retort.distill.select.CoreSet;
import dev.retort.distill.select.MostUncertain;
import dev.retort.distill.select.Rad;
import dev.retort.distill.select.Selector;
import dev.retort.distill.select.Uncertainty;
import dev.retort.distill.select.Uniform;
import dev.retort.distill.select.Unixkd;
import java.util.Iterator;
import java.util.List;

/// The selectors that the command line knows, each with its default settings.
public final class Selectors implements Iterable<String> {
    /// Their names.
    public static final List<String> NAMES = List.of(
            "rad",
            "rad-loss",
            "uniform",
            "margin",
            "entropy",
            "least-confidence",
            "core-set",
            "badge",
            "cluster-margin",
            "unixkd");

    /// For picocli, which shows the names in the help text.
    public Selectors() {}

    /// The selector of a name.
    ///
    /// @throws IllegalArgumentException if there is none
    public static Selector of(String name) {
        return switch (name) {
            case "rad" -> new Rad();
            case "rad-loss" -> Rad.lossAware();
            case "uniform" -> new Uniform();
            case "margin" -> new MostUncertain(Uncertainty.MARGIN);
            case "entropy" -> new MostUncertain(Uncertainty.ENTROPY);
            case "least-confidence" -> new MostUncertain(Uncertainty.LEAST_CONFIDENCE);
            case "core-set" -> new CoreSet();
            case "badge" -> new Badge();
            case "cluster-margin" -> new ClusterMargin();
            case "unixkd" -> new Unixkd();
            default ->
                throw new IllegalArgumentException(
                        "--selector: expected one of " + String.join(", ", NAMES) + ", got '" + name + "'");
        };
    }

    @Override
    public Iterator<String> iterator() {
        return NAMES.iterator();
    }
}
