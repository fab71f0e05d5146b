package dev.retort.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.tensor.io.Safetensors;
import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Compiles the Java example of the README as a user would, and runs it on the embedded pictures, with fewer passes.
class ReadmeExampleTest {
    private static final String EPOCHS = "withEpochs(20)";

    @TempDir
    private Path folder;

    @Test
    void compilesAndTrainsAStudent() throws Exception {
        Matcher block = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(readme()));
        assertThat(block.find()).as("a Java block in README.md").isTrue();
        assertThat(block.group(1)).contains(EPOCHS);
        Path source = folder.resolve("Example.java");
        Files.writeString(source, block.group(1).replace(EPOCHS, "withEpochs(2)"));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        int failed = compiler.run(
                null,
                null,
                null,
                "-cp",
                System.getProperty("java.class.path"),
                "-d",
                folder.toString(),
                source.toString());
        assertThat(failed).isZero();

        Path data = Files.createDirectory(folder.resolve("data"));
        for (String part : new String[] {"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"}) {
            try (InputStream in = getClass().getResourceAsStream("data/fashion-mnist-subset/" + part)) {
                Files.copy(in, data.resolve(part));
            }
        }
        Path student = folder.resolve("student.safetensors");
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
            loader.loadClass("Example").getMethod("main", String[].class).invoke(null, (Object)
                    new String[] {data.toString(), student.toString()});
        }

        assertThat(Safetensors.read(student)).containsKey("linear.weight");
    }

    private static Path readme() {
        Path here = Path.of("").toAbsolutePath();
        return Files.exists(here.resolve("README.md")) ? here.resolve("README.md") : here.resolveSibling("README.md");
    }
}
