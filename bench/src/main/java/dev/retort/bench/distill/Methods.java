package dev.retort.bench.distill;

import dev.retort.bench.model.ModelSpec;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.method.BornAgain;
import dev.retort.distill.method.Crd;
import dev.retort.distill.method.DeepMutualLearning;
import dev.retort.distill.method.FitNet;
import dev.retort.distill.method.HardPseudoLabels;
import dev.retort.distill.method.HintonKd;
import dev.retort.distill.method.LabelsOnly;
import dev.retort.distill.method.Mixing;
import dev.retort.distill.method.Rkd;
import dev.retort.distill.method.Slam;
import dev.retort.distill.method.SoftLabels;
import dev.retort.distill.method.TeacherLabel;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The methods that the command line knows, each with its default hyper-parameters.
final class Methods implements Iterable<String> {
    private static final List<String> NAMES = List.of(
            "labels",
            "hard",
            "soft",
            "kd",
            "slam",
            "slam-normalised",
            "slam-soft",
            "fitnet",
            "rkd",
            "crd",
            "mutual",
            "born-again");

    Methods() {}

    /// The method of a name.
    ///
    /// @throws IllegalArgumentException if there is none
    static DistillationMethod of(String name, ModelSpec teacher, ModelSpec student) {
        return switch (name) {
            case "labels" -> new LabelsOnly();
            case "hard" -> new HardPseudoLabels();
            case "soft" -> new SoftLabels();
            case "kd" -> new HintonKd();
            case "slam" -> new Slam();
            case "slam-normalised" -> new Slam().withMixing(Mixing.NORMALISED);
            case "slam-soft" -> new Slam().withLabels(TeacherLabel.SOFT);
            case "fitnet" -> new FitNet(student.middle(), teacher.middle());
            case "rkd" -> new Rkd(student.last(), teacher.last());
            case "crd" -> new Crd(student.last(), teacher.last());
            case "mutual" -> new DeepMutualLearning();
            case "born-again" -> new BornAgain();
            default ->
                throw new IllegalArgumentException(
                        "--methods: expected all, or some of " + String.join(", ", NAMES) + ", got '" + name + "'");
        };
    }

    /// The chosen methods by name, in the order given; `all` is every one.
    ///
    /// @throws IllegalArgumentException if a name is not known
    static Map<String, DistillationMethod> chosen(List<String> names, ModelSpec teacher, ModelSpec student) {
        Map<String, DistillationMethod> chosen = new LinkedHashMap<>();
        for (String name : names.equals(List.of("all")) ? NAMES : names) {
            chosen.put(name, of(name, teacher, student));
        }
        return chosen;
    }

    /// The names, for the help text.
    @Override
    public Iterator<String> iterator() {
        List<String> names = new ArrayList<>(NAMES);
        names.add("all");
        return names.iterator();
    }
}
