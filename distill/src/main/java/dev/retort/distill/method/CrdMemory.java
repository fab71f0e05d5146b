package dev.retort.distill.method;

import dev.retort.nn.Buffer;
import dev.retort.nn.Module;
import dev.retort.nn.init.Init;
import dev.retort.nn.layer.Linear;
import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;

/// The embeddings of [Crd], its memories of both networks [N, D], and its two normalisers (0 until the
/// first batch).
final class CrdMemory extends Module {
    private static final double FLOOR = 1e-24;

    private final Linear embedStudent;
    private final Linear embedTeacher;
    private final Buffer student;
    private final Buffer teacher;
    private final Buffer normaliser;

    CrdMemory(int studentSize, int teacherSize, int dimension, int samples, Rng rng) {
        embedStudent = child("embed_s", new Linear(studentSize, dimension, rng));
        embedTeacher = child("embed_t", new Linear(teacherSize, dimension, rng));
        double bound = 1 / Math.sqrt(dimension / 3.0);
        student = buffer("memory_s", Init.uniform(Shape.of(samples, dimension), -bound, bound, rng));
        teacher = buffer("memory_t", Init.uniform(Shape.of(samples, dimension), -bound, bound, rng));
        normaliser = buffer("normaliser", Tensor.zeros(DType.F32, 2));
    }

    Tensor studentEmbedding(Tensor features) {
        return unit(embedStudent.call(features.flatten(1)));
    }

    Tensor teacherEmbedding(Tensor features) {
        return unit(embedTeacher.call(features.flatten(1)));
    }

    Tensor studentRows() {
        return student.tensor();
    }

    Tensor teacherRows() {
        return teacher.tensor();
    }

    int size() {
        return student.shape().dim(0);
    }

    /// Z of one direction, taken from `scores` if this is the first batch.
    double normaliser(int direction, Tensor scores) {
        double z = normaliser.tensor().get(direction);
        if (z == 0) {
            z = scores.detach().mean().item() * size();
            normaliser.tensor().select(0, direction).copyFrom(Tensor.scalar(z));
        }
        return normaliser.tensor().get(direction);
    }

    /// mᵢ ← normalise(μ mᵢ + (1 − μ) vᵢ) in both memories.
    void remember(int[] indices, Tensor studentUnit, Tensor teacherUnit, double momentum) {
        blend(student.tensor(), indices, studentUnit, momentum);
        blend(teacher.tensor(), indices, teacherUnit, momentum);
    }

    private static void blend(Tensor rows, int[] indices, Tensor fresh, double momentum) {
        for (int i = 0; i < indices.length; i++) {
            Tensor row = rows.select(0, indices[i]);
            Tensor mixed = row.mul(momentum).add(fresh.select(0, i).mul(1 - momentum));
            row.copyFrom(unit(mixed.unsqueeze(0)).squeeze(0));
        }
    }

    /// Rows of length 1.
    private static Tensor unit(Tensor rows) {
        return rows.div(rows.square().sum(true, 1).clampMin(FLOOR).sqrt());
    }
}
