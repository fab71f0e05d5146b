package dev.retort.bench.reproduce.papers;

import dev.retort.bench.Terminal;
import dev.retort.bench.data.ImageSource;
import dev.retort.bench.distill.DownloadBar;
import dev.retort.nn.data.DataFolder;
import dev.retort.nn.train.ProgressBar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/// Where the pictures of an experiment come from.
final class PaperOptions {
    @Option(
            names = "--data",
            paramLabel = "SOURCE",
            defaultValue = "embedded",
            description = "embedded, fashion-mnist (all 70,000 images), or a folder of IDX, CIFAR, JPEG-pack or image"
                    + " files, or of train.tsv and test.tsv with sentences and classes (default: ${DEFAULT-VALUE}).")
    private String data = "embedded";

    /// The pictures.
    ImageTask images() throws IOException {
        ImageTask task = ImageTask.of(open(data));
        return ImageSource.parse(data, (_, _, _) -> {}) instanceof ImageSource.Folder folder
                ? task.in(folder.path())
                : task;
    }

    /// Pictures, or sentences where the folder has a `train.tsv`.
    PoolTask task() throws IOException {
        boolean text = Files.exists(Path.of(data, "train.tsv"));
        return text ? TextTask.open(Path.of(data)) : images();
    }

    /// The pictures of a source; a download draws its progress, and the bar ends with it.
    static DataFolder open(String text) throws IOException {
        try (ProgressBar bar = Terminal.progressBar()) {
            return ImageSource.parse(text, new DownloadBar(bar)).open();
        }
    }
}
