package dev.retort.distill.remote;

import dev.retort.distill.teacher.Price;
import java.math.BigDecimal;
import java.time.Duration;

/// How a remote teacher is asked, and how much it may cost.
///
/// The pause before attempt k + 1 is `min(longest, first · 2ᵏ⁻¹) · (1 − jitter · u)` with u uniform on [0,
/// 1), and no shorter than the service asked for.
///
/// @param batch     most samples in one request, at least 1
/// @param attempts  at a request, at least 1
/// @param first     first pause
/// @param longest   longest pause; a service that asks for more is given up
/// @param jitter    in [0, 1]
/// @param perSecond most requests a second; 0 for no limit
/// @param rows      most samples that are ever paid for
/// @param amount    most money that is ever paid
/// @param price     what a sample and a request cost
public record Limits(
        int batch,
        int attempts,
        Duration first,
        Duration longest,
        double jitter,
        double perSecond,
        long rows,
        BigDecimal amount,
        Price price) {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming what is out of range
    public Limits {
        if (batch < 1 || attempts < 1 || rows < 0 || amount.signum() < 0) {
            throw new IllegalArgumentException("limits: expected at least one sample a batch, one attempt and no"
                    + " negative budget, got batch " + batch + ", attempts " + attempts + ", rows " + rows
                    + ", amount " + amount);
        }
        if (first.isNegative() || longest.compareTo(first) < 0) {
            throw new IllegalArgumentException(
                    "limits: expected pauses from 0 up, got first " + first + ", longest " + longest);
        }
        if (!(jitter >= 0 && jitter <= 1) || !(perSecond >= 0)) {
            throw new IllegalArgumentException("limits: expected a jitter in [0, 1] and a rate of at least 0, got "
                    + jitter + " and " + perSecond);
        }
    }

    /// A budget of samples that cost nothing: batches of 32, 5 attempts, pauses from half a second to a
    /// minute with jitter ½, no limit on the rate.
    public static Limits rows(long rows) {
        return new Limits(
                32, 5, Duration.ofMillis(500), Duration.ofMinutes(1), 0.5, 0, rows, BigDecimal.ZERO, Price.FREE);
    }

    /// The same with a price and a most amount of money, such as `withPrice(Price.perRow("0.002", "EUR"),
    /// "20")`.
    ///
    /// @throws IllegalArgumentException if `most` is no decimal number, or negative
    public Limits withPrice(Price newPrice, String most) {
        return new Limits(batch, attempts, first, longest, jitter, perSecond, rows, Price.amount(most), newPrice);
    }

    /// The same with other requests.
    public Limits withRequests(int newBatch, int newAttempts, double newPerSecond) {
        return new Limits(newBatch, newAttempts, first, longest, jitter, newPerSecond, rows, amount, price);
    }

    /// The same with other pauses.
    public Limits withPauses(Duration newFirst, Duration newLongest, double newJitter) {
        return new Limits(batch, attempts, newFirst, newLongest, newJitter, perSecond, rows, amount, price);
    }

    /// The pause after attempt `attempt`, from 1, before what the service asks for.
    ///
    /// @param draw u, in [0, 1)
    Duration pause(int attempt, double draw) {
        double seconds = Math.min(seconds(longest), seconds(first) * Math.pow(2, attempt - 1));
        return Duration.ofNanos((long) (1e9 * seconds * (1 - jitter * draw)));
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }
}
