package dev.retort.bench.reproduce.laurel;

import dev.retort.bench.reproduce.CellRun;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/// One of the things that models with different residual connections are trained for.
sealed interface Task permits LanguageTask, VisionTask, CostTask {
    /// The model that is one block deeper instead of having other connections.
    String DEEPER = "deeper";

    /// Short name.
    String name();

    /// Everything that results depend on beside model and seed.
    Map<String, String> configuration();

    /// The models: `plain`, [#DEEPER], and residual specifications.
    List<String> models();

    /// Trains or measures one model.
    Map<String, Double> run(String model, long seed, CellRun run) throws IOException;
}
