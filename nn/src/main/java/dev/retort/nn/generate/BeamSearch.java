package dev.retort.nn.generate;

import dev.retort.nn.generate.Generation.Finish;
import dev.retort.nn.transformer.Decoder;
import dev.retort.nn.transformer.KeyValueCache;
import dev.retort.tensor.Device;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.PriorityQueue;

/// Keeps the most probable beginnings of a text, and returns the ended one with the best log
/// probability/lengthᵃ.
///
/// It stops when no beginning that is still going can beat the worst of as many ended ones as there are
/// beams: with a ≥ 0 its log probability only falls, and length raises the score at most to that of the
/// longest text.
final class BeamSearch {
    private final Decoder model;
    private final GenerationConfig config;
    private final int[] prompt;
    private final int room;
    private final List<Ended> ended = new ArrayList<>();

    /// A beginning: tokens after the prompt.
    ///
    /// @param rank           sum of ln probability after the repetition penalty: what beams compete by
    /// @param logProbability sum of ln probability under the model
    private record Beam(int[] tokens, double rank, double logProbability, BitSet used) {
        Beam with(Candidate next) {
            int[] longer = Arrays.copyOf(tokens, tokens.length + 1);
            longer[tokens.length] = next.token;
            BitSet more = (BitSet) used.clone();
            more.set(next.token);
            return new Beam(longer, next.score, next.logProbability, more);
        }
    }

    /// One way to go on.
    ///
    /// @param score          rank of the longer beginning
    /// @param logProbability of the longer beginning
    private record Candidate(int beam, int token, double score, double logProbability) {
        /// Worst first; of equals the later one.
        static final Comparator<Candidate> WORST_FIRST = Comparator.comparingDouble(Candidate::score)
                .thenComparing(Comparator.comparingInt(Candidate::beam)
                        .thenComparingInt(Candidate::token)
                        .reversed());
    }

    private record Ended(Beam beam, double score, Finish finish) {}

    BeamSearch(Decoder model, GenerationConfig config, int[] prompt) {
        this.model = model;
        this.config = config;
        this.prompt = prompt;
        room = Math.min(config.maxNewTokens(), model.contextLength() - prompt.length + 1);
    }

    Generation run() {
        PromptBatch batch = new PromptBatch(List.of(prompt), model);
        KeyValueCache cache = model.cache(prompt.length + room);
        BitSet used = new BitSet();
        for (int token : prompt) {
            used.set(token);
        }
        List<Beam> live = List.of(new Beam(new int[0], 0, 0, used));
        Decoder decoder = model;
        Tensor ids = batch.ids();
        for (int step = 0; step < room && !live.isEmpty() && !isDecided(live); step++) {
            float[] logits =
                    decoder.next(ids, batch.context(cache, ids.size(1))).toFloats();
            if (step == 0) {
                requireMemory(cache);
            }
            List<Candidate> best = best(live, logits);
            List<Beam> going = new ArrayList<>();
            List<Integer> rows = new ArrayList<>();
            divide(best, live, going, rows);
            live = going;
            if (step + 1 < room && !live.isEmpty()) {
                int[] kept = rows.stream().mapToInt(row -> row).toArray();
                cache.select(kept);
                decoder = decoder.select(kept);
                ids = batch.column(lastTokens(live));
            }
        }
        live.forEach(beam -> ended.add(new Ended(beam, score(beam), Finish.LENGTH)));
        return result();
    }

    /// After the first step, which knows one beam only: what a position holds is known now.
    ///
    /// @throws OpException if the caches and logits of all beams are more than the heap holds
    private void requireMemory(KeyValueCache cache) {
        double beams = Math.min(config.beams(), Math.pow(model.vocabulary(), room - 1.0));
        double each = (model.device().equals(Device.CPU) ? cache.bytes() : 0)
                + (double) Float.BYTES * model.vocabulary()
                + (double) Integer.BYTES * room;
        long heap = Runtime.getRuntime().maxMemory();
        if (beams * each > heap) {
            throw new OpException(String.format(
                    Locale.ROOT,
                    "generate: %,d beams need at least %,.0f MiB, expects what a heap of %,d MiB holds",
                    config.beams(),
                    beams * each / (1 << 20),
                    heap >> 20));
        }
    }

