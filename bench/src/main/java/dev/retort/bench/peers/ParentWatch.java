package dev.retort.bench.peers;

import java.io.IOException;
import java.io.InputStream;

/// Ends a measuring process whose parent has gone, be it by `kill -9`: the parent holds the other end of its
/// standard input, and never writes.
public final class ParentWatch {
    private ParentWatch() {}

    /// Begins to watch; the thread sleeps in the system until the end and costs the measurement nothing.
    public static void start() {
        start(System.in, () -> Runtime.getRuntime().halt(1));
    }

    static void start(InputStream fromParent, Runnable end) {
        Thread.ofPlatform().daemon().name("parent-watch").start(() -> {
            awaitEnd(fromParent);
            end.run();
        });
    }

    private static void awaitEnd(InputStream fromParent) {
        try {
            while (fromParent.read() >= 0) {
                continue;
            }
        } catch (IOException e) {
            return; // no parent either
        }
    }
}
