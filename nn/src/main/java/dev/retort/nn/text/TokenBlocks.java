package dev.retort.nn.text;

import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Sample;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/// A stream of tokens packed into blocks for language models: sample i is tokens i·stride … i·stride + T − 1, and
/// its target the same moved on by one. Blocks do not end with texts, so nothing is padded.
public final class TokenBlocks implements Dataset {
    private final int[] tokens;
    private final int length;
    private final int stride;

    /// Blocks of `length` tokens that follow one another.
    ///
    /// @throws OpException if there are not length + 1 tokens
    public TokenBlocks(int[] tokens, int length) {
        this(tokens, length, length);
    }

    /// Blocks of `length` tokens, each `stride` after the one before: less than the length to overlap.
    ///
    /// @throws OpException if there are not length + 1 tokens
    public TokenBlocks(int[] tokens, int length, int stride) {
        if (length < 1 || stride < 1 || tokens.length < length + 1) {
            throw new OpException("token blocks: expects at least length + 1 tokens and a stride of at least 1, got "
                    + tokens.length + " tokens, length " + length + " and stride " + stride);
        }
        this.tokens = tokens.clone();
        this.length = length;
        this.stride = stride;
    }

    /// The tokens of texts one after the other, each followed by `separator`; −1 for none.
    public static int[] pack(Tokenizer tokenizer, List<String> texts, int separator) {
        int[][] parts = texts.parallelStream()
                .map(text -> separator < 0
                        ? tokenizer.encodePlain(text)
                        : IntStream.concat(Arrays.stream(tokenizer.encodePlain(text)), IntStream.of(separator))
                                .toArray())
                .toArray(int[][]::new);
        return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
    }

    /// The first part of a stream, and the rest for validation.
    ///
    /// @param share of the validation part, in [0, 1]
    public static int[][] split(int[] tokens, double share) {
        int cut = tokens.length - (int) Math.round(share * tokens.length);
        return new int[][] {Arrays.copyOf(tokens, cut), Arrays.copyOfRange(tokens, cut, tokens.length)};
    }

    @Override
    public int size() {
        return (tokens.length - 1 - length) / stride + 1;
    }

    @Override
    public Sample get(int index) {
        Objects.checkIndex(index, size());
        long[] input = new long[length];
        long[] target = new long[length];
        for (int i = 0; i < length; i++) {
            input[i] = tokens[index * stride + i];
            target[i] = tokens[index * stride + i + 1];
        }
        return new Sample(Tensor.of(input), Tensor.of(target));
    }

    @Override
    public long label(int index) {
        return Sample.UNLABELLED;
    }
}
