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

    private static final int MAX_DIGITS = 18;

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if an amount is negative, or has more than 18 digits before or after
    ///     the point
    public Price {
        if (perRow.signum() < 0 || perRequest.signum() < 0) {
            throw new IllegalArgumentException(
                    "price: expected amounts of at least 0, got " + perRow + " a row and " + perRequest + " a request");
        }
        requireWritable(perRow);
        requireWritable(perRequest);
    }

    /// Amounts are written out in bills: 1e999999999 would fill the memory.
    private static void requireWritable(BigDecimal amount) {
        if (amount.scale() > MAX_DIGITS || (long) amount.precision() - amount.scale() > MAX_DIGITS) {
            throw new IllegalArgumentException(
                    "price: expected at most " + MAX_DIGITS + " digits before and after the point, got " + amount);
        }
    }

    /// An exact amount of money.
    ///
    /// @throws IllegalArgumentException if the text is no decimal number of at most 18 digits before and after
    ///     the point
    public static BigDecimal amount(String text) {
        try {
            BigDecimal amount = new BigDecimal(text);
            requireWritable(amount);
            return amount;
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("price: expected a decimal number such as 0.002, got '" + text + "'", e);
        }
    }

    /// An amount a sample, such as `Price.perRow("0.002", "EUR")`.
    ///
    /// @throws IllegalArgumentException if the amount is no decimal number, negative, or too long to write out
    public static Price perRow(String amount, String currency) {
        return new Price(amount(amount), BigDecimal.ZERO, currency);
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
