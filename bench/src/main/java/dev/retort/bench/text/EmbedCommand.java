package dev.retort.bench.text;

import dev.retort.bench.CommandException;
import dev.retort.bench.OutputFile;
import dev.retort.bench.Terminal;
import dev.retort.bench.ThreadsOption;
import dev.retort.bench.distill.DownloadBar;
import dev.retort.nn.text.SentenceEncoder;
import dev.retort.nn.train.ProgressBar;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.AtomicFile;
import dev.retort.tensor.io.InputFile;
import dev.retort.tensor.io.Npy;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/// `retort embed`: sentence embeddings of texts, and search by meaning.
@Command(
        name = "embed",
        description = {
            "Sentence embeddings with all-MiniLM-L6-v2, and search by meaning over the lines of a file.",
            "Example: retort embed --search \"how do I return a book\" --in faq.txt --top 5"
        })
public final class EmbedCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private final ThreadsOption threads = new ThreadsOption();

    @Parameters(arity = "0..*", paramLabel = "TEXT", description = "Texts to embed.")
    private List<String> texts = List.of();

    @Option(names = "--in", paramLabel = "FILE", description = "A text file; each line that is not blank is a text.")
    private @Nullable Path in;

    @Option(names = "--search", paramLabel = "QUERY", description = "Show the texts that are nearest to this one.")
    private @Nullable String search;

    @Option(names = "--top", defaultValue = "5", description = "Texts shown by a search (default: ${DEFAULT-VALUE}).")
    private int top;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "Write embeddings to FILE.json, .csv or .npy (default: JSON on the standard output).")
    private @Nullable Path out;

    @Option(names = "--json", description = "Print the results of a search as JSON.")
    private boolean json;

    @Option(
            names = "--weights",
            paramLabel = "FILE",
            description =
                    "The jar with the model (default: Maven's local repository, the cache, or a download of 83 MB).")
    private @Nullable Path weights;

    @Override
    public Integer call() throws Exception {
        if (spec == null) {
            throw new IllegalStateException("embed: run by picocli, which fills these in");
        }
        checkOptions();
        List<String> all = texts();
        PrintWriter printer = spec.commandLine().getOut();
        String query = search;
        if (query == null) {
            write(printer, all, embeddings(all));
        } else {
            print(printer, hits(all, query));
        }
        return 0;
    }

    /// Before the work is done, not after.
    private void checkOptions() throws IOException {
        String name = out == null ? ".json" : out.getFileName().toString();
        if (!name.endsWith(".npy") && !name.endsWith(".csv") && !name.endsWith(".json")) {
            throw new CommandException("embed: expects --out with the ending .json, .csv or .npy, got " + name);
        }
        if (top < 1) {
            throw new CommandException("--top: expected at least 1, got " + top);
        }
        if (search != null && out != null) {
            throw new CommandException("embed: expects either --search or --out, got both");
        }
        if (out != null) {
            OutputFile.check(out, in);
        }
    }

    private Tensor embeddings(List<String> all) throws IOException {
        try (ProgressBar bar = Terminal.progressBar()) {
            SentenceEncoder encoder = MiniLm.load(jar(bar)).encoder();
            bar.start("embed", all.size(), "texts");
            return encoder.embed(all, n -> bar.advance(n, ""));
        }
    }

    private List<EmbeddingIndex.Hit> hits(List<String> all, String query) throws IOException {
        try (ProgressBar bar = Terminal.progressBar()) {
            Path jar = jar(bar);
            SentenceEncoder encoder = MiniLm.load(jar).encoder();
            String model = weights == null ? MiniLm.SHA256 : weights + "@" + Files.getLastModifiedTime(jar);
            bar.start("embed", all.size(), "texts");
            EmbeddingIndex index = EmbeddingIndex.of(encoder, model, all, n -> bar.advance(n, ""));
            return index.search(encoder.embed(List.of(query)), top);
        }
    }

    private Path jar(ProgressBar bar) throws IOException {
        return weights == null ? MiniLm.jar(new DownloadBar(bar)) : weights;
    }

    private List<String> texts() throws IOException {
        List<String> all = new ArrayList<>(texts);
        if (in != null) {
            InputFile.text(in).lines().filter(line -> !line.isBlank()).forEach(all::add);
        }
        if (all.isEmpty()) {
            throw new CommandException(
                    "embed: expects texts as arguments, or a file with lines that are not blank" + " with --in");
        }
        return all;
    }

    private void print(PrintWriter printer, List<EmbeddingIndex.Hit> hits) {
        if (json) {
            printer.println(JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(hits));
            return;
        }
        for (EmbeddingIndex.Hit hit : hits) {
            printer.printf(Locale.ROOT, "%.3f  %6d  %s%n", hit.score(), hit.number(), hit.text());
        }
    }

    private void write(PrintWriter printer, List<String> all, Tensor embeddings) throws IOException {
        String name = out == null ? ".json" : out.getFileName().toString();
        if (out != null && name.endsWith(".npy")) {
            Npy.write(out, embeddings);
            return;
        }
        String content = name.endsWith(".csv") ? csv(embeddings) : json(all, embeddings);
        if (out == null) {
            printer.println(content);
        } else {
            AtomicFile.write(out, content.getBytes(StandardCharsets.UTF_8));
        }
    }

    private static String csv(Tensor embeddings) {
        float[] values = embeddings.toFloats();
        int width = embeddings.size(1);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < values.length; i++) {
            text.append(values[i]).append(i % width == width - 1 ? '\n' : ',');
        }
        return text.toString();
    }

    private static String json(List<String> all, Tensor embeddings) {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("text", all.get(i));
            row.put("embedding", embeddings.select(0, i).toFloats());
            rows.add(row);
        }
        return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(rows);
    }
}
