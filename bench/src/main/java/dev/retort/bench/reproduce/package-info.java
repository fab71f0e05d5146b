/// `retort reproduce`: experiments as grids of (cell, seed) runs that survive being killed.
///
/// An experiment is an [dev.retort.bench.reproduce.Experiment]: its cells, how one run of a cell is done,
/// and what is read out of the results. [dev.retort.bench.reproduce.Reproduction] does the rest: it runs
/// what is not done yet (seed by seed, one atomic JSON file a run), shows progress with the time left, and
/// writes `results.json`, `results.csv`, `results.md`, `report.html` and `plots/*.svg`.
///
/// ```java
/// @Command(name = "rad", description = "…")
/// public final class RadCommand implements Callable<Integer> {
///     @Spec private CommandSpec spec;
///     @Mixin private ReproduceOptions options;
///
///     @Override
///     public Integer call() throws IOException {
///         return Reproduction.run(new RadExperiment(options.size()), options, spec.commandLine().getOut());
///     }
/// }
/// ```
///
/// The command is registered in the subcommands of [dev.retort.bench.reproduce.ReproduceCommand]. In
/// [dev.retort.bench.reproduce.Experiment#report] the results come as a
/// [dev.retort.bench.reproduce.Grid], whose comparisons are paired by seed, and go into a
/// [dev.retort.bench.report.Document]; [dev.retort.bench.reproduce.Tables] makes the usual tables.
@NullMarked
package dev.retort.bench.reproduce;

import org.jspecify.annotations.NullMarked;
