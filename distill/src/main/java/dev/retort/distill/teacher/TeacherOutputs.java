package dev.retort.distill.teacher;

import dev.retort.nn.data.Batch;
import dev.retort.nn.data.DataLoader;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Transform;
import dev.retort.tensor.Device;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// What a teacher says about a whole data set.
public final class TeacherOutputs {
    private static final int BATCH = 256;

    private TeacherOutputs() {}

    /// The logits [N, L] of all samples in order, on the host, asked for in batches of 256, so that equal
    /// questions get equal bits.
    ///
    /// @param dataset   identity of the data set, for caches
    /// @param transform deterministic change of the inputs, such as a normalisation
    /// @throws IllegalArgumentException if the data set is empty
    public static Tensor logits(Teacher teacher, Dataset data, String dataset, Transform transform) {
        if (data.size() == 0) {
            throw new IllegalArgumentException("teacher outputs: expected at least one sample, got none");
        }
        List<Tensor> parts = new ArrayList<>();
        for (Batch batch :
                new DataLoader(data, DataLoader.Config.evaluation(BATCH).withTransform(transform))) {
            parts.add(teacher.logits(TeacherQuery.logits(dataset, batch.indices(), batch::inputs))
                    .to(Device.CPU));
        }
        return Tensor.cat(0, parts.toArray(Tensor[]::new));
    }
}
