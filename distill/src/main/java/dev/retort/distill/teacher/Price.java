package dev.retort.distill.teacher;

import java.math.BigDecimal;

/// What a teacher's answers cost; exact decimal amounts.
///
/// @param perRow     for each sample, at least 0
/// @param perRequest for each request, however many samples it has, at least 0
/// @param currency   name of the unit, such as `EUR`
public record Price(BigDecimal perRow, BigDecimal perRequest, String currency) {
    /// Nothing.
    public static final Price FREE = new Price(BigDecimal.ZERO, BigDecimal.ZERO, "");

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if an amount is negative
    public Price {
        if (perRow.signum() < 0 || perRequest.signum() < 0) {
            throw new IllegalArgumentException(
                    "price: expected amounts of at least 0, got " + perRow + " a row and " + perRequest + " a request");
        }
    }

    /// An amount a sample, such as `Price.perRow("0.002", "EUR")`.
    ///
    /// @throws NumberFormatException if the amount is no decimal number
    public static Price perRow(String amount, String currency) {
        return new Price(new BigDecimal(amount), BigDecimal.ZERO, currency);
    }

    /// What that many samples in that many requests cost.
    public BigDecimal of(long rows, long requests) {
        return perRow.multiply(BigDecimal.valueOf(rows)).add(perRequest.multiply(BigDecimal.valueOf(requests)));
    }

    /// Whether everything is free.
    public boolean isFree() {
        return perRow.signum() == 0 && perRequest.signum() == 0;
    }
}
