package dev.retort.bench.standards;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.BlockTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ReturnTree;
import com.sun.source.tree.StatementTree;
import com.sun.source.tree.SwitchExpressionTree;
import com.sun.source.tree.SwitchTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.TreeScanner;
import dev.retort.bench.standards.SourceTree.Source;
import dev.retort.bench.standards.SourceTree.Syntax;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import javax.lang.model.element.Modifier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// House rules that a compiler does not know: sizes, names, and words that mark unfinished work.
class CodeStandardsTest {
    private static final int FILE = 600;
    private static final int METHOD = 40;
    private static final int KERNEL_METHOD = 80;

    /// A register tile names each of its vectors; its length is the size of the tile, not a choice.
    private static final int TILE_METHOD = 100;

    /// Written in pieces, so that this file does not match itself.
    private static final Pattern UNFINISHED = Pattern.compile(String.join(
            "|", "TO" + "DO", "FIX" + "ME", "\\bXX" + "X\\b", "(?i:not (yet )?imple" + "mented)", "@Dis" + "abled"));

    private static final Pattern VAGUE_TYPE =
            Pattern.compile(".*(Impl|Util|Utils|Manager|Helper)|(Abstract|Base)[A-Z].*");
    private static final Pattern VAGUE_PACKAGE = Pattern.compile("^package .*\\b(util|utils|common|misc|helper)\\b");

    /// A system property of ours under any other name than `dev.retort.…`.
    private static final Pattern STRAY_PROPERTY = Pattern.compile(
            "(-D|(get|set|clear)(Property|Integer|Boolean|Long)\\(\"|" + "named = \")retort\\.(?!test\\.flags)");

    private static List<Source> sources;
    private static Syntax syntax;

    @BeforeAll
    static void read() throws IOException {
        sources = SourceTree.sources();
        syntax = SourceTree.parse(sources);
    }

    private static List<String> linesThat(Predicate<Source> files, Predicate<String> wrong) {
        List<String> found = new ArrayList<>();
        for (Source source : sources) {
            for (int i = 0; files.test(source) && i < source.lines().size(); i++) {
                if (wrong.test(source.lines().get(i))) {
                    found.add(source.path() + ":" + (i + 1) + ": "
                            + source.lines().get(i).strip());
                }
            }
        }
        return found;
    }

    private static boolean isKernel(Source source) {
        return source.isIn("dev.retort.tensor.cpu") || source.isIn("dev.retort.opencl");
    }

    @Test
    void nothingIsMarkedUnfinished() {
        assertThat(linesThat(_ -> true, line -> UNFINISHED.matcher(line).find()))
                .isEmpty();
    }

    @Test
    void systemPropertiesHaveOnePrefix() {
        assertThat(linesThat(_ -> true, line -> STRAY_PROPERTY.matcher(line).find()))
                .isEmpty();
    }

    @Test
    void packagesSayWhatTheyHold() {
        assertThat(linesThat(_ -> true, line -> VAGUE_PACKAGE.matcher(line).find()))
                .isEmpty();
    }

    @Test
    void packagesAreNullMarkedAndDescribed() {
        for (Source source : sources) {
            if (!source.isTest() && source.isNamed("package-info.java")) {
                assertThat(source.lines()).as(source.path().toString()).anyMatch(line -> line.contains("NullMarked"));
                assertThat(source.lines().getFirst())
                        .as(source.path().toString())
                        .startsWith("///");
            }
        }
        List<String> without = sources.stream()
                .filter(source -> !source.isTest() && !source.isNamed("module-info.java"))
                .map(source -> source.path().getParent())
                .distinct()
                .filter(folder -> sources.stream().noneMatch(s -> s.path().equals(folder.resolve("package-info.java"))))
                .map(Object::toString)
                .toList();
        assertThat(without).isEmpty();
    }

    @Test
    void filesAreShort() {
        List<String> tooLong = sources.stream()
                .filter(source -> !source.isTest() && source.lines().size() > FILE)
                .map(source -> source.path() + ": " + source.lines().size() + " lines")
                .toList();
        assertThat(tooLong).isEmpty();
    }

