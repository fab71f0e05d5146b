package dev.retort.bench.reproduce.papers;

import dev.retort.bench.report.Document;
import dev.retort.bench.report.LineChart;
import dev.retort.bench.report.Statistics;
import dev.retort.bench.reproduce.Cell;
import dev.retort.bench.reproduce.CellRun;
import dev.retort.bench.reproduce.Experiment;
import dev.retort.bench.reproduce.Grid;
import dev.retort.bench.reproduce.Size;
import dev.retort.bench.reproduce.Tables;
import dev.retort.distill.Distilled;
import dev.retort.distill.compare.DataSplit;
import dev.retort.distill.estimate.Confidence;
import dev.retort.distill.teacher.Fingerprint;
import dev.retort.nn.Layer;
import dev.retort.nn.data.Dataset;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How much of a teacher goes over to a student that sees only images of another kind? Half of the classes
/// make the task; pools are images of these classes, of the other half, of both kinds of scrambled images,
/// and of a second data set if one is given.
final class OodExperiment implements Experiment {
    private static final String IN = "in-distribution";
    private final PoolExperiment pool;
    private final Pools pools;
    private final List<Cell> cells = new ArrayList<>();

    /// @param foreign a second data set, already in the task's shape, or null
    OodExperiment(ImageTask all, @Nullable Dataset foreign, Size size) {
        pools = Pools.of(all, foreign);
        pool = new PoolExperiment(pools.task(), size, pools.task().scale(size).withPool(images(size)));
        String labels = size == Size.FULL ? "5000" : size == Size.SMALL ? "1000" : "500";
        add(labels, "none", "labels");
        add(labels, "labelled images", "blind");
        for (String source : pools.names()) {
            add(labels, source, "blind");
            boolean first = source.equals(IN) || source.equals(pools.names().get(1));
            if (size == Size.FULL || (size == Size.SMALL && first)) {
                add(labels, source, "slam");
                add(labels, source, "weighted");
            }
        }
        String far = pools.names().get(1);
        add(labels, far, "blind:n=10");
        if (size != Size.QUICK) {
            rest(labels, far, size);
        }
    }

    private static int images(Size size) {
        // Half of the classes leave half of the images.
        return switch (size) {
            case QUICK -> 1000;
            case SMALL -> 3000;
            case FULL -> 20000;
        };
    }

    private void rest(String labels, String far, Size size) {
        for (int n : size == Size.FULL ? new int[] {1, 5, 50, 100} : new int[] {50}) {
            add(labels, far, "blind:n=" + n);
        }
        for (String source : List.of(IN, far)) {
            add(labels, source, "blind:temperature=4");
            for (String student : pools.task().residualStudents()) {
                cells.add(Cell.of(
                        "part", "student", "labels", labels, "pool", source, "method", "blind", "student", student));
            }
        }
    }

    private void add(String labels, String source, String method) {
        cells.add(Cell.of("part", "pool", "labels", labels, "pool", source, "method", method));
    }

    @Override
    public String name() {
        return "ood";
    }

    @Override
    public String title() {
        return "Distillation on images of another kind (" + pool.task().name() + ")";
    }

    @Override
    public Map<String, String> configuration() {
        Map<String, String> words = new LinkedHashMap<>(pool.configuration());
        words.put("pools", String.join(", ", pools.names()));
        Dataset foreign = pools.foreign();
        if (foreign != null) {
            words.put("second data set", foreign.size() + " images, contents " + Fingerprint.of(foreign));
        }
        return words;
    }

    @Override
    public List<Cell> cells() {
        return List.copyOf(cells);
    }

    @Override
    public int seeds() {
        return pool.scale().seeds();
    }

    @Override
    public Map<String, Double> run(Cell cell, long seed, CellRun run) throws IOException {
        PoolTrial trial = pool.trial(cell, seed, run);
        Layer teacher = trial.teacher();
        DataSplit data = trial.data();
        String source = cell.get("pool");
        Dataset images = switch (source) {
            case "none", IN -> data.pool();
            case "labelled images" -> data.labelled();
            default -> pools.draw(source, data.pool(), pool.scale().pool(), seed);
        };
        PoolTrial own = trial.with(new DataSplit(data.labelled(), images, data.validation(), data.test()));
        Distilled student = own.distil(own.cached(teacher), pool.method(cell), pool.student(cell));
        Map<String, Double> metrics = own.judge(student, teacher);
        metrics.put("rarest_class", rarest(own.predictions(teacher, images).confidence()));
        return metrics;
    }

