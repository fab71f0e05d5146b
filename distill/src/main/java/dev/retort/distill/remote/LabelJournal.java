package dev.retort.distill.remote;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.Json;
import dev.retort.tensor.io.SoleUse;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.math.BigDecimal;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Everything that was bought from one remote teacher, in a file that only grows.
///
/// ```
/// 5d2f0a81 {"journal":"retort labels 1","teacher":"…"}
/// 0c19be44 {"sent":"6f…","dataset":"…","rows":[5,17],"amount":"0.004"}     before a request leaves
/// 93aa0e70 {"answered":"6f…","logits":[[…],[…]]}                           its answers
/// 77b1c2d3 {"released":"6f…"}                                              it was surely not charged
/// ```
///
/// Every line has a checksum and is forced to the disk before anything else happens. So after a kill at
/// any moment an answer that had been handed out is there, and a request whose answer is not there counts
/// as paid, since nobody knows better. A last line that is torn is cut off; damage before whole lines is
/// an error. While a journal is open its file is locked: a second process is refused.
public final class LabelJournal implements AutoCloseable {
    private static final String FORMAT = "retort labels 1";

    private final Path path;
    private final SoleUse use;
    private final RandomAccessFile file;
    private final Map<String, Map<Integer, float[]>> answers = new HashMap<>();
    private final Map<String, Sent> open = new LinkedHashMap<>();
    private Spending spending = Spending.NONE;
    private int classes;
    private boolean broken;

    /// A request that was sent and not answered yet.
    ///
    /// @param id       of the request
    /// @param dataset  identity of the data set
    /// @param indices  its samples
    /// @param attempts at it that count
    record Sent(String id, String dataset, int[] indices, List<Attempt> attempts) {}

    /// @param amount set aside
    /// @param free   whether it repeats a request that counts already, with a service that charges it
    ///               once
    private record Attempt(BigDecimal amount, boolean free) {}

    private LabelJournal(Path path, SoleUse use) throws IOException {
        this.path = path;
        this.use = use;
        // Not a channel: that would be closed by an interrupt, perhaps in the middle of a line.
        file = new RandomAccessFile(path.toFile(), "rw");
    }

    /// Opens a journal, or begins one.
    ///
    /// @param teacher what identifies the teacher's answers; a journal of another one is refused
    /// @throws IllegalStateException if another process or another user in this one has it open, or it is
    ///     that of another teacher
    /// @throws FormatException       if it is damaged before its last line
    /// @throws IOException           if it can't be read or written
    public static LabelJournal open(Path path, String teacher) throws IOException {
        Path folder = path.toAbsolutePath().getParent();
        if (folder != null) {
            Files.createDirectories(folder);
        }
        SoleUse use = SoleUse.of(path.resolveSibling(path.getFileName() + ".lock"));
        if (use == null) {
            throw new IllegalStateException("label journal: expected to be the only user of " + path
                    + ", another process or another teacher of this one has it open");
        }
        LabelJournal journal = null;
        try {
            journal = new LabelJournal(path, use);
            journal.read(teacher);
            return journal;
        } catch (IOException | RuntimeException e) {
            if (journal == null) {
                use.close();
            } else {
                journal.close();
            }
            throw e;
        }
    }

    private void read(String teacher) throws IOException {
        JournalReader lines = new JournalReader(file, path.toString());
        byte[] first = header(teacher);
        long good = 0;
        int line = 1;
        for (byte[] one = lines.next(); one != null; one = lines.next()) {
            if (!JournalLine.isWhole(one)) {
                requireTorn(lines, line);
                break;
            }
            apply(JournalLine.decode(one), teacher, line++);
            good = lines.position();
        }
        if (good == 0) {
            requireOurs(first);
        }
        if (good < file.length()) {
            file.setLength(good);
        }
        file.seek(good);
        if (good == 0) {
            append(first);
            forceName();
        }
    }

