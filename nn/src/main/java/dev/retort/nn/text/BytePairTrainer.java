package dev.retort.nn.text;

import dev.retort.tensor.OpException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;

/// Learns a byte-level byte-pair encoding: starting from the 256 bytes, the pair of neighbours that is most
/// frequent in the texts becomes a token, again and again (Sennrich et al., 2015, arXiv 1508.07909). Texts are
/// split by GPT-2's pattern first. Of equally frequent pairs, the one of the older tokens comes first, so the
/// result depends on the texts only.
public final class BytePairTrainer {
    private final List<String> tokens = new ArrayList<>(BytePairFiles.byteTokens());
    private final PairRanks ranks = new PairRanks();
    private final List<int[]> words = new ArrayList<>();
    private final List<Long> counts = new ArrayList<>();
    private final Map<Long, Long> pairCounts = new HashMap<>();
    private final Map<Long, Set<Integer>> wordsOf = new HashMap<>();
    private final PriorityQueue<Pair> queue = new PriorityQueue<>();

    /// A pair and how often it was seen when it was queued.
    private record Pair(long count, int left, int right) implements Comparable<Pair> {
        @Override
        public int compareTo(Pair other) {
            int byCount = Long.compare(other.count, count);
            int byLeft = byCount != 0 ? byCount : Integer.compare(left, other.left);
            return byLeft != 0 ? byLeft : Integer.compare(right, other.right);
        }

        long key() {
            return (long) left << 32 | right;
        }
    }

    private BytePairTrainer() {}

    /// A tokenizer of `size` tokens, or fewer if no pair comes twice.
    ///
    /// @param special tokens that are cut out of texts first; they get the indices after the learned ones
    /// @throws OpException if the size is below 256 plus the special tokens
    public static Tokenizer train(Iterable<String> texts, int size, String... special) {
        if (size < 256 + special.length) {
            throw new OpException("bpe: expects at least " + (256 + special.length) + " tokens (256 bytes and "
                    + special.length + " special ones), got " + size);
        }
        BytePairTrainer trainer = new BytePairTrainer();
        trainer.count(texts);
        while (trainer.tokens.size() < size - special.length && trainer.mergeOne()) {
            continue; // the work is in the condition
        }
        BytePairModel model = new BytePairModel(Vocabulary.of(trainer.tokens), trainer.ranks, true, false, -1);
        return new Tokenizer(
                        new Normalizer.None(),
                        new PreTokenizer.Gpt2(),
                        model,
                        Template.NONE,
                        Tokenizer.Spaces.KEPT,
                        List.of())
                .withSpecialTokens(special);
    }

    private void count(Iterable<String> texts) {
        Map<String, Long> pieces = new TreeMap<>();
        PreTokenizer split = new PreTokenizer.Gpt2();
        for (String text : texts) {
            split.split(
                    text, 0, text.length(), (start, end) -> pieces.merge(text.substring(start, end), 1L, Long::sum));
        }
        pieces.forEach((piece, count) -> {
            words.add(BytePairFiles.bytesAsSymbols(piece));
            counts.add(count);
        });
        for (int w = 0; w < words.size(); w++) {
            int[] word = words.get(w);
            for (int i = 0; i + 1 < word.length; i++) {
                change(word[i], word[i + 1], counts.get(w), w);
            }
        }
        pairCounts.forEach((key, count) -> queue.add(new Pair(count, (int) (key >>> 32), (int) (long) key)));
    }

    private long change(int left, int right, long by, int word) {
        long key = (long) left << 32 | right;
        if (by > 0) {
            wordsOf.computeIfAbsent(key, _ -> new HashSet<>()).add(word);
        }
        return pairCounts.merge(key, by, Long::sum);
    }

    /// Makes the most frequent pair a token; false if none comes twice.
    private boolean mergeOne() {
        Pair best = queue.poll();
        while (best != null && pairCounts.getOrDefault(best.key(), 0L) != best.count) {
            long now = pairCounts.getOrDefault(best.key(), 0L);
            if (now > 0) {
                queue.add(new Pair(now, best.left, best.right));
            }
            best = queue.poll();
        }
        if (best == null || best.count < 2) {
            return false;
        }
        Pair pair = best;
        int merged = tokens.size();
        ranks.put(best.left, best.right, merged, merged);
        tokens.add(tokens.get(best.left) + tokens.get(best.right));
        Set<Long> grown = new HashSet<>();
        Set<Integer> touched = wordsOf.remove(best.key());
        if (touched != null) {
            touched.forEach(word -> replace(word, pair, merged, grown));
        }
        pairCounts.remove(best.key());
        for (long key : grown) {
            long count = pairCounts.getOrDefault(key, 0L);
            if (count > 0) {
                queue.add(new Pair(count, (int) (key >>> 32), (int) key));
            }
        }
        return true;
    }

    private void replace(int w, Pair pair, int merged, Set<Long> grown) {
        int[] word = words.get(w);
        long count = counts.get(w);
        int[] shorter = new int[word.length];
        int n = 0;
        for (int i = 0; i < word.length; i++) {
            boolean here = i + 1 < word.length && word[i] == pair.left && word[i + 1] == pair.right;
            shorter[n++] = here ? merged : word[i];
            i += here ? 1 : 0;
        }
        if (n == word.length) {
            return;
        }
        for (int i = 0; i + 1 < word.length; i++) {
            change(word[i], word[i + 1], -count, w);
        }
        int[] now = java.util.Arrays.copyOf(shorter, n);
        words.set(w, now);
        for (int i = 0; i + 1 < n; i++) {
            change(now[i], now[i + 1], count, w);
            if (now[i] == merged || now[i + 1] == merged) {
                grown.add((long) now[i] << 32 | now[i + 1]);
            }
        }
    }
}
