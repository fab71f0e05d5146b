package dev.retort.bench.peers.duel;

import dev.retort.bench.peers.DuelSettings;
import dev.retort.bench.peers.ParentWatch;
import dev.retort.bench.peers.Skipped;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.global.torch;
import tools.jackson.databind.json.JsonMapper;

/// Main class of the measuring process: measures the rows of one kind and writes a line a result on
/// the standard output, `@@KIND JSON`.
public final class Duel {
    private static final JsonMapper JSON = JsonMapper.shared();

    private Duel() {}

    /// Runs what the first argument names: `duel` with the settings as JSON, `startup` with the
    /// seconds, or `memory` with the figure and the network.
    public static void main(String[] arguments) {
        ParentWatch.start();
        switch (arguments[0]) {
            case "duel" -> duel(JSON.readValue(arguments[1], DuelSettings.class));
            case "startup" -> TrainingRows.startup(Double.parseDouble(arguments[1]));
            case "memory" -> {
                TrainingRows.Workload work = TrainingRows.Workload.valueOf(arguments[2]);
                Measuring.threads(1);
                System.out.println("@@number " + MemoryRun.measure(arguments[1], work));
            }
            default -> throw new IllegalArgumentException("duel: expects duel, startup or memory, got " + arguments[0]);
        }
        System.out.flush();
        System.exit(0); // native worker threads may not end by themselves
    }

    private static void duel(DuelSettings settings) {
        emit("fact", Map.of("peer", "libtorch " + version() + " with MKL and oneDNN, OpenBLAS 0.3.31"));
        Measuring measuring = new Measuring(settings);
        for (Contest contest : rows(settings.group())) {
            if (contest.name().contains(settings.only()) && (contest.quick() || !settings.quick())) {
                measure(measuring, contest);
            }
        }
    }

    private static List<Contest> rows(String group) {
        return switch (group) {
            case "gemm" -> GemmRows.all();
            case "conv" -> ConvRows.all();
            case "pointwise" -> PointwiseRows.all();
            case "attention" -> AttentionRows.all();
            case "training" -> TrainingRows.all();
            case "inference" -> InferenceRows.all();
            default -> throw new IllegalArgumentException("duel: no rows '" + group + "'");
        };
    }

    private static void measure(Measuring measuring, Contest contest) {
        try {
            measuring.measure(contest, row -> emit("row", row));
        } catch (OutOfMemoryError e) {
            emit(
                    "skipped",
                    new Skipped(
                            contest.name(),
                            0,
                            "needs a larger heap than " + (Runtime.getRuntime().maxMemory() >> 20)
                                    + " MiB: give --heap"));
        } catch (RuntimeException e) {
            emit("skipped", new Skipped(contest.name(), 0, String.valueOf(e.getMessage())));
        }
    }

    private static String version() {
        String config = torch.show_config().getString();
        int at = config.indexOf("TORCH_VERSION=");
        return at < 0 ? "" : config.substring(at + 14, config.indexOf(',', at));
    }

    private static void emit(String kind, Object result) {
        System.out.println("@@" + kind + " " + JSON.writeValueAsString(result));
        System.out.flush();
    }
}
