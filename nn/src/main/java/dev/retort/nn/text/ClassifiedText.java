package dev.retort.nn.text;

import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Sample;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.InputFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;

/// Texts with classes, as tokens `I64` `[T]` that are cut or filled up to one length.
///
/// A file has one text a line, a tab, and the class (as SST-2's); classes are numbered in their order, as
/// numbers if all are integers.
public final class ClassifiedText implements Dataset {
    private final List<String> texts;
    private final int[] labels;
    private final List<String> classNames;
    private final int[][] tokens;
    private final int padding;
    private final int length;

    private ClassifiedText(
            List<String> texts, int[] labels, List<String> classNames, int[][] tokens, int padding, int length) {
        this.texts = texts;
        this.labels = labels;
        this.classNames = classNames;
        this.tokens = tokens;
        this.padding = padding;
        this.length = length;
    }

    /// Reads a file of `TEXT TAB CLASS` lines.
    ///
    /// @param length  tokens of a sample, those of the tokenizer's template among them
    /// @param padding token that fills up short texts
    /// @throws FormatException if a line has not two fields; the message gives it
    /// @throws IOException     if the file is missing or cannot be read
    public static ClassifiedText readTsv(Path path, Tokenizer tokenizer, int length, int padding) throws IOException {
        List<String> texts = new ArrayList<>();
        List<String> classes = new ArrayList<>();
        List<String> lines = InputFile.lines(path);
        for (int i = 0; i < lines.size(); i++) {
            int tab = lines.get(i).lastIndexOf('\t');
            if (lines.get(i).isBlank()) {
                continue;
            }
            if (tab < 0 || tab == lines.get(i).length() - 1) {
                throw new FormatException("text: " + path + ": line " + (i + 1)
                        + ": expects a text, a tab and a class, got no " + (tab < 0 ? "tab" : "class"));
            }
            texts.add(lines.get(i).substring(0, tab));
            classes.add(lines.get(i).substring(tab + 1).strip());
        }
        return of(texts, classes, tokenizer, length, padding);
    }

    private static ClassifiedText of(
            List<String> texts, List<String> classes, Tokenizer tokenizer, int length, int padding) {
        List<String> names = new ArrayList<>(new TreeSet<>(classes));
        if (names.stream().allMatch(name -> name.matches("-?\\d{1,9}"))) {
            names.sort(java.util.Comparator.comparingInt(Integer::parseInt));
        }
        int[] labels = classes.stream().mapToInt(names::indexOf).toArray();
        int[][] tokens = texts.parallelStream()
                .map(text -> tokenizer.encode(text, length).ids())
                .toArray(int[][]::new);
        return new ClassifiedText(texts, labels, names, tokens, padding, length);
    }

    /// The text of a sample.
    public String text(int index) {
        return texts.get(index);
    }

    /// Groups of samples of similar length, `[from, to)` of the order by length; each is as long as its longest
    /// sample needs. For batches with less padding than one length for all.
    public List<ClassifiedText> buckets(int count) {
        Integer[] order = new Integer[size()];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, java.util.Comparator.comparingInt(i -> tokens[i].length));
        List<ClassifiedText> buckets = new ArrayList<>();
        for (int b = 0; b < count; b++) {
            int from = (int) ((long) size() * b / count);
            int to = (int) ((long) size() * (b + 1) / count);
            if (from < to) {
                buckets.add(subset(Arrays.copyOfRange(order, from, to)));
            }
        }
        return buckets;
    }

    private ClassifiedText subset(Integer[] rows) {
        int longest =
                Arrays.stream(rows).mapToInt(row -> tokens[row].length).max().orElse(length);
        return new ClassifiedText(
                Arrays.stream(rows).map(texts::get).toList(),
                Arrays.stream(rows).mapToInt(row -> labels[row]).toArray(),
                classNames,
                Arrays.stream(rows).map(row -> tokens[row]).toArray(int[][]::new),
                padding,
                longest);
    }

    /// Tokens of a sample, padding included.
    public int length() {
        return length;
    }

    @Override
    public int size() {
        return labels.length;
    }

    @Override
    public Sample get(int index) {
        long[] ids = new long[length];
        Arrays.fill(ids, padding);
        int[] own = tokens[index];
        for (int t = 0; t < own.length; t++) {
            ids[t] = own[t];
        }
        return new Sample(Tensor.of(ids), Tensor.of(new long[] {labels[index]}).reshape(Shape.SCALAR));
    }

    @Override
    public long label(int index) {
        return labels[index];
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }
}
