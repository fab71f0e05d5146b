package dev.retort.distill.remote;

import dev.retort.distill.feature.Tap;
import dev.retort.distill.teacher.TeacherQuery;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;

/// A service inside the test: answers each sample by its input, charges, and fails as told.
class Service implements Endpoint {
    /// What an attempt meets.
    interface Script {
        Tensor answer(LabelRequest request, Tensor right) throws EndpointException;
    }

    final List<LabelRequest> requests = new ArrayList<>();
    final Set<String> charged = new HashSet<>();
    Script script = (_, right) -> right;
    boolean once;
    long chargedRows;
    long chargedRequests;

    @Override
    public boolean chargesOnce() {
        return once;
    }

    @Override
    public Tensor label(LabelRequest request) throws EndpointException {
        requests.add(request);
        return script.answer(request, right(request.inputs()));
    }

    void charge(LabelRequest request) {
        if (!once || charged.add(request.id())) {
            chargedRows += request.size();
            chargedRequests++;
        }
    }

    /// Input x has logits (x, −x, x/3).
    static Tensor right(Tensor inputs) {
        float[] x = inputs.toFloats();
        float[] logits = new float[3 * x.length];
        for (int i = 0; i < x.length; i++) {
            logits[3 * i] = x[i];
            logits[3 * i + 1] = -x[i];
            logits[3 * i + 2] = x[i] / 3;
        }
        return Tensor.wrap(DType.F32, logits, x.length, 3);
    }

    /// Sample i of a data set has the input i + 0.1.
    static Tensor inputs(int[] indices) {
        float[] x = new float[indices.length];
        for (int i = 0; i < x.length; i++) {
            x[i] = indices[i] + .1f;
        }
        return Tensor.wrap(DType.F32, x, x.length, 1);
    }

    static TeacherQuery query(int... indices) {
        return TeacherQuery.logits("data", indices, () -> inputs(indices));
    }

    static float[] ask(PaidTeacher teacher, int... indices) {
        return Objects.requireNonNull(teacher.answer(query(indices)).get(Tap.LOGITS))
                .toFloats();
    }

    static Limits limits(UnaryOperator<Limits> change) {
        return change.apply(Limits.rows(1_000).withRequests(4, 5, 0));
    }
}
