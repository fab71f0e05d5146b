package dev.retort.nn.data;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.FormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// Rows of numbers from a CSV file (RFC 4180, UTF-8) whose first line names the columns: some columns are
/// the target, the others the features, as `F32` `[D]`.
public final class CsvDataset implements Dataset {
    private static final Pattern NUMBER = Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");

    private final float[][] features;
    private final List<String> featureNames;
    private final List<String> classNames;
    private final float[][] targets;
    private final boolean classes;

    private CsvDataset(
            float[][] features,
            List<String> featureNames,
            float[][] targets,
            boolean classes,
            List<String> classNames) {
        this.features = features;
        this.featureNames = featureNames;
        this.targets = targets;
        this.classes = classes;
        this.classNames = classNames;
    }

    /// Reads a file for classification: the column `label` holds the names of the classes, which are
    /// numbered in their order (numerical if all are integers, else alphabetical).
    ///
    /// @throws FormatException if the file breaks the format, has no such column, or holds something else
    ///                         than numbers in the other columns; the message gives file, line and column
    /// @throws IOException     if the file is missing or cannot be read
    public static CsvDataset classification(Path path, String label) throws IOException {
        List<Csv.Row> rows = rows(path);
        List<String> header = rows.getFirst().fields();
        int column = column(path, header, label);
        List<Csv.Row> data = rows.subList(1, rows.size());
        List<String> names = classNames(data, column);
        float[][] targets = new float[data.size()][];
        for (int i = 0; i < targets.length; i++) {
            targets[i] = new float[] {names.indexOf(data.get(i).fields().get(column))};
        }
        List<String> inputs = without(header, List.of(label));
        return new CsvDataset(numbers(path, data, header, inputs), inputs, targets, true, names);
    }

    /// Reads a file for regression: the columns `columns` are the target, as `F32` `[K]`.
    ///
    /// @throws FormatException if the file breaks the format, has no such column, or holds something else
    ///                         than numbers; the message gives file, line and column
    /// @throws IOException     if the file is missing or cannot be read
    public static CsvDataset regression(Path path, List<String> columns) throws IOException {
        List<Csv.Row> rows = rows(path);
        List<String> header = rows.getFirst().fields();
        for (String name : columns) {
            column(path, header, name);
        }
        List<Csv.Row> data = rows.subList(1, rows.size());
        List<String> inputs = without(header, columns);
        return new CsvDataset(
                numbers(path, data, header, inputs), inputs, numbers(path, data, header, columns), false, List.of());
    }

    private static List<Csv.Row> rows(Path path) throws IOException {
        List<Csv.Row> rows = Csv.read(path, ',');
        if (rows.size() < 2) {
            throw new FormatException(
                    "csv: " + path + ": expects a line of names and at least one row, got " + rows.size() + " lines");
        }
        List<String> header = rows.getFirst().fields();
        if (header.stream().distinct().count() < header.size()) {
            throw new FormatException(
                    "csv: " + path + ": line " + rows.getFirst().line() + ": expects each name once, got " + header);
        }
        return rows;
    }

    private static int column(Path path, List<String> header, String name) throws FormatException {
        int column = header.indexOf(name);
        if (column < 0) {
            throw new FormatException("csv: " + path + ": expects a column " + name + ", got " + header);
        }
        return column;
    }

    private static List<String> without(List<String> header, List<String> columns) {
        return header.stream().filter(name -> !columns.contains(name)).toList();
    }

    private static List<String> classNames(List<Csv.Row> rows, int column) {
        List<String> names = new ArrayList<>(
                new TreeSet<>(rows.stream().map(row -> row.fields().get(column)).toList()));
        if (names.stream().allMatch(name -> name.matches("-?\\d{1,18}"))) {
            names.sort(Comparator.comparingLong(Long::parseLong));
        }
        return names;
    }

    private static float[][] numbers(Path path, List<Csv.Row> rows, List<String> header, List<String> columns)
            throws FormatException {
        int[] positions = columns.stream().mapToInt(header::indexOf).toArray();
        float[][] numbers = new float[rows.size()][positions.length];
        for (int i = 0; i < numbers.length; i++) {
            for (int k = 0; k < positions.length; k++) {
                String field = rows.get(i).fields().get(positions[k]).strip();
                // The pattern keeps out what Java reads as a number and CSV does not mean: 1f, 0x1p3, NaN.
                numbers[i][k] = NUMBER.matcher(field).matches() ? Float.parseFloat(field) : Float.NaN;
                if (!Float.isFinite(numbers[i][k])) {
                    throw new FormatException(
                            "csv: " + path + ": line " + rows.get(i).line() + ": column " + columns.get(k)
                                    + ": expects a finite number, got \"" + field + "\"");
                }
            }
        }
        return numbers;
    }

    /// The names of the features in their order.
    public List<String> featureNames() {
        return featureNames;
    }

    @Override
    public int size() {
        return features.length;
    }

    @Override
    public Sample get(int index) {
        Objects.checkIndex(index, size());
        float[] row = features[index].clone();
        return classes
                ? Sample.features(row, (long) targets[index][0])
                : new Sample(Tensor.wrap(DType.F32, row), Tensor.of(targets[index]));
    }

    /// The features of all rows as `F32` [N, D]; [Normalize#fit] normalises them.
    public Tensor features() {
        int width = featureNames.size();
        float[] all = new float[size() * width];
        for (int i = 0; i < size(); i++) {
            System.arraycopy(features[i], 0, all, i * width, width);
        }
        return Tensor.wrap(DType.F32, all, size(), width);
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    @Override
    public String toString() {
        return "CSV, " + size() + " rows, features " + featureNames + (classes ? ", classes " + classNames : "");
    }
}