    private static long[] lastTokens(List<Beam> beams) {
        long[] ids = new long[beams.size()];
        for (int i = 0; i < ids.length; i++) {
            int[] tokens = beams.get(i).tokens;
            ids[i] = tokens[tokens.length - 1];
        }
        return ids;
    }

    private double score(Beam beam) {
        return score(beam.rank, beam.tokens.length);
    }

    private double score(double rank, int length) {
        return rank / Math.pow(Math.max(1, length), config.lengthPenalty());
    }

    private boolean isDecided(List<Beam> live) {
        if (ended.size() < config.beams()) {
            return false;
        }
        double worst = ended.stream()
                .mapToDouble(Ended::score)
                .boxed()
                .sorted(Comparator.reverseOrder())
                .skip(config.beams() - 1L)
                .findFirst()
                .orElse(Double.NEGATIVE_INFINITY);
        double top = live.stream().mapToDouble(Beam::rank).max().orElse(Double.NEGATIVE_INFINITY);
        int length = config.lengthPenalty() > 0 ? room : live.getFirst().tokens.length;
        return score(top, length) <= worst;
    }

    /// The best continuations of all beams, best first: twice as many as beams, so that enough are left
    /// when some end; more if there are more stop tokens.
    private List<Candidate> best(List<Beam> live, float[] logits) {
        long wanted = config.beams() * (1L + Math.max(1, config.stopTokens().size()));
        PriorityQueue<Candidate> kept = new PriorityQueue<>(Candidate.WORST_FIRST);
        int vocabulary = model.vocabulary();
        float[] row = new float[vocabulary];
        for (int b = 0; b < live.size(); b++) {
            System.arraycopy(logits, b * vocabulary, row, 0, vocabulary);
            double own = Sampler.logSumExp(row);
            Sampler.penalise(row, live.get(b).used, config.repetitionPenalty());
            double penalised = Sampler.logSumExp(row);
            Beam from = live.get(b);
            for (int token = 0; token < vocabulary; token++) {
                double score = from.rank + row[token] - penalised;
                if (kept.size() < wanted || score > worst(kept)) {
                    double total = from.logProbability + logits[b * vocabulary + token] - own;
                    kept.add(new Candidate(b, token, score, total));
                    if (kept.size() > wanted) {
                        kept.poll();
                    }
                }
            }
        }
        return kept.stream().sorted(Candidate.WORST_FIRST.reversed()).toList();
    }

    private static double worst(PriorityQueue<Candidate> kept) {
        Candidate first = kept.peek();
        return first == null ? Double.NEGATIVE_INFINITY : first.score;
    }

    /// Candidates that end a text are set aside if they are among the best as many as there are beams; of
    /// the others, that many go on.
    private void divide(List<Candidate> best, List<Beam> live, List<Beam> going, List<Integer> rows) {
        for (int rank = 0; rank < best.size() && going.size() < config.beams(); rank++) {
            Candidate candidate = best.get(rank);
            Beam from = live.get(candidate.beam);
            if (!config.stopTokens().contains(candidate.token)) {
                going.add(from.with(candidate));
                rows.add(candidate.beam);
            } else if (rank < config.beams()) {
                Beam done = new Beam(from.tokens, candidate.score, candidate.logProbability, from.used);
                ended.add(new Ended(done, score(candidate.score, from.tokens.length + 1), Finish.STOP));
            }
        }
    }

    private Generation result() {
        Ended best = ended.getFirst();
        for (Ended one : ended) {
            best = one.score > best.score ? one : best;
        }
        return new Generation(best.beam.tokens, best.beam.logProbability, best.finish);
    }
}