    @Test
    void typeNamesSayWhatTheTypeIs() {
        List<String> vague = new ArrayList<>();
        for (CompilationUnitTree tree : syntax.trees()) {
            for (Tree type : tree.getTypeDecls()) {
                if (type instanceof ClassTree named
                        && VAGUE_TYPE.matcher(named.getSimpleName()).matches()) {
                    vague.add(named.getSimpleName().toString());
                }
            }
        }
        assertThat(vague).isEmpty();
    }

    @Test
    void publicTypesAndMethodsAreDocumented() {
        List<String> silent = new ArrayList<>();
        forEachMainTree((source, tree) -> new Undocumented(source, silent).scan(tree, null));
        assertThat(silent).isEmpty();
    }

    @Test
    void methodsAreShort() {
        List<String> tooLong = new ArrayList<>();
        forEachMainTree((source, tree) -> new LongMethods(source, tree, tooLong).scan(tree, null));
        assertThat(tooLong).isEmpty();
    }

    private static void forEachMainTree(BiConsumer<Source, CompilationUnitTree> visitor) {
        for (int i = 0; i < sources.size(); i++) {
            if (!sources.get(i).isTest()) {
                visitor.accept(sources.get(i), syntax.trees().get(i));
            }
        }
    }

    /// Finds public members of public types that have no documentation comment.
    private static final class Undocumented extends TreePathScanner<Void, Void> {
        private final Source source;
        private final List<String> found;

        Undocumented(Source source, List<String> found) {
            this.source = source;
            this.found = found;
        }

        @Override
        public Void visitClass(ClassTree type, Void unused) {
            if (type.getModifiers().getFlags().contains(Modifier.PUBLIC)) {
                check(type.getSimpleName());
            }
            return super.visitClass(type, unused);
        }

        @Override
        public Void visitMethod(MethodTree method, Void unused) {
            ClassTree type = (ClassTree) getCurrentPath().getParentPath().getLeaf();
            boolean contract = type.getKind() == Tree.Kind.INTERFACE;
            boolean open = method.getModifiers().getFlags().contains(Modifier.PUBLIC)
                    || contract && !method.getModifiers().getFlags().contains(Modifier.PRIVATE);
            boolean overrides = method.getModifiers().getAnnotations().stream()
                    .anyMatch(a -> a.getAnnotationType().toString().equals("Override"));
            // The components of a record are documented on the record.
            boolean ofRecord =
                    type.getKind() == Tree.Kind.RECORD && method.getName().contentEquals("<init>");
            boolean inOpenType = type.getModifiers().getFlags().contains(Modifier.PUBLIC);
            if (inOpenType && open && !overrides && !ofRecord) {
                check(type.getSimpleName() + "." + method.getName());
            }
            return null;
        }

        private void check(CharSequence name) {
            if (syntax.docs().getDocComment(getCurrentPath()) == null) {
                found.add(source.path() + ": " + name);
            }
        }
    }

    /// Finds methods over the budget; a method that is one switch is a table, and may have as many lines
    /// as it needs.
    private static final class LongMethods extends TreeScanner<Void, Void> {
        private final Source source;
        private final CompilationUnitTree file;
        private final List<String> found;

        LongMethods(Source source, CompilationUnitTree file, List<String> found) {
            this.source = source;
            this.file = file;
            this.found = found;
        }

        @Override
        public Void visitMethod(MethodTree method, Void unused) {
            int lines = syntax.lines(file, method);
            if (lines > budget(method) && !isTable(method.getBody())) {
                found.add(source.path() + ": " + method.getName() + " has " + lines + " lines");
            }
            return super.visitMethod(method, unused);
        }

        private int budget(MethodTree method) {
            if (source.isIn("dev.retort.tensor.cpu.simd")
                    && method.getName().toString().matches("tile\\d+")) {
                return TILE_METHOD;
            }
            return isKernel(source) ? KERNEL_METHOD : METHOD;
        }

        private static boolean isTable(BlockTree body) {
            StatementTree last = body.getStatements().getLast();
            return last instanceof SwitchTree
                    || last instanceof ReturnTree result && result.getExpression() instanceof SwitchExpressionTree;
        }
    }
}
