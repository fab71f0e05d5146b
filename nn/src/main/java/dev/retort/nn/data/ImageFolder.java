package dev.retort.nn.data;

import dev.retort.tensor.io.FormatException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// Images in folders, one folder a class: `ROOT/cat/001.png`. Classes are numbered in the order of their
/// names.
///
/// Files are decoded when they are asked for, and brought to one size ([Picture#resize]). Hidden files,
/// and files that are not named as images, are left out.
public final class ImageFolder implements Dataset {
    private final List<Path> files;
    private final int[] labels;
    private final List<String> classNames;
    private final int channels;
    private final int height;
    private final int width;

    private ImageFolder(List<Path> files, int[] labels, List<String> classNames, int channels, int height, int width) {
        this.files = files;
        this.labels = labels;
        this.classNames = classNames;
        this.channels = channels;
        this.height = height;
        this.width = width;
    }

    /// Lists a folder whose images become `channels` x `height` x `width`; none is decoded yet.
    ///
    /// @throws FormatException          if there is no class folder, or one without images
    /// @throws IOException              if the folder is missing or cannot be read
    /// @throws IllegalArgumentException if channels is not 1 or 3, or a side is below 1
    public static ImageFolder open(Path root, int channels, int height, int width) throws IOException {
        if (channels != 1 && channels != 3 || height < 1 || width < 1) {
            throw new IllegalArgumentException("image folder: expects 1 or 3 channels and sides from 1, got " + channels
                    + " x " + height + " x " + width);
        }
        List<Path> files = new ArrayList<>();
        List<Integer> labels = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (Path folder : list(root, ImageFolder::isClass)) {
            List<Path> images = list(folder, ImageFiles::isImage);
            if (images.isEmpty()) {
                throw new FormatException("image folder: " + folder + ": expects PNG or JPEG files, got none");
            }
            for (Path image : images) {
                files.add(image);
                labels.add(names.size());
            }
            names.add(folder.getFileName().toString());
        }
        if (names.isEmpty()) {
            throw new FormatException("image folder: " + root + ": expects one folder for each class, got none");
        }
        int[] classes = labels.stream().mapToInt(Integer::intValue).toArray();
        return new ImageFolder(List.copyOf(files), classes, List.copyOf(names), channels, height, width);
    }

    /// Lists a folder whose images become as large as the first of them, in colour.
    ///
    /// @throws FormatException if there is no class folder, one without images, or the first image is
    ///                         damaged
    /// @throws IOException     if the folder is missing or cannot be read
    public static ImageFolder open(Path root) throws IOException {
        ImageFolder folder = open(root, 3, 1, 1);
        Picture first = ImageFiles.read(folder.files.getFirst(), 3);
        return new ImageFolder(folder.files, folder.labels, folder.classNames, 3, first.height(), first.width());
    }

    static boolean isClass(Path folder) {
        return Files.isDirectory(folder) && !folder.getFileName().toString().startsWith(".");
    }

    private static List<Path> list(Path folder, Predicate<Path> wanted) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(wanted).sorted().toList();
        }
    }

    /// The file of the image at `index`.
    public Path file(int index) {
        return files.get(index);
    }

    @Override
    public int size() {
        return labels.length;
    }

    /// The image at `index`, decoded now.
    ///
    /// @throws IndexOutOfBoundsException if the index is not in [0, size)
    /// @throws UncheckedIOException      if the file cannot be read, or is damaged
    @Override
    public Sample get(int index) {
        try {
            Picture picture = ImageFiles.read(files.get(index), channels).resize(height, width);
            return Sample.image(picture.floats(), channels, height, width, labels[index]);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
