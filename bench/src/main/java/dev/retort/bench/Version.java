package dev.retort.bench;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/// The version of this build, as Maven wrote it.
public final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() throws IOException {
        return new String[] {"retort " + number()};
    }

    /// The bare version, such as `1.0.0`.
    public static String number() throws IOException {
        try (InputStream in = Version.class.getResourceAsStream("version.properties")) {
            if (in == null) {
                throw new IOException("version.properties is not on the class path: build with ./retort build");
            }
            Properties properties = new Properties();
            properties.load(in);
            return properties.getProperty("version");
        }
    }

    /// The commit of the sources that run, with `-dirty` behind it if a tracked file differs from it or a
    /// source is not tracked; `unknown` outside of a git checkout. The `retort` script looks it up after it
    /// has built.
    public static String commit() {
        String commit = System.getProperty("dev.retort.commit", "");
        return commit.isEmpty() ? "unknown" : commit;
    }
}
