package dev.retort.distill.remote;

import dev.retort.distill.TrainingStopped;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.teacher.Fingerprint;
import dev.retort.distill.teacher.Teacher;
import dev.retort.distill.teacher.TeacherQuery;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// A remote teacher behind a journal: no label is bought twice, none is lost, and the budget holds.
///
/// ```java
/// try (PaidTeacher teacher = PaidTeacher.open(endpoint, "gpt-x 2026-03", Path.of("labels.journal"),
///         Limits.rows(5_000).withPrice(Price.perRow("0.002", "EUR"), "10"))) {
///     ActiveDistillation.with(teacher, students)…
/// }
/// ```
///
/// Samples whose answer is in the journal cost nothing. Others are asked for in batches; each attempt is
/// written down, with its price, before it leaves, and gives its price back only if it surely was not
/// charged. So the sum of what the service charges never exceeds the budget, whatever fails and whenever
/// the process dies. A request that was cut off is sent again first, whole and with the same id, which a
/// service that knows such ids charges once. Not thread-safe.
public final class PaidTeacher implements Teacher, AutoCloseable {
    private static final long LOOK = 50_000_000;

    /// Waits; replaced in tests.
    interface Clock {
        /// Nanoseconds since some moment.
        long now();

        /// Waits, no longer than until `stop` says true.
        void sleep(Duration pause, BooleanSupplier stop) throws InterruptedException;
    }

    private static final Clock REAL = new Clock() {
        @Override
        public long now() {
            return System.nanoTime();
        }

        @Override
        public void sleep(Duration pause, BooleanSupplier stop) throws InterruptedException {
            long due = now() + pause.toNanos();
            for (long left = pause.toNanos(); left > 0 && !stop.getAsBoolean(); left = due - now()) {
                Thread.sleep(Duration.ofNanos(Math.min(left, LOOK)));
            }
        }
    };

    private final Endpoint endpoint;
    private final String fingerprint;
    private final LabelJournal journal;
    private final Limits limits;
    private final Clock clock;
    private final int classes;
    private BooleanSupplier stop = () -> false;
    private boolean started;
    private long last;

    PaidTeacher(Endpoint endpoint, String fingerprint, LabelJournal journal, Limits limits, Clock clock, int classes) {
        this.endpoint = endpoint;
        this.fingerprint = fingerprint;
        this.journal = journal;
        this.limits = limits;
        this.clock = clock;
        this.classes = classes;
    }

    /// Opens the journal.
    ///
    /// @param teacher what identifies the teacher's answers: name and version of its model
    /// @throws IllegalStateException if the journal is in use, or that of another teacher
    /// @throws IOException           if it can't be read
    public static PaidTeacher open(Endpoint endpoint, String teacher, Path journal, Limits limits) throws IOException {
        return open(endpoint, teacher, journal, limits, 0);
    }

    /// Opens the journal of a teacher that must answer with so many logits: the first answer with another number
    /// is the last that is paid for.
    ///
    /// @param teacher what identifies the teacher's answers: name and version of its model
    /// @param classes L; 0 if the first answer decides
    /// @throws IllegalStateException if the journal is in use, that of another teacher, or has answers of another
    ///                               number of classes
    /// @throws IOException           if it can't be read
    public static PaidTeacher open(Endpoint endpoint, String teacher, Path journal, Limits limits, int classes)
            throws IOException {
        String fingerprint = Fingerprint.of("remote", teacher);
        LabelJournal known = LabelJournal.open(journal, fingerprint);
        if (classes != 0 && known.classes() != 0 && known.classes() != classes) {
            known.close();
            throw new IllegalStateException("paid teacher: expected answers of " + classes + " classes in " + journal
                    + ", got " + known.classes());
        }
        return new PaidTeacher(endpoint, fingerprint, known, limits, REAL, classes);
    }

    /// The same teacher, which asks nothing more once `wish` says true: an answer that is under way is waited for and
    /// kept, pauses end, and instead of the next request [#answer] throws [TrainingStopped].
    ///
    /// @param wish asked before each request and some twenty times a second of a pause
    public PaidTeacher stoppedBy(BooleanSupplier wish) {
        stop = wish;
        return this;
    }

