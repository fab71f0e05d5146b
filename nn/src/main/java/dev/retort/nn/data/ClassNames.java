package dev.retort.nn.data;

import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.InputFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// Names of classes in a text file beside the data: one a line, in the order of the labels.
final class ClassNames {
    /// The file's name.
    static final String FILE = "classes.txt";

    /// No name is longer.
    private static final int MAX_LENGTH = 200;

    private ClassNames() {}

    /// The names in `folder/classes.txt`; none if there is no such file.
    ///
    /// @param labels the labels that the names must cover
    /// @throws FormatException if the file is not such a list, or has fewer names than there are classes
    /// @throws IOException     if it cannot be read
    static List<String> in(Path folder, int[] labels) throws IOException {
        Path file = folder.resolve(FILE);
        if (!Files.exists(file)) {
            return List.of();
        }
        List<String> names = lines(file);
        int classes = 1 + Arrays.stream(labels).max().orElse(-1);
        if (names.size() < classes) {
            throw new FormatException("class names: " + file + ": expects a name for each of the " + classes
                    + " classes, one a line, got " + names.size());
        }
        return names;
    }

    private static List<String> lines(Path file) throws IOException {
        List<String> names = InputFile.lines(file).stream().map(String::strip).toList();
        int end = names.size();
        while (end > 0 && names.get(end - 1).isEmpty()) {
            end--; // blank lines at the end
        }
        for (int i = 0; i < end; i++) {
            if (names.get(i).isEmpty() || names.get(i).length() > MAX_LENGTH) {
                throw new FormatException("class names: " + file + ": line " + (i + 1) + ": expects a name of 1 to "
                        + MAX_LENGTH + " characters, got " + names.get(i).length());
            }
        }
        return names.subList(0, end);
    }
}
