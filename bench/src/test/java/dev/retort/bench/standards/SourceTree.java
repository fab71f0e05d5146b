package dev.retort.bench.standards;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/// The Java sources of all modules.
final class SourceTree {
    private static final List<String> MODULES = List.of(
            "tensor", "autograd", "nn", "distill", "opencl-kernels", "bench", "bench/peers", "bench/onnxruntime");

    private SourceTree() {}

    /// One source file: its path from the root of the repository, and its lines.
    record Source(Path path, List<String> lines) {
        boolean isTest() {
            return path.toString().contains("/src/test/");
        }

        boolean isNamed(String name) {
            return path.getFileName().toString().equals(name);
        }

        boolean isIn(String packageName) {
            return path.toString().contains("/" + packageName.replace('.', '/') + "/");
        }
    }

    /// Tests run in the folder of their module.
    static Path root() {
        Path here = Path.of("").toAbsolutePath();
        return Files.exists(here.resolve("retort")) ? here : here.getParent();
    }

    /// All sources; a file is read once.
    static List<Source> sources() {
        List<Source> sources = new ArrayList<>();
        for (String module : MODULES) {
            try (Stream<Path> files = Files.walk(root().resolve(module).resolve("src"))) {
                for (Path file : files.filter(f -> f.toString().endsWith(".java"))
                        .sorted()
                        .toList()) {
                    sources.add(new Source(root().relativize(file), Files.readAllLines(file)));
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return sources;
    }

    /// Syntax trees in the order of the sources, with access to comments and positions.
    record Syntax(List<CompilationUnitTree> trees, DocTrees docs) {
        int lines(CompilationUnitTree file, Tree tree) {
            return line(file, docs.getSourcePositions().getEndPosition(file, tree))
                    - line(file, docs.getSourcePositions().getStartPosition(file, tree))
                    + 1;
        }

        private static int line(CompilationUnitTree file, long position) {
            return (int) file.getLineMap().getLineNumber(position);
        }
    }

    /// Parses `sources` without resolving any name.
    static Syntax parse(List<Source> sources) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            List<Path> paths = sources.stream()
                    .map(source -> root().resolve(source.path()))
                    .toList();
            JavacTask task = (JavacTask) compiler.getTask(
                    null, files, null, List.of("-proc:none"), null, files.getJavaFileObjectsFromPaths(paths));
            DocTrees docs = DocTrees.instance(task);
            List<CompilationUnitTree> trees = new ArrayList<>();
            task.parse().forEach(trees::add);
            return new Syntax(trees, docs);
        }
    }
}
