package dev.retort.nn.text;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/// A unigram language model: a piece is cut so that the sum of its tokens' log probabilities is largest
/// (Kudo, 2018, arXiv 1804.10959), by dynamic programming over a trie.
///
/// A character that no token covers costs 10 more than the least probable token; neighbours of that kind are
/// one unknown token, or bytes if the vocabulary has `<0x00>` … and `fallBack` is set.
final class UnigramModel implements TokenModel {
    private static final double UNKNOWN_COST = 10;

    private final Vocabulary vocabulary;
    private final double[] scores;
    private final int unknown;
    private final double unknownScore;
    private final int[] byteIds = new int[256];
    private final boolean fallBack;
    private final PairRanks edges = new PairRanks();
    private int[] tokenAt = new int[1024];
    private int nodes = 1;

    /// @param scores  log probability of each token
    /// @param unknown token of what no token covers; −1 to leave it out
    UnigramModel(Vocabulary vocabulary, double[] scores, int unknown, boolean fallBack) {
        this.vocabulary = vocabulary;
        this.scores = scores.clone();
        this.unknown = unknown;
        this.fallBack = fallBack;
        unknownScore = Arrays.stream(scores).min().orElse(0) - UNKNOWN_COST;
        Arrays.fill(tokenAt, -1);
        for (int id = 0; id < scores.length; id++) {
            if (id != unknown) {
                insert(vocabulary.token(id), id);
            }
        }
        for (int b = 0; b < 256; b++) {
            byteIds[b] = fallBack ? vocabulary.id(String.format("<0x%02X>", b)) : -1;
        }
    }

    private void insert(String token, int id) {
        int node = 0;
        for (int i = 0; i < token.length(); i++) {
            int edge = edges.find(node, token.charAt(i));
            if (edge < 0) {
                if (nodes == tokenAt.length) {
                    tokenAt = Arrays.copyOf(tokenAt, 2 * nodes);
                    Arrays.fill(tokenAt, nodes, 2 * nodes, -1);
                }
                edges.put(node, token.charAt(i), 0, nodes++);
                edge = edges.find(node, token.charAt(i));
            }
            node = edges.merged(edge);
        }
        tokenAt[node] = id;
    }

    @Override
    public Vocabulary vocabulary() {
        return vocabulary;
    }

    @Override
    public void encode(String text, int start, int end, TokenSink out) {
        int n = end - start;
        double[] best = new double[n + 1];
        int[] token = new int[n + 1];
        int[] from = new int[n + 1];
        Arrays.fill(best, Double.NEGATIVE_INFINITY);
        best[0] = 0;
        for (int i = 0; i < n; ) {
            int character = Character.charCount(text.codePointAt(start + i));
            boolean covered = extend(text, start, i, n, character, best, token, from);
            if (!covered && best[i] + unknownScore > best[i + character]) {
                best[i + character] = best[i] + unknownScore;
                token[i + character] = -1;
                from[i + character] = i;
            }
            i += character;
        }
        emit(text, start, n, token, from, out);
    }

    /// Tries all tokens that start at i; whether one of them is the single character.
    private boolean extend(
            String text, int start, int i, int n, int character, double[] best, int[] token, int[] from) {
        boolean covered = false;
        int node = 0;
        for (int j = i; j < n; j++) {
            int edge = edges.find(node, text.charAt(start + j));
            if (edge < 0) {
                break;
            }
            node = edges.merged(edge);
            int id = tokenAt[node];
            if (id >= 0) {
                covered |= j + 1 - i == character;
                if (best[i] + scores[id] > best[j + 1]) {
                    best[j + 1] = best[i] + scores[id];
                    token[j + 1] = id;
                    from[j + 1] = i;
                }
            }
        }
        return covered;
    }

    private void emit(String text, int start, int n, int[] token, int[] from, TokenSink out) {
        int[] cuts = new int[n + 1];
        int count = 0;
        for (int at = n; at > 0; at = from[at]) {
            cuts[count++] = at;
        }
        for (int k = count - 1; k >= 0; k--) {
            int to = cuts[k];
            int id = token[to];
            if (id >= 0) {
                out.add(id, start + from[to], start + to);
                continue;
            }
            int first = from[to];
            while (!fallBack && k > 0 && token[cuts[k - 1]] < 0) {
                to = cuts[--k];
            }
            addUnknown(text, start + first, start + to, out);
        }
    }

    private void addUnknown(String text, int from, int to, TokenSink out) {
        byte[] bytes = ByteAlphabet.utf8(text.substring(from, to));
        boolean all = fallBack;
        for (byte b : bytes) {
            all &= byteIds[b & 0xFF] >= 0;
        }
        if (all) {
            for (byte b : bytes) {
                out.add(byteIds[b & 0xFF], from, to);
            }
        } else if (unknown >= 0) {
            out.add(unknown, from, to);
        }
    }

    @Override
    public void decode(int[] ids, int from, int to, StringBuilder out) {
        List<Integer> bytes = Arrays.stream(byteIds).boxed().toList();
        ByteArrayOutputStream buffer = new ByteArrayOutputStream();
        for (int i = from; i < to; i++) {
            int asByte = fallBack ? bytes.indexOf(ids[i]) : -1;
            if (asByte >= 0) {
                buffer.write(asByte);
            } else {
                buffer.writeBytes(ByteAlphabet.utf8(vocabulary.token(ids[i])));
            }
        }
        out.append(buffer.toString(StandardCharsets.UTF_8));
    }
}
