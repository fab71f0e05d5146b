package dev.retort.nn.data;

import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.InputFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/// Decodes PNG, JPEG, BMP and GIF (first frame) with the JDK's `javax.imageio`.
///
/// Needs the module `java.desktop`: there on the class path; on the module path it must be required by
/// somebody or added with `--add-modules java.desktop`. No display is needed.
public final class ImageFiles {
    private ImageFiles() {}

    /// Whether the name of a file ends as one of the formats that are read.
    public static boolean isImage(Path file) {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        return name.matches("[^.].*\\.(png|jpg|jpeg|bmp|gif)");
    }

    /// Decodes a file to `channels` channels; see [#decode].
    ///
    /// @throws FormatException       if the file is damaged, or of another format
    /// @throws IOException           if the file is missing or cannot be read
    /// @throws IllegalStateException if the Java runtime has no module `java.desktop`
    public static Picture read(Path file, int channels) throws IOException {
        return decode(InputFile.bytes(file), file.toString(), channels);
    }

    /// Decodes an image to 1 channel (grey; of colours the luma 0.299 R + 0.587 G + 0.114 B) or 3 (red,
    /// green, blue). Transparency is dropped. `name` is for messages.
    ///
    /// @throws FormatException          if the bytes are damaged, or of another format
    /// @throws IllegalArgumentException if `channels` is not 1 or 3
    /// @throws IllegalStateException    if the Java runtime has no module `java.desktop`
    public static Picture decode(byte[] encoded, String name, int channels) throws FormatException {
        if (channels != 1 && channels != 3) {
            throw new IllegalArgumentException("image: expects 1 or 3 channels, got " + channels);
        }
        requireDesktop();
        return ImageDecoder.decode(encoded, name, channels);
    }

    private static void requireDesktop() {
        if (ModuleLayer.boot().findModule("java.desktop").isEmpty()) {
            throw new IllegalStateException("image: expects the Java module java.desktop, which decodes PNG and JPEG:"
                    + " use a full Java runtime, or --add-modules java.desktop; IDX and CIFAR files need neither");
        }
    }
}
