package dev.retort.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Compiles the Java examples of the pages in `docs`: each page is a class, each block a method, and what blocks
/// take as given are fields. The pages that show how to add an op or a method have tests of their own.
class DocsExamplesTest {
    private static final Map<String, String> GIVEN = given();

    @TempDir
    private Path folder;

    private static Map<String, String> given() {
        Map<String, String> given = new LinkedHashMap<>();
        given.put("active-distillation", "Dataset labelled, pool, validation, test;");
        given.put("gpu", "Tensor loss, x, y; Layer model; SmallCnn.Config config; Batch batch; Optimizer optimizer;");
        given.put("laurel", "");
        given.put(
                "models",
                "Rng rng; Tensor ids; Tokenizer tokenizer; java.io.PrintStream out; Path path; Layer network; Gpt2 model;");
        return given;
    }

    @Test
    void compile() throws Exception {
        StringBuilder source = new StringBuilder("""
                import dev.retort.autograd.*;
                import dev.retort.distill.active.*;
                import dev.retort.distill.method.*;
                import dev.retort.distill.remote.*;
                import dev.retort.distill.select.*;
                import dev.retort.distill.teacher.*;
                import dev.retort.nn.*;
                import dev.retort.nn.data.*;
                import dev.retort.nn.generate.*;
                import dev.retort.nn.inference.*;
                import dev.retort.nn.inspect.*;
                import dev.retort.nn.loss.*;
                import dev.retort.nn.models.*;
                import dev.retort.nn.optim.*;
                import dev.retort.nn.residual.*;
                import dev.retort.nn.text.*;
                import dev.retort.nn.train.*;
                import dev.retort.nn.transformer.*;
                import dev.retort.tensor.*;
                import dev.retort.tensor.io.*;
                import java.net.URI;
                import java.nio.file.Path;
                import java.util.List;
                """);
        int pages = 0;
        for (Map.Entry<String, String> page : GIVEN.entrySet()) {
            String text = Files.readString(docs().resolve(page.getKey() + ".md"));
            Matcher block = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(text);
            source.append("class Page" + pages++ + " { " + page.getValue() + "\n");
            int blocks = 0;
            while (block.find()) {
                source.append("void block" + blocks++ + "() throws Exception {\n" + block.group(1) + "}\n");
            }
            source.append("}\n");
            assertThat(blocks).as("Java blocks in " + page.getKey()).isPositive();
        }
        Path file = folder.resolve("Examples.java");
        Files.writeString(file, source);

        ByteArrayOutputStream errors = new ByteArrayOutputStream();
        int failed = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        null,
                        errors,
                        "-cp",
                        System.getProperty("java.class.path"),
                        "-d",
                        folder.toString(),
                        file.toString());
        assertThat(failed).as(errors.toString(StandardCharsets.UTF_8)).isZero();
    }

    private static Path docs() {
        Path here = Path.of("").toAbsolutePath();
        return Files.exists(here.resolve("README.md")) ? here.resolve("docs") : here.resolveSibling("docs");
    }
}
