package dev.retort.bench.gpu;

/// How much `retort bench gpu` computes.
enum GpuSize {
    /// What a data centre's card needs to show its speed.
    FULL(4096, 1 << 28, 64, 56, 512, 32, 64, 224, 8, 512, 20),
    /// The same rows in seconds on a processor, to try them out.
    SMALL(192, 1 << 18, 2, 14, 4, 16, 2, 32, 2, 16, 3);

    /// Rows and columns of matrices.
    final int matrix;
    /// Elements of element-wise ops.
    final int elements;
    /// Images of the convolution, with 64 channels.
    final int images;
    /// Height and width of them.
    final int side;
    /// Batch of ResNet-20.
    final int smallBatch;
    /// Height and width of its images.
    final int smallSide;
    /// Batch of ResNet-50.
    final int largeBatch;
    /// Height and width of its images.
    final int largeSide;
    /// Sequences of GPT-2.
    final int sequences;
    /// Tokens of one.
    final int tokens;
    /// Runs of a row; the median counts.
    final int runs;

    GpuSize(
            int matrix,
            int elements,
            int images,
            int side,
            int smallBatch,
            int smallSide,
            int largeBatch,
            int largeSide,
            int sequences,
            int tokens,
            int runs) {
        this.matrix = matrix;
        this.elements = elements;
        this.images = images;
        this.side = side;
        this.smallBatch = smallBatch;
        this.smallSide = smallSide;
        this.largeBatch = largeBatch;
        this.largeSide = largeSide;
        this.sequences = sequences;
        this.tokens = tokens;
        this.runs = runs;
    }
}
