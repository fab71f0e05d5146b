package dev.retort.distill.remote;

import java.math.BigDecimal;

/// What a remote teacher has cost, attempts included of which nobody knows whether they were charged.
///
/// @param rows     samples paid for
/// @param amount   money paid
/// @param requests attempts paid for
/// @param unsure   samples of these whose answer never came
public record Spending(long rows, BigDecimal amount, long requests, long unsure) {
    /// Nothing yet.
    static final Spending NONE = new Spending(0, BigDecimal.ZERO, 0, 0);

    Spending plus(long moreRows, BigDecimal more, long moreRequests, long moreUnsure) {
        return new Spending(rows + moreRows, amount.add(more), requests + moreRequests, unsure + moreUnsure);
    }
}
