package dev.retort.bench.data;

import dev.retort.bench.CommandException;
import dev.retort.distill.teacher.Fingerprint;
import dev.retort.nn.data.DataFolder;
import dev.retort.nn.data.Download;
import dev.retort.nn.data.FashionMnist;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/// Where the pictures of an experiment come from.
public sealed interface ImageSource {
    /// Reads the pictures.
    ///
    /// @throws IOException if they are missing or damaged; the message says how to get them
    DataFolder open() throws IOException;

    /// The subset inside this program.
    record Embedded() implements ImageSource {
        @Override
        public DataFolder open() throws IOException {
            return EmbeddedFashion.open();
        }
    }

    /// All 60,000 + 10,000 images: the installed Debian package, the cache, or a download.
    ///
    /// @param progress told of downloaded bytes
    record WholeFashionMnist(Download.Progress progress) implements ImageSource {
        @Override
        public DataFolder open() throws IOException {
            FashionMnist source = FashionMnist.standard(progress);
            return new DataFolder("Fashion-MNIST", source.train(), Optional.of(source.test()));
        }
    }

    /// A folder of IDX, CIFAR, JPEG-pack or image files.
    ///
    /// @param path the folder
    record Folder(Path path) implements ImageSource {
        @Override
        public DataFolder open() throws IOException {
            return DataFolder.open(path);
        }
    }

    /// A short name of the contents, by which other pictures of the same format and number are told from these:
    /// [Fingerprint]s of the training part and of the test part, if there is one.
    static String contents(DataFolder data) {
        String train = Fingerprint.of(data.train());
        return data.test()
                .map(test -> Fingerprint.of(train, Fingerprint.of(test)))
                .orElse(train);
    }

    /// What `--data` says: `embedded`, `fashion-mnist`, or a folder.
    static ImageSource parse(String text, Download.Progress progress) {
        return switch (text) {
            case "embedded" -> new Embedded();
            case "fashion-mnist" -> new WholeFashionMnist(progress);
            default -> new Folder(path(text));
        };
    }

    private static Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new CommandException(
                    "data: expected embedded, fashion-mnist or a folder, got '" + text + "': " + e.getReason(), e);
        }
    }
}