    private static byte[] header(String teacher) {
        Map<String, Object> content = new LinkedHashMap<>();
        content.put("journal", FORMAT);
        content.put("teacher", teacher);
        return JournalLine.encode(Json.of(content));
    }

    /// A file without any whole line is a journal that was torn while it began, or else somebody's file
    /// that must not be cut off: it is refused unless each byte is that of the first line, or a zero.
    private void requireOurs(byte[] first) throws IOException {
        file.seek(0);
        byte[] part = new byte[1 << 16];
        long at = 0;
        for (int count = file.read(part); count > 0; count = file.read(part)) {
            for (int i = 0; i < count; i++, at++) {
                if (part[i] != 0 && (at >= first.length || part[i] != first[(int) at])) {
                    throw new FormatException(
                            "label journal: " + path + ": expected a " + FORMAT + ", got something else at byte " + at);
                }
            }
        }
    }

    /// Makes the name of a new file durable; only possible where a folder can be opened as a file.
    private void forceName() {
        Path folder = path.toAbsolutePath().getParent();
        if (folder == null) {
            return;
        }
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            return; // Windows cannot open folders; it journals names itself
        }
    }

    /// Only the end of a file can be torn: behind a broken line there must not be a whole one.
    private void requireTorn(JournalReader behind, int line) throws IOException {
        for (byte[] one = behind.next(); one != null; one = behind.next()) {
            if (JournalLine.isWhole(one)) {
                throw new FormatException("label journal: " + path + ": line " + line
                        + " is damaged, with whole lines behind it; expected its checksum to fit");
            }
        }
    }

    private void apply(Json.Obj content, String teacher, int line) throws FormatException {
        Map<String, Json> members = content.members();
        if (line == 1) {
            String format =
                    members.containsKey("journal") ? content.get("journal").asText() : "none";
            if (!format.equals(FORMAT)) {
                throw new FormatException("label journal: " + path + ": expected a " + FORMAT + ", got " + format);
            }
            String found = content.get("teacher").asText();
            if (!found.equals(teacher)) {
                throw new IllegalStateException(
                        "label journal: expected " + path + " to be of teacher " + teacher + ", it is of " + found);
            }
        } else if (members.containsKey("sent")) {
            List<Json> rows = content.get("rows").asList();
            int[] indices = new int[rows.size()];
            for (int i = 0; i < indices.length; i++) {
                indices[i] = rows.get(i).asInt();
            }
            BigDecimal amount = new BigDecimal(content.get("amount").asText());
            boolean free = members.containsKey("free");
            note(content.get("sent").asText(), content.get("dataset").asText(), indices, new Attempt(amount, free));
        } else if (members.containsKey("answered")) {
            settle(content.get("answered").asText(), rows(content.get("logits").asList()));
        } else {
            forget(content.get("released").asText());
        }
    }

    private static float[][] rows(List<Json> lists) throws FormatException {
        float[][] rows = new float[lists.size()][];
        for (int i = 0; i < rows.length; i++) {
            List<Json> numbers = lists.get(i).asList();
            rows[i] = new float[numbers.size()];
            for (int c = 0; c < rows[i].length; c++) {
                rows[i][c] = (float) numbers.get(c).asDouble();
            }
        }
        return rows;
    }

    private void append(Map<String, ?> content) throws IOException {
        append(JournalLine.encode(Json.of(content)));
    }

    private void append(byte[] line) throws IOException {
        if (broken) {
            throw new IOException("label journal: a line of " + path + " could not be written before; open it again");
        }
        if (line.length > JournalReader.LONGEST) {
            throw new IOException("label journal: " + path + ": expected lines of at most " + JournalReader.LONGEST
                    + " bytes, got " + line.length + "; send smaller requests");
        }
        long end = file.getFilePointer();
        try {
            file.write(line);
            file.getFD().sync();
        } catch (IOException e) {
            broken = true; // a torn line must stay the last one
            file.setLength(end);
            throw e;
        }
    }

    /// Says that a request is about to leave, and sets its amount aside.
    ///
    /// @param free whether this repeats a request that counts as paid, with a service that charges it
    ///             once
    void sent(LabelRequest request, BigDecimal amount, boolean free) throws IOException {
        Map<String, Object> content = new LinkedHashMap<>();
        content.put("sent", request.id());
        content.put("dataset", request.dataset());
        content.put("rows", request.indices());
        content.put("amount", amount.toPlainString());
        if (free) {
            content.put("free", true);
        }
        append(content);
        note(request.id(), request.dataset(), request.indices(), new Attempt(amount, free));
    }

    private void note(String id, String dataset, int[] indices, Attempt attempt) {
        open.computeIfAbsent(id, _ -> new Sent(id, dataset, indices, new ArrayList<>()))
                .attempts
                .add(attempt);
        int rows = attempt.free ? 0 : indices.length;
        spending = spending.plus(rows, attempt.amount, attempt.free ? 0 : 1, rows);
    }

    /// Keeps the answers of a request.
    void answered(LabelRequest request, float[][] logits) throws IOException {
        append(Map.of("answered", request.id(), "logits", List.of(logits)));
        settle(request.id(), logits);
    }

    private void settle(String id, float[][] logits) throws FormatException {
        Sent sent = open.remove(id);
        if (sent == null || sent.indices.length != logits.length || logits.length == 0) {
            throw new FormatException("label journal: " + path + ": expected answers of a request that was sent, got "
                    + logits.length + " for " + id);
        }
        classes = logits[0].length;
        Map<Integer, float[]> known = answers.computeIfAbsent(sent.dataset, _ -> new HashMap<>());
        for (int i = 0; i < logits.length; i++) {
            known.put(sent.indices[i], logits[i]);
        }
        spending = spending.plus(0, BigDecimal.ZERO, 0, -logits.length);
    }

    /// Gives back what was set aside for the last attempt of a request.
    void released(String id) throws IOException {
        append(Map.of("released", id));
        forget(id);
    }

    private void forget(String id) throws FormatException {
        Sent sent = open.get(id);
        if (sent == null) {
            throw new FormatException("label journal: " + path + ": expected a request that was sent, got " + id);
        }
        Attempt last = sent.attempts.removeLast();
        int rows = last.free ? 0 : sent.indices.length;
        spending = spending.plus(-rows, last.amount.negate(), last.free ? 0 : -1, -rows);
        if (sent.attempts.isEmpty()) {
            open.remove(id);
        }
    }

    /// Whether the answer for a sample is there.
    public boolean has(String dataset, int index) {
        return answers.getOrDefault(dataset, Map.of()).containsKey(index);
    }

    /// The answers for samples, in their order: `F32` [B, L].
    ///
    /// @throws IllegalStateException if one is missing
    public Tensor get(String dataset, int[] indices) {
        Map<Integer, float[]> known = answers.getOrDefault(dataset, Map.of());
        float[] out = new float[indices.length * classes];
        for (int i = 0; i < indices.length; i++) {
            float[] row = known.get(indices[i]);
            if (row == null) {
                throw new IllegalStateException(
                        "label journal: expected an answer for sample " + indices[i] + " of " + dataset + ", got none");
            }
            System.arraycopy(row, 0, out, i * classes, classes);
        }
        return Tensor.wrap(DType.F32, out, indices.length, classes);
    }

    /// Number of classes L of all answers; 0 before the first one.
    public int classes() {
        return classes;
    }

    /// Requests that were sent and never answered.
    Collection<Sent> unanswered() {
        return List.copyOf(open.values());
    }

    /// Whether an attempt at this request counts as paid already.
    boolean isOpen(String id) {
        return open.containsKey(id);
    }

    /// What was spent so far.
    public Spending spending() {
        return spending;
    }

    /// Where it is.
    public Path path() {
        return path;
    }

    /// Closes the file and gives up its lock.
    @Override
    public void close() throws IOException {
        file.close();
        use.close();
    }
}
