package dev.retort.nn.residual;

import dev.retort.nn.Parameter;
import dev.retort.nn.residual.ResidualPlace.Layout;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;

/// Hyper-connections whose mixing matrices stay doubly stochastic, so that the sum of the lanes neither
/// grows nor shrinks (Xie, Wei, Cao et al., "mHC: manifold-constrained hyper-connections", 2025, arXiv
/// 2512.24880). With v = rmsNorm of all lanes of a position, one after the other,
///
/// m = sigmoid(a₁ v Φ₁ + b₁),  w = 2 sigmoid(a₂ v Φ₂ + b₂),  R = Sinkhorn(a₃ v Φ₃ + B₃),
/// x = Σ_j m_j h_j,  h'_k = Σ_j R_kj h_j + w_k f(x).
///
/// Sinkhorn takes exponentials (of the differences to the largest logit) and divides rows, then columns,
/// by their sums, 20 times. a starts at 0.01. The start of the others is not published; ours is Φ = 0; b₁
/// such that m sums to 1 with half of it on lane (index mod n), so that lanes come to differ; b₂ = 0, w =
/// 1; B₃ = 0 on the diagonal and −4 elsewhere. The lanes are equal at first, so this starts as the plain
/// network, up to rounding. Where a shortcut changes the shape, m is sigmoid(b₁), and w and R see the
/// projected lanes.
///
/// **Parameters**: `phi` `[n² + 2n, nD]`, `bias` `[n² + 2n]` (rows: m, w, R by rows), `scale` `[3]`.
public final class ManifoldHyperConnection extends Residual {
    private static final double EPS = 1e-6;
    private static final double SCALE = 0.01;
    private static final float OFF_DIAGONAL = -4;
    private static final int ITERATIONS = 20;

    private final int lanes;
    private final Layout layout;
    private final boolean projected;
    private final Parameter phi;
    private final Parameter bias;
    private final Parameter scale;

    /// A connection of n lanes, 2 or more, at a place.
    public ManifoldHyperConnection(int lanes, ResidualPlace place) {
        this.lanes = lanes;
        layout = place.layout();
        projected = place.projected();
        int rows = lanes * lanes + 2 * lanes;
        phi = parameter("phi", Tensor.zeros(rows, lanes * place.channels()));
        bias = parameter("bias", Tensor.wrap(DType.F32, bias(lanes, place.index()), rows));
        scale = parameter("scale", Tensor.ones(3).mul(SCALE));
    }

    private static float[] bias(int n, int index) {
        float[] bias = new float[n * n + 2 * n];
        for (int j = 0; j < n; j++) {
            double share = j == index % n ? 0.5 : 0.5 / (n - 1);
            bias[j] = (float) Math.log(share / (1 - share));
            for (int k = 0; k < n; k++) {
                bias[2 * n + k * n + j] = k == j ? 0 : OFF_DIAGONAL;
            }
        }
        return bias;
    }

    @Override
    public void connect(ResidualStream stream, Branch branch) {
        Tensor before = stream.lanes();
        Tensor logits = projected ? null : logits(before);
        Tensor input = logits == null
                ? Lanes.mix(bias.value().narrow(0, 0, lanes).sigmoid().unsqueeze(0), before)
                        .select(0, 0)
                : Lanes.sum(lanesFirst(logits, 0, lanes, 0).sigmoid(), before, layout);
        Tensor output = branch.run(input);
        stream.project(branch);
        Tensor current = logits == null ? logits(stream.lanes()) : logits;
        stream.advance(run(in -> new Tensor[] {write(in[0], in[1], current)}, output, stream.lanes())[0]);
        if (branch.after() != null) {
            stream.advance(stream.each(branch::after));
        }
    }

    private Tensor write(Tensor output, Tensor skip, Tensor logits) {
        Tensor mixing = sinkhorn(lanesFirst(logits, 2 * lanes, lanes * lanes, 2));
        Tensor[] mixed = new Tensor[lanes];
        for (int k = 0; k < lanes; k++) {
            mixed[k] = Lanes.sum(mixing.select(0, k), skip, layout);
        }
        Tensor shares = lanesFirst(logits, lanes, lanes, 1).sigmoid().mul(2);
        return Tensor.stack(0, mixed).add(Lanes.spread(shares, output, layout));
    }

    /// v Φ `[N, ..., n² + 2n]`, without scale and bias.
    private Tensor logits(Tensor all) {
        Tensor last = Lanes.channelsLast(all, layout);
        int rank = last.rank();
        int[] order = new int[rank];
        for (int d = 1; d < rank - 1; d++) {
            order[d - 1] = d;
        }
        order[rank - 2] = 0;
        order[rank - 1] = rank - 1;
        Tensor joined = last.permute(order).flatten(rank - 2);
        return joined.rmsNorm(null, EPS).linear(phi.value(), null);
    }

    /// Scaled and shifted rows `start` … of the logits, with that dimension first.
    private Tensor lanesFirst(Tensor logits, int start, int length, int part) {
        int last = logits.rank() - 1;
        Tensor rows = logits.narrow(last, start, length).mul(scale.value().select(0, part));
        Tensor shifted = rows.add(bias.value().narrow(0, start, length));
        int[] order = new int[last + 1];
        order[0] = last;
        for (int d = 1; d <= last; d++) {
            order[d] = d - 1;
        }
        return shifted.permute(order);
    }

    /// Doubly stochastic matrices `[n, n, N, ...]` (to, from) from logits `[n·n, N, ...]`.
    private Tensor sinkhorn(Tensor logits) {
        int[] dims = new int[logits.rank() + 1];
        dims[0] = lanes;
        dims[1] = lanes;
        for (int d = 1; d < logits.rank(); d++) {
            dims[d + 1] = logits.size(d);
        }
        Tensor square = logits.reshape(dims);
        Tensor matrix = square.sub(square.detach().amax(true, 0, 1)).exp(); // the scale cancels in the first division
        for (int i = 0; i < ITERATIONS; i++) {
            matrix = matrix.div(matrix.sum(true, 1));
            matrix = matrix.div(matrix.sum(true, 0));
        }
        return matrix;
    }

    @Override
    protected String extra() {
        return lanes + " lanes";
    }
}
