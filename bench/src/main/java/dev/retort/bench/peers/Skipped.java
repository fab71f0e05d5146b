package dev.retort.bench.peers;

/// A row that was not measured, and why.
public record Skipped(String name, int threads, String reason) {}
