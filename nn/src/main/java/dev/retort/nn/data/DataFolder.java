package dev.retort.nn.data;

import dev.retort.tensor.Shape;
import dev.retort.tensor.io.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// A folder of images in any of the formats of this package, told apart by the names of the files:
///
/// | format | files |
/// | --- | --- |
/// | IDX | `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-…`, plain or `.gz` |
/// | CIFAR-10 | `data_batch_1.bin` … and `test_batch.bin` |
/// | CIFAR-100 | `train.bin` and `test.bin` |
/// | JPEG pack | `train.jpk` and `test.jpk` |
/// | image folder | `train/CLASS/*.png` and `test/CLASS/*.png`, or `CLASS/*.png` |
///
/// IDX files and JPEG packs have numbers for classes; a text file `classes.txt` beside them, one name a line
/// in the order of the numbers, names them.
///
/// @param format what was found, as in the table
/// @param train  the training images
/// @param test   the test images; empty if the folder has no such part
public record DataFolder(String format, Dataset train, Optional<Dataset> test) {
    /// Reads a folder.
    ///
    /// @throws FormatException if it is a file, or the folder holds none of the formats, a damaged file, or
    ///                         test images of another size or with classes that the training images lack; the
    ///                         message names the file
    /// @throws IOException     if the folder is missing or cannot be read
    public static DataFolder open(Path folder) throws IOException {
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new FormatException(
                    "data: " + folder + ": expects a folder of IDX, CIFAR, JPEG-pack or image files, got a file");
        }
        if (!Files.isDirectory(folder)) {
            throw new NotDirectoryException(folder.toString());
        }
        if (idx(folder, "train-images", 3).isPresent()) {
            return idxFolder(folder);
        }
        List<Path> batches = cifarBatches(folder);
        if (!batches.isEmpty()) {
            Optional<Path> test = existing(folder, "test_batch.bin");
            return of("CIFAR-10", Cifar.read10(batches), test, file -> Cifar.read10(List.of(file)));
        }
        if (Files.exists(folder.resolve("train.bin"))) {
            Dataset train = Cifar.read100(List.of(folder.resolve("train.bin")));
            Optional<Path> test = existing(folder, "test.bin");
            return of("CIFAR-100", train, test, file -> Cifar.read100(List.of(file)));
        }
        if (Files.exists(folder.resolve("train.jpk"))) {
            ImageDataset train = named(folder, JpegPack.read(folder.resolve("train.jpk"), List.of()));
            Optional<Path> test = existing(folder, "test.jpk");
            return of("JPEG pack", train, test, file -> named(folder, JpegPack.read(file, List.of())));
        }
        return imageFolder(folder);
    }

    /// The images with the names that a file of the folder gives their classes.
    private static ImageDataset named(Path folder, ImageDataset images) throws IOException {
        List<String> names = ClassNames.in(folder, images.labels());
        return names.isEmpty() ? images : images.withClassNames(names);
    }

    /// Reads one part of a data set.
    @FunctionalInterface
    private interface Reader {
        Dataset read(Path file) throws IOException;
    }

    /// Both parts, of which the second lies in one file.
    private static DataFolder of(String format, Dataset train, Optional<Path> file, Reader reader) throws IOException {
        if (file.isEmpty()) {
            return new DataFolder(format, train, Optional.empty());
        }
        Dataset test = reader.read(file.get());
        requireSameKind(train, test, file.get(), file.get());
        return new DataFolder(format, train, Optional.of(test));
    }

    /// A network that is trained on one part is judged on the other: what does not fit is said before it is trained.
    private static void requireSameKind(Dataset train, Dataset test, Path images, Path labels) throws FormatException {
        Shape wanted = train.get(0).input().shape();
        Shape got = test.get(0).input().shape();
        if (!got.equals(wanted)) {
            throw new FormatException(
                    "data: " + images + ": expects images of " + wanted + " as in the training part, got " + got);
        }
        int classes = Math.max(
                train.classNames().size(),
                1 + Arrays.stream(train.labels()).max().orElse(-1));
        for (int i = 0; i < test.size(); i++) {
            if (test.label(i) >= classes) {
                throw new FormatException("data: " + labels + ": expects labels below " + classes
                        + ", the classes of the training part, got " + test.label(i) + " at index " + i);
            }
        }
    }

    private static Optional<Path> existing(Path folder, String... names) {
        return Stream.of(names).map(folder::resolve).filter(Files::exists).findFirst();
    }

    /// IDX files go by two names: with a hyphen or a dot before `idx`.
    private static Optional<Path> idx(Path folder, String name, int rank) {
        String hyphen = name + "-idx" + rank + "-ubyte";
        String dot = name + ".idx" + rank + "-ubyte";
        return existing(folder, hyphen + ".gz", hyphen, dot + ".gz", dot);
    }

    private static DataFolder idxFolder(Path folder) throws IOException {
        Dataset train = idxPart(folder, "train");
        Optional<Path> images = idx(folder, "t10k-images", 3);
        Optional<Path> labels = idx(folder, "t10k-labels", 1);
        if (images.isEmpty()) {
            return new DataFolder("IDX", train, Optional.empty());
        }
        Dataset test = idxPart(folder, "t10k");
        requireSameKind(train, test, images.get(), labels.orElseThrow());
        return new DataFolder("IDX", train, Optional.of(test));
    }

    private static Dataset idxPart(Path folder, String part) throws IOException {
        Optional<Path> images = idx(folder, part + "-images", 3);
        Optional<Path> labels = idx(folder, part + "-labels", 1);
        if (images.isEmpty() || labels.isEmpty()) {
            throw new FormatException("idx: " + folder + ": expects " + part + "-images-idx3-ubyte and " + part
                    + "-labels-idx1-ubyte, plain or .gz, got only one of them");
        }
        return named(folder, Idx.read(images.get(), labels.get(), List.of()));
    }

    private static List<Path> cifarBatches(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().matches("data_batch_\\d+\\.bin"))
                    .sorted()
                    .toList();
        }
    }

    private static DataFolder imageFolder(Path folder) throws IOException {
        Path train = folder.resolve("train");
        if (!Files.isDirectory(train)) {
            return new DataFolder("image folder", openImages(folder), Optional.empty());
        }
        ImageFolder images = ImageFolder.open(train);
        Path test = folder.resolve("test");
        if (!Files.isDirectory(test)) {
            return new DataFolder("image folder", images, Optional.empty());
        }
        Sample first = images.get(0);
        ImageFolder tests = ImageFolder.open(
                test,
                first.input().size(0),
                first.input().size(1),
                first.input().size(2));
        if (!tests.classNames().equals(images.classNames())) {
            throw new FormatException("image folder: " + test + ": expects the classes " + images.classNames()
                    + ", got " + tests.classNames());
        }
        return new DataFolder("image folder", images, Optional.of(tests));
    }

    private static ImageFolder openImages(Path folder) throws IOException {
        try {
            return ImageFolder.open(folder);
        } catch (FormatException e) {
            List<String> names = new ArrayList<>();
            try (Stream<Path> files = Files.list(folder)) {
                files.limit(5).forEach(file -> names.add(file.getFileName().toString()));
            }
            throw new FormatException(
                    "data: " + folder + ": expects IDX files, CIFAR .bin files, .jpk packs, or a"
                            + " folder of images for each class, got " + names + ": " + e.getMessage(),
                    e);
        }
    }
}
