package dev.retort.bench.reproduce;

import dev.retort.bench.report.Document;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/// A question, as a grid of runs and a way to read their results.
public interface Experiment {
    /// Short name, as on the command line.
    String name();

    /// One line for the report.
    String title();

    /// Everything that results depend on beside cell and seed (data, sizes, models, training), by name. A
    /// folder with results of another configuration is refused.
    Map<String, String> configuration();

    /// The cells, all different, in the order in which each seed runs them.
    List<Cell> cells();

    /// How many seeds there are if the user asks for no number.
    int seeds();

    /// Does one run. Equal arguments must give equal metrics, times apart, whatever ran before.
    ///
    /// @param seed from 1; the runs of one seed are paired
    /// @param run  where to keep checkpoints, and whom to tell
    /// @return the metrics by name; the same names for every seed of a cell
    /// @throws IOException                         if files can't be read or written
    /// @throws dev.retort.distill.TrainingStopped if [CellRun#stopRequested] said so
    Map<String, Double> run(Cell cell, long seed, CellRun run) throws IOException;

    /// Says what came out; called with what is finished, which may be a part of the grid.
    void report(Grid results, Document document);
}
