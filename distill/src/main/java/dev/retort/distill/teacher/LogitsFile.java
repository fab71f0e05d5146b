package dev.retort.distill.teacher;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.AtomicFile;
import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.InputFile;
import dev.retort.tensor.io.Npy;
import dev.retort.tensor.io.Safetensors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// Matrices of numbers, such as logits [N, L] or embeddings [N, D], in files.
///
/// - `.safetensors`: the tensor `logits`, or the only one in the file
/// - `.npy`: one floating array
/// - `.csv`: numbers separated by commas, one row a sample, in its order; a first line of words
///   without a number is a header; an empty cell is NaN, and so is `nan`; messages count rows from 1, without
///   the header
public final class LogitsFile {
    private static final String LOGITS = "logits";

    private LogitsFile() {}

    /// Reads a matrix as `F32`.
    ///
    /// @throws FormatException if the ending is none of the three, or the content is no matrix
    /// @throws IOException     if the file is missing or can't be read
    public static Tensor read(Path file) throws IOException {
        Tensor matrix = switch (ending(file)) {
            case "safetensors" -> only(file);
            case "npy" -> Npy.read(file);
            case "csv" -> csv(file);
            default -> throw unknown(file);
        };
        if (matrix.rank() != 2 || !matrix.dtype().isFloating()) {
            throw new FormatException(
                    "logits: " + file + ": expected a matrix of floating numbers, got " + matrix.type());
        }
        return matrix.to(DType.F32).contiguous();
    }

    private static FormatException unknown(Path file) {
        return new FormatException("logits: " + file + ": expected a file .safetensors, .npy or .csv");
    }

    private static String ending(Path file) {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        return name.substring(name.lastIndexOf('.') + 1);
    }

    /// Whether the name ends in `.safetensors`.
    static boolean isSafetensors(Path file) {
        return ending(file).equals("safetensors");
    }

    private static Tensor only(Path file) throws IOException {
        Safetensors saved = Safetensors.open(file);
        Set<String> names = saved.names();
        if (!names.contains(LOGITS) && names.size() != 1) {
            throw new FormatException(
                    "logits: " + file + ": expected a tensor 'logits', or one tensor alone, got " + names);
        }
        return saved.load(names.contains(LOGITS) ? LOGITS : names.iterator().next());
    }

    private static Tensor csv(Path file) throws IOException {
        List<String> lines =
                InputFile.lines(file).stream().filter(line -> !line.isBlank()).toList();
        int first = !lines.isEmpty() && isHeader(lines.getFirst()) ? 1 : 0;
        int rows = lines.size() - first;
        int columns = rows == 0 ? 0 : lines.get(first).split(",", -1).length;
        long numbers = (long) rows * columns;
        if (numbers > Integer.MAX_VALUE - 8) {
            throw new FormatException(
                    "logits: " + file + ": expected fewer than 2^31 numbers, got " + rows + " rows of " + columns);
        }
        float[] values = new float[(int) numbers];
        for (int row = 0; row < rows; row++) {
            String[] cells = lines.get(first + row).split(",", -1);
            if (cells.length != columns) {
                throw new FormatException("logits: " + file + ": row " + (row + 1) + ": expected " + columns
                        + " cells, got " + cells.length);
            }
            for (int c = 0; c < columns; c++) {
                values[row * columns + c] = number(file, row, cells[c].strip());
            }
        }
        return Tensor.wrap(DType.F32, values, rows, columns);
    }

    private static float number(Path file, int row, String cell) throws FormatException {
        try {
            return number(cell);
        } catch (NumberFormatException e) {
            throw new FormatException(
                    "logits: " + file + ": row " + (row + 1) + ": expected a number, got '" + cell + "'", e);
        }
    }

    private static float number(String cell) {
        return switch (cell.toLowerCase(Locale.ROOT)) { // NumPy and C write nan and inf
            case "", "nan", "-nan" -> Float.NaN;
            case "inf", "+inf" -> Float.POSITIVE_INFINITY;
            case "-inf" -> Float.NEGATIVE_INFINITY;
            default -> Float.parseFloat(cell);
        };
    }

    /// Whether a line has words and no number: one with both is a damaged row, which must not be skipped.
    private static boolean isHeader(String line) {
        boolean words = false;
        for (String cell : line.split(",", -1)) {
            try {
                number(cell.strip());
                if (!cell.isBlank()) {
                    return false;
                }
            } catch (NumberFormatException e) {
                words = true;
            }
        }
        return words;
    }

    /// Writes a matrix in the format that the ending says; metadata goes into safetensors files only.
    ///
    /// @throws FormatException if the ending is none of the three
    /// @throws IOException     if the file can't be written
    public static void write(Path file, Tensor matrix, Map<String, String> metadata) throws IOException {
        switch (ending(file)) {
            case "safetensors" -> Safetensors.write(file, Map.of(LOGITS, matrix), metadata);
            case "npy" -> Npy.write(file, matrix);
            case "csv" -> {
                StringBuilder text = new StringBuilder();
                for (int row = 0; row < matrix.size(0); row++) {
                    float[] values = matrix.select(0, row).toFloats();
                    for (int c = 0; c < values.length; c++) {
                        text.append(c == 0 ? "" : ",").append(values[c]);
                    }
                    text.append('\n');
                }
                AtomicFile.write(file, text.toString().getBytes(StandardCharsets.UTF_8));
            }
            default -> throw unknown(file);
        }
    }
}