    @Override
    public String fingerprint() {
        return fingerprint;
    }

    /// What was spent so far, by earlier processes too.
    public Spending spending() {
        return journal.spending();
    }

    /// The logits of the samples, bought where they are not there yet.
    ///
    /// @throws IllegalArgumentException if other taps than the logits are asked for
    /// @throws TeacherUnavailable       if attempts or budget are used up; what came before is kept
    /// @throws TrainingStopped          if it was to stop, see [#stoppedBy]; what came before is kept
    @Override
    public Map<Tap, Tensor> answer(TeacherQuery query) {
        if (!query.taps().equals(Set.of(Tap.LOGITS))) {
            throw new IllegalArgumentException(
                    "paid teacher: expected a question about logits, got taps " + query.taps());
        }
        String dataset = query.augmentation().equals(TeacherQuery.NONE)
                ? query.dataset()
                : query.dataset() + " as " + query.augmentation();
        try {
            Tensor inputs = null;
            for (int[] batch = next(dataset, query.indices()); batch.length > 0; ) {
                inputs = inputs == null ? query.inputs().get() : inputs;
                buy(request(dataset, batch, query.indices(), inputs));
                batch = next(dataset, query.indices());
            }
            return Map.of(Tap.LOGITS, journal.get(dataset, query.indices()));
        } catch (IOException e) {
            throw new UncheckedIOException("paid teacher: cannot write " + journal.path(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw TeacherUnavailable.because("paid teacher: interrupted while it waited for an answer", e);
        }
    }

    /// The samples of the next request: one that was cut off, if all its samples are wanted, else the first
    /// ones that are missing; none if nothing is.
    private int[] next(String dataset, int[] indices) {
        Set<Integer> missing = new HashSet<>();
        List<Integer> order = new ArrayList<>();
        for (int index : indices) {
            if (!journal.has(dataset, index) && missing.add(index)) {
                order.add(index);
            }
        }
        for (LabelJournal.Sent sent : journal.unanswered()) {
            if (sent.dataset().equals(dataset) && Arrays.stream(sent.indices()).allMatch(missing::contains)) {
                return sent.indices();
            }
        }
        return order.stream().limit(limits.batch()).mapToInt(Integer::intValue).toArray();
    }

    private LabelRequest request(String dataset, int[] batch, int[] all, Tensor inputs) {
        long[] rows = new long[batch.length];
        for (int i = 0; i < rows.length; i++) {
            int wanted = batch[i];
            int at = 0;
            while (all[at] != wanted) {
                at++;
            }
            rows[i] = at;
        }
        String id = Fingerprint.of(fingerprint, dataset, Arrays.toString(batch));
        return new LabelRequest(id, dataset, batch, inputs.indexSelect(0, Tensor.of(rows)));
    }

    private void buy(LabelRequest whole) throws IOException, InterruptedException {
        LabelRequest request = whole;
        for (int attempt = 1; ; attempt++) {
            BigDecimal amount = amount(request);
            if (!fits(request, amount)) {
                request = attempt == 1 ? shortened(request) : request;
                amount = amount(request);
                requireFits(request, amount);
            }
            keepRate();
            if (stop.getAsBoolean()) {
                throw new TrainingStopped(
                        "questions to the paid teacher", journal.spending().requests(), journal.path());
            }
            journal.sent(request, amount, isFree(request));
            try {
                journal.answered(request, checked(request, endpoint.label(request)));
                return;
            } catch (EndpointException e) {
                if (!e.kind().isCharged()) {
                    journal.released(request.id());
                }
                boolean tooLong = e.pause().compareTo(limits.longest()) > 0;
                boolean again = e.kind().isWorthRepeating() && attempt < limits.attempts() && !tooLong;
                if (!again) {
                    throw TeacherUnavailable.because(
                            "paid teacher: no answer for " + request.size() + " samples of " + request.dataset()
                                    + " after " + attempt + (attempt == 1 ? " attempt: " : " attempts: ")
                                    + e.getMessage()
                                    + (tooLong ? pauses(e.pause()) : ""),
                            e);
                }
                Duration own = limits.pause(attempt, ThreadLocalRandom.current().nextDouble());
                clock.sleep(own.compareTo(e.pause()) < 0 ? e.pause() : own, stop);
            }
        }
    }

    private String pauses(Duration wanted) {
        return "; it asks for a pause of " + seconds(wanted) + " seconds, and " + seconds(limits.longest())
                + " is the longest that is waited: try again later";
    }

    private static String seconds(Duration time) {
        return BigDecimal.valueOf(time.toMillis(), 3).stripTrailingZeros().toPlainString();
    }

    /// What an attempt costs: nothing more for a request that counts as paid already, if the service
    /// charges such a request once.
    private BigDecimal amount(LabelRequest request) {
        return isFree(request) ? BigDecimal.ZERO : limits.price().of(request.size(), 1);
    }

    private boolean isFree(LabelRequest request) {
        return endpoint.chargesOnce() && journal.isOpen(request.id());
    }

    private boolean fits(LabelRequest request, BigDecimal amount) {
        Spending spent = journal.spending();
        long rows = isFree(request) ? 0 : request.size();
        boolean affordable =
                limits.price().isFree() || spent.amount().add(amount).compareTo(limits.amount()) <= 0;
        return spent.rows() + rows <= limits.rows() && affordable;
    }

    /// As many of the first samples as the budget still covers; the whole request if it covers none.
    private LabelRequest shortened(LabelRequest request) {
        for (int size = request.size() - 1; size > 0; size--) {
            int[] some = Arrays.copyOf(request.indices(), size);
            String id = Fingerprint.of(fingerprint, request.dataset(), Arrays.toString(some));
            LabelRequest shorter = new LabelRequest(
                    id, request.dataset(), some, request.inputs().narrow(0, 0, size));
            if (fits(shorter, amount(shorter))) {
                return shorter;
            }
        }
        return request;
    }

    private void requireFits(LabelRequest request, BigDecimal amount) {
        if (!fits(request, amount)) {
            Spending spent = journal.spending();
            String samples = limits.rows() > Integer.MAX_VALUE ? "" : limits.rows() + " samples";
            String money = limits.price().isFree()
                    ? ""
                    : limits.amount() + " " + limits.price().currency();
            throw TeacherUnavailable.overBudget("paid teacher: the budget of " + samples
                    + (samples.isEmpty() || money.isEmpty() ? "" : " and ") + money
                    + " does not cover " + request.size() + " more; spent " + spent.rows() + " samples, "
                    + spent.amount() + " " + limits.price().currency() + ", of which " + spent.unsure()
                    + " samples were never answered");
        }
    }

    private void keepRate() throws InterruptedException {
        if (limits.perSecond() > 0 && started) {
            long due = last + (long) (1e9 / limits.perSecond());
            long left = due - clock.now();
            if (left > 0) {
                clock.sleep(Duration.ofNanos(left), stop);
            }
        }
        started = true;
        last = clock.now();
    }

    /// The rows of an answer that is one.
    private float[][] checked(LabelRequest request, @Nullable Tensor logits) throws EndpointException {
        if (logits == null || logits.rank() != 2 || logits.size(0) != request.size() || logits.size(1) < 2) {
            throw unusable(
                    "expected logits [" + request.size() + ", L], got " + (logits == null ? "nothing" : logits.type()));
        }
        int width = logits.size(1);
        if (classes != 0 && width != classes) { // it would answer so again, for money
            throw TeacherUnavailable.because(
                    "paid teacher: expected answers of " + classes + " classes, got " + width,
                    unusable("another number of classes"));
        }
        if (journal.classes() != 0 && width != journal.classes()) {
            throw unusable("expected " + journal.classes() + " classes as before, got " + width);
        }
        float[] values = logits.toFloats();
        float[][] rows = new float[request.size()][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = Arrays.copyOfRange(values, i * width, (i + 1) * width);
            for (float value : rows[i]) {
                if (!Float.isFinite(value)) {
                    throw unusable("expected finite logits, got " + value + " for sample " + request.indices()[i]);
                }
            }
        }
        return rows;
    }

    private static EndpointException unusable(String message) {
        return new EndpointException(EndpointException.Kind.UNUSABLE, message);
    }

    /// Closes the journal.
    @Override
    public void close() throws IOException {
        journal.close();
    }
}