    /// Share of the class that the teacher sees least often in the pool: what it never says can't be learnt.
    private static double rarest(Confidence said) {
        int[] counts = new int[said.classes()];
        for (int i = 0; i < said.size(); i++) {
            counts[said.top(i)]++;
        }
        int least = said.size();
        for (int count : counts) {
            least = Math.min(least, count);
        }
        return (double) least / said.size();
    }

    @Override
    public void report(Grid results, Document document) {
        List<Cell> all = results.cells(cell -> cell.is("part", "pool"));
        List<Cell> plain = all.stream()
                .filter(cell -> cell.is("method", "blind") || cell.is("method", "labels"))
                .toList();
        document.heading("How much of the teacher goes over");
        document.paragraph(
                "Students that copy the teacher's answers to a pool (blind), with as many steps each; \"labels\""
                        + " is a student of the labelled images without a teacher. The last column is the share of the class that"
                        + " the teacher sees least often in the pool.");
        pools(document, results, plain);
        document.paragraph(Tables.verdict(results, plain, "accuracy", OodExperiment::label));
        List<Cell> methods = all.stream()
                .filter(cell -> List.of("blind", "slam", "weighted").contains(cell.get("method")))
                .filter(cell -> !cell.is("pool", "labelled images"))
                .toList();
        if (methods.stream().anyMatch(cell -> cell.is("method", "slam"))) {
            document.heading("Label mixing and weights on such pools");
            document.paragraph(
                    "These two also see the labelled images with their labels, and trust the teacher as far as"
                            + " it can be trusted on images of the right kind.");
            Tables.shares(document, results, "pool", methods, "method", "accuracy");
        }
        String far = pools.names().get(1);
        fineTuning(document, results, far);
        document.heading("Temperature and architecture");
        List<Cell> others = results.cells(cell -> cell.is("part", "student")
                || cell.is("method", "blind:temperature=4")
                || (cell.is("part", "pool")
                        && cell.is("method", "blind")
                        && (cell.is("pool", IN) || cell.is("pool", far))));
        PoolReport.named(document, results, others, "accuracy");
    }

    private static String label(Cell cell) {
        return cell.get("pool") + " (" + cell.get("method") + ")";
    }

    private static void pools(Document document, Grid results, List<Cell> cells) {
        Cell baseline =
                cells.stream().filter(cell -> cell.is("pool", IN)).findFirst().orElse(cells.getFirst());
        List<List<String>> rows = new ArrayList<>();
        for (Cell cell : cells) {
            rows.add(List.of(
                    label(cell),
                    Tables.share(results.metric(cell, "accuracy")),
                    Tables.share(results.metric(cell, "agreement")),
                    cell.equals(baseline) ? "" : Tables.points(results.paired(cell, baseline, "accuracy")),
                    Tables.share(results.metric(cell, "rarest_class"))));
        }
        rows.add(List.of("teacher", Tables.share(results.metric(baseline, "teacher_accuracy")), "", "", ""));
        document.table(
                List.of("pool (method)", "accuracy", "agrees with teacher", "points against " + IN, "rarest class"),
                rows,
                -1);
    }

    private static void fineTuning(Document document, Grid results, String far) {
        List<Cell> tuned =
                results.cells(cell -> cell.is("pool", far) && cell.get("method").startsWith("blind:n="));
        Cell blind = results.cells(
                        cell -> cell.is("part", "pool") && cell.is("pool", far) && cell.is("method", "blind"))
                .getFirst();
        document.heading("Fine-tuning with a few images of the right kind");
        document.paragraph("After the blind phase on " + far
                + ", n images a class, the teacher's answers to them, a tenth" + " of the learning rate.");
        List<Cell> all = new ArrayList<>(List.of(blind));
        tuned.stream().sorted((a, b) -> Integer.compare(images(a), images(b))).forEach(all::add);
        PoolReport.named(document, results, all, "accuracy");
        double[] n = all.stream().mapToDouble(OodExperiment::images).toArray();
        double[] accuracy = all.stream()
                .mapToDouble(cell -> 100 * Statistics.mean(results.metric(cell, "accuracy")))
                .toArray();
        double[] half = all.stream()
                .mapToDouble(cell -> 100 * Statistics.halfWidth(results.metric(cell, "accuracy")))
                .map(width -> Double.isFinite(width) ? width : 0)
                .toArray();
        document.plot(
                "fine-tuning",
                new LineChart("images a class", "accuracy, %")
                        .add(new LineChart.Series("blind + fine-tune", n, accuracy, half)),
                "Accuracy over the number of fine-tuning images a class; 0 is blind distillation alone.");
    }

    private static int images(Cell cell) {
        String method = cell.get("method");
        return method.startsWith("blind:n=") ? Integer.parseInt(method.substring("blind:n=".length())) : 0;
    }
}
