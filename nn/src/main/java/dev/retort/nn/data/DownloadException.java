package dev.retort.nn.data;

import java.io.IOException;

/// Thrown when a file could not be fetched from any of its sources. The message names each source with
/// what went wrong, the place where the file belongs, and other ways to get it.
public class DownloadException extends IOException {
    private static final long serialVersionUID = 1L;

    /// An exception with the given message.
    public DownloadException(String message) {
        super(message);
    }
}
