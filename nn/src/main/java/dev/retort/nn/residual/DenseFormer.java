package dev.retort.nn.residual;

import dev.retort.nn.Parameter;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/// Depth-weighted averages: after block i, x_i = y_i + f(y_i) and the stream goes on with
/// y_{i+1} = Σ_{j≤i} a_ij x_j over the outputs of all blocks, x_0 being the embedding (Pagliardini,
/// Mohtashami, Fleuret and Jaggi, "DenseFormer", 2024, arXiv 2402.02622).
///
/// a_ii = 1 and the others 0 at first, which is the plain network. In a ResNet the sum goes over the blocks
/// since the last change of shape. **Parameters**: `weights` `[i + 1]`, oldest first.
public final class DenseFormer extends Residual {
    private final Parameter weights;

    /// A connection at a place.
    public DenseFormer(ResidualPlace place) {
        float[] last = new float[place.available() + 1];
        last[place.available()] = 1;
        weights = parameter("weights", Tensor.wrap(DType.F32, last, last.length));
    }

    @Override
    public int reach() {
        return Integer.MAX_VALUE;
    }

    @Override
    public void connect(ResidualStream stream, Branch branch) {
        Tensor x = stream.value();
        stream.project(branch);
        stream.advance(branch.plainly(x, stream.value()));
        Tensor[] all = stream.history().toArray(Tensor[]::new);
        stream.mixed(run(this::average, all)[0]);
    }

    private Tensor[] average(Tensor[] outputs) {
        return new Tensor[] {Tensor.weightedSum(weights.value(), outputs)};
    }

    /// The scales by block, oldest first.
    List<Double> scales() {
        return Arrays.stream(weights.tensor().toDoubles()).boxed().toList();
    }
}
