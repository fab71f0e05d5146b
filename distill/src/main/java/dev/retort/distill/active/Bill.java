package dev.retort.distill.active;

import dev.retort.distill.teacher.Price;
import java.math.BigDecimal;

/// What a teacher was asked in one run, at its price.
///
/// @param validation samples asked about to judge the teacher
/// @param pool       samples asked about for their labels
/// @param requests   questions that these samples came in
/// @param price      of a sample and of a question
public record Bill(int validation, int pool, int requests, Price price) {
    /// Samples asked about.
    public int rows() {
        return validation + pool;
    }

    /// Money spent; 0 if everything is free.
    public BigDecimal amount() {
        return price.of(rows(), requests);
    }

    /// The same with more.
    Bill plus(int moreValidation, int morePool, int moreRequests) {
        return new Bill(validation + moreValidation, pool + morePool, requests + moreRequests, price);
    }
}
