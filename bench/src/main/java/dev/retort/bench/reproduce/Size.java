package dev.retort.bench.reproduce;

/// How much of an experiment is run.
public enum Size {
    /// Under five minutes on two cores: does it run, and do the results point the right way?
    QUICK,
    /// At most four hours on two cores: a sharp small table with intervals.
    SMALL,
    /// For bigger machines: full data sets, more cells, more seeds.
    FULL;

    /// Lower case, as on the command line.
    @Override
    public String toString() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
