package dev.retort.distill.remote;

import java.time.Duration;

/// An attempt that brought no usable answer.
public final class EndpointException extends Exception {
    private static final long serialVersionUID = 1;

    /// What an attempt may have cost, and whether another one makes sense.
    public enum Kind {
        /// Asked to come back later; not charged.
        BUSY(false, true),
        /// Failed before any work was done; not charged.
        FAILED(false, true),
        /// Nobody knows: the connection broke, or the answer took too long. Taken to be charged.
        UNKNOWN(true, true),
        /// Answered, and charged, with something that is no answer.
        UNUSABLE(true, true),
        /// Will not be answered, however often it is asked; not charged.
        REFUSED(false, false);

        private final boolean charged;
        private final boolean again;

        Kind(boolean charged, boolean again) {
            this.charged = charged;
            this.again = again;
        }

        /// Whether the attempt must be counted as paid.
        public boolean isCharged() {
            return charged;
        }

        /// Whether to try again.
        public boolean isWorthRepeating() {
            return again;
        }
    }

    private final Kind kind;
    private final transient Duration wait;

    /// A failure without a wish for a pause.
    public EndpointException(Kind kind, String message) {
        this(kind, message, Duration.ZERO);
    }

    /// A failure after which the service wants to be left alone for a while.
    public EndpointException(Kind kind, String message, Duration wait) {
        super(message);
        this.kind = kind;
        this.wait = wait;
    }

    /// What happened.
    public Kind kind() {
        return kind;
    }

    /// The least pause before the next attempt.
    public Duration pause() {
        return wait;
    }
}
