package dev.retort.bench.reproduce.papers;

import dev.retort.bench.Terminal;
import dev.retort.bench.data.ImageSource;
import dev.retort.bench.distill.DownloadBar;
import java.io.IOException;
import picocli.CommandLine.Option;

/// Where the pictures of an experiment come from.
final class PaperOptions {
    @Option(
            names = "--data",
            paramLabel = "SOURCE",
            defaultValue = "embedded",
            description = "embedded, fashion-mnist (all 70,000 images), or a folder of IDX, CIFAR, JPEG-pack or image"
                    + " files (default: ${DEFAULT-VALUE}).")
    private String data = "embedded";

    ImageTask task() throws IOException {
        return ImageTask.of(open(data).open());
    }

    static ImageSource open(String text) {
        return ImageSource.parse(text, new DownloadBar(Terminal.progressBar()));
    }
}
