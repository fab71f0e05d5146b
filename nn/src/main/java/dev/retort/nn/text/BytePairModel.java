package dev.retort.nn.text;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Byte-pair encoding (Sennrich et al., 2015, arXiv 1508.07909) that starts with the bytes of UTF-8 (GPT-2),
/// or with characters and falls back to bytes for unknown ones (SentencePiece).
final class BytePairModel implements TokenModel {
    private static final int CACHED_PIECES = 1 << 16;
    private static final int CACHED_LENGTH = 64;

    private final Vocabulary vocabulary;
    private final PairRanks ranks;
    private final PairMerger merger;
    private final boolean fromBytes;
    private final boolean wholePieces;
    private final int unknown;
    private final int[] byteIds;
    private final byte[][] tokenBytes;
    private final Map<String, Piece> cache = new ConcurrentHashMap<>();

    /// Tokens of a piece, with places from its start.
    private record Piece(int[] ids, int[] starts, int[] ends) {}

    /// @param fromBytes   whether tokens are bytes in GPT-2's alphabet, else they are characters
    /// @param wholePieces whether a piece that is a token is that token, whatever the merges say
    /// @param unknown     token of characters that are not in the vocabulary; −1 to leave them out
    BytePairModel(Vocabulary vocabulary, PairRanks ranks, boolean fromBytes, boolean wholePieces, int unknown) {
        this.vocabulary = vocabulary;
        this.fromBytes = fromBytes;
        this.wholePieces = wholePieces;
        this.unknown = unknown;
        this.ranks = ranks;
        merger = new PairMerger(ranks);
        byteIds = new int[256];
        for (int b = 0; b < 256; b++) {
            byteIds[b] = vocabulary.id(fromBytes ? String.valueOf(ByteAlphabet.of(b)) : String.format("<0x%02X>", b));
        }
        tokenBytes = new byte[vocabulary.size()][];
        for (int id = 0; id < tokenBytes.length; id++) {
            tokenBytes[id] = vocabulary.has(id) ? bytes(vocabulary.token(id)) : new byte[0];
        }
    }

    private byte[] bytes(String token) {
        if (fromBytes) {
            byte[] bytes = ByteAlphabet.bytes(token);
            return bytes == null ? ByteAlphabet.utf8(token) : bytes;
        }
        boolean isByte = token.length() == 6 && token.startsWith("<0x") && token.endsWith(">");
        return isByte && token.substring(3, 5).matches("[0-9A-F]{2}")
                ? new byte[] {(byte) Integer.parseInt(token.substring(3, 5), 16)}
                : ByteAlphabet.utf8(token);
    }

    @Override
    public Vocabulary vocabulary() {
        return vocabulary;
    }

    boolean startsFromBytes() {
        return fromBytes;
    }

    /// Left and right token of each merge, earliest first.
    int[][] merges() {
        return ranks.pairs();
    }

    @Override
    public void encode(String text, int start, int end, TokenSink out) {
        String piece = text.substring(start, end);
        Piece tokens = cache.get(piece);
        if (tokens == null) {
            tokens = encode(piece);
            if (piece.length() <= CACHED_LENGTH && cache.size() < CACHED_PIECES) {
                cache.put(piece, tokens);
            }
        }
        for (int i = 0; i < tokens.ids.length; i++) {
            out.add(tokens.ids[i], start + tokens.starts[i], start + tokens.ends[i]);
        }
    }

    private Piece encode(String piece) {
        if (wholePieces) {
            int whole = vocabulary.id(fromBytes ? ByteAlphabet.token(ByteAlphabet.utf8(piece)) : piece);
            if (whole >= 0) {
                return new Piece(new int[] {whole}, new int[] {0}, new int[] {piece.length()});
            }
        }
        Symbols symbols = new Symbols(piece.length());
        for (int i = 0; i < piece.length(); ) {
            int c = piece.codePointAt(i);
            int next = i + Character.charCount(c);
            if (fromBytes) {
                for (byte b : ByteAlphabet.utf8(piece.substring(i, next))) {
                    symbols.add(byteIds[b & 0xFF], i, next);
                }
            } else {
                addCharacter(symbols, piece, i, next);
            }
            i = next;
        }
        return symbols.merged(merger);
    }

    private void addCharacter(Symbols symbols, String piece, int start, int end) {
        String character = piece.substring(start, end);
        int id = vocabulary.id(character);
        if (id >= 0) {
            symbols.add(id, start, end);
            return;
        }
        byte[] bytes = ByteAlphabet.utf8(character);
        boolean all = true;
        for (byte b : bytes) {
            all &= byteIds[b & 0xFF] >= 0;
        }
        if (all) {
            for (byte b : bytes) {
                symbols.add(byteIds[b & 0xFF], start, end);
            }
        } else {
            symbols.add(unknown, start, end);
        }
    }

    /// The first symbols of a piece.
    private static final class Symbols {
        private int[] ids;
        private int[] starts;
        private int[] ends;
        private int count;

        Symbols(int length) {
            int room = Math.max(4, 2 * length);
            ids = new int[room];
            starts = new int[room];
            ends = new int[room];
        }

        void add(int id, int start, int end) {
            if (id < 0) {
                return; // neither a token nor one for unknown text
            }
            if (count == ids.length) {
                ids = Arrays.copyOf(ids, 2 * count);
                starts = Arrays.copyOf(starts, 2 * count);
                ends = Arrays.copyOf(ends, 2 * count);
            }
            ids[count] = id;
            starts[count] = start;
            ends[count++] = end;
        }

        Piece merged(PairMerger merger) {
            int[] lasts = new int[count];
            Arrays.setAll(lasts, i -> i + 1);
            int n = merger.merge(ids, lasts, count);
            int[] from = new int[n];
            int[] to = new int[n];
            for (int i = 0; i < n; i++) {
                from[i] = starts[i == 0 ? 0 : lasts[i - 1]];
                to[i] = ends[lasts[i] - 1];
            }
            return new Piece(Arrays.copyOf(ids, n), from, to);
        }
    }

    @Override
    public void decode(int[] ids, int from, int to, StringBuilder out) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = from; i < to; i++) {
            vocabulary.token(ids[i]); // says which index is wrong
            bytes.writeBytes(tokenBytes[ids[i]]);
        }
        out.append(bytes.toString(StandardCharsets.UTF_8));
    }
}
