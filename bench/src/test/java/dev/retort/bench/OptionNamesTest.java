package dev.retort.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/// An option means the same in every command that has it. Names of old that mean something else somewhere
/// are second names there.
class OptionNamesTest {
    /// An option of a command by its first name.
    private record Named(String command, String name, OptionSpec option) {}

    private static List<Named> options() {
        List<Named> all = new ArrayList<>();
        collect(Main.commandLine(), all);
        return all;
    }

    private static void collect(CommandLine command, List<Named> all) {
        for (OptionSpec option : command.getCommandSpec().options()) {
            all.add(new Named(command.getCommandSpec().qualifiedName(), option.names()[0], option));
        }
        command.getSubcommands().values().forEach(below -> collect(below, all));
    }

    private static List<Named> named(String name) {
        List<Named> found =
                options().stream().filter(one -> one.name.equals(name)).toList();
        assertThat(found).as(name).hasSizeGreaterThan(1);
        return found;
    }

    @Test
    void namesAreWordsWithHyphensAndDescribed() {
        assertThat(options()).hasSizeGreaterThan(100).allSatisfy(one -> {
            assertThat(one.name).as(one.command).matches("--[a-z]+(-[a-z]+)*|-[pqhV]");
            assertThat(one.option.description())
                    .as(one.command + " " + one.name)
                    .isNotEmpty();
        });
    }

    @Test
    void filesAndFoldersAreCalledSo() {
        for (String name : List.of("--model", "--out", "--in", "--weights")) {
            if (options().stream().anyMatch(one -> one.name.equals(name))) {
                assertThat(options()).filteredOn(one -> one.name.equals(name)).allSatisfy(one -> {
                    assertThat(one.option.type()).as(one.command).isEqualTo(Path.class);
                    assertThat(one.option.paramLabel()).as(one.command).isIn("FILE", "FOLDER");
                });
            }
        }
        assertThat(named("--model")).allMatch(one -> one.option.paramLabel().equals("FILE"));
    }

    /// Printing tables or JSON; benchmarks print while they measure, and write JSON to a file only.
    @Test
    void jsonIsPrinted() {
        assertThat(named("--json")).allSatisfy(one -> {
            int values = one.command.startsWith("retort bench") ? 1 : 0;
            assertThat(one.option.arity().min()).as(one.command).isEqualTo(values);
        });
    }

    @Test
    void commandsThatComputeTakeThreads() {
        Set<String> commands = new TreeSet<>();
        named("--threads").forEach(one -> commands.add(one.command));
        assertThat(commands)
                .contains(
                        "retort active",
                        "retort distill",
                        "retort embed",
                        "retort eval",
                        "retort generate",
                        "retort predict",
                        "retort reproduce laurel",
                        "retort select",
                        "retort train-lm");
        CommandLineRun none = CommandLineRun.of("generate", "--model", "x", "--threads", "0");
        assertThat(none.code()).isEqualTo(2);
        assertThat(none.err()).contains("--threads: expected 1 to 1024, got 0");
    }

    /// Exceptions: JSON goes to a file where a command prints while it works; a comparison runs with several numbers of
    /// threads.
    @Test
    void anOptionHasOneType() {
        Map<String, Set<String>> types = new TreeMap<>();
        for (Named one : options()) {
            String type = one.option.type().getSimpleName().toLowerCase(java.util.Locale.ROOT);
            types.computeIfAbsent(one.name, _ -> new TreeSet<>()).add(type.equals("integer") ? "int" : type);
        }
        types.values().removeIf(all -> all.size() == 1);
        assertThat(types).containsOnlyKeys("--json", "--threads");
    }

    @Test
    void namesOfOldStillWork() {
        assertThat(named("--out"))
                .filteredOn(one -> one.command.startsWith("retort reproduce"))
                .allMatch(one -> List.of(one.option.names()).contains("--folder"));
        assertThat(options())
                .filteredOn(one -> one.command.equals("retort active"))
                .anyMatch(one -> one.name.equals("--unlabelled")
                        && List.of(one.option.names()).contains("--pool"));
    }

    @Test
    void everyCommandThatTakesASavedModelCallsItModel() {
        Set<String> commands = new TreeSet<>();
        collectOwners(Main.commandLine(), "--model", commands);
        assertThat(commands)
                .containsExactly("retort eval", "retort export", "retort generate", "retort predict", "retort select");
    }

    private static void collectOwners(CommandLine command, String name, Set<String> owners) {
        OptionSpec option = command.getCommandSpec().findOption(name);
        if (option != null) {
            owners.add(command.getCommandSpec().qualifiedName());
            assertThat(option.type()).isEqualTo(Path.class);
        }
        command.getSubcommands().values().forEach(below -> collectOwners(below, name, owners));
    }
}
