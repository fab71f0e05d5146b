package dev.retort.distill.method;

import dev.retort.nn.Module;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Conv2d;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.ReLU;
import dev.retort.nn.layer.Sequential;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// Which teacher layer each student layer learns from, sample by sample, and the projections between them;
/// see [SemCkd].
final class SemanticMatch extends Module {
    private final List<Sequential> queries = new ArrayList<>();
    private final List<Sequential> keys = new ArrayList<>();
    private final List<List<Sequential>> projections = new ArrayList<>();

    /// @param student  maps [C, H, W] of each student layer
    /// @param teacher  maps [C, H, W] of each teacher layer
    /// @param embedded size of queries and keys
    SemanticMatch(List<Shape> student, List<Shape> teacher, int embedded, Rng rng) {
        for (int i = 0; i < student.size(); i++) {
            queries.add(child("query" + i, embedding(student.get(i).dim(0), embedded, rng)));
        }
        for (int j = 0; j < teacher.size(); j++) {
            keys.add(child("key" + j, embedding(teacher.get(j).dim(0), embedded, rng)));
        }
        for (int i = 0; i < student.size(); i++) {
            List<Sequential> row = new ArrayList<>();
            for (int j = 0; j < teacher.size(); j++) {
                int out = teacher.get(j).dim(0);
                row.add(child("project" + i + "-" + j, projection(student.get(i).dim(0), out, rng)));
            }
            projections.add(row);
        }
    }

    private static Sequential embedding(int channels, int embedded, Rng rng) {
        return new Sequential(
                new Linear(channels, 2 * embedded, rng), new ReLU(), new Linear(2 * embedded, embedded, rng));
    }

    private static Sequential projection(int in, int out, Rng rng) {
        int middle = 2 * out;
        return new Sequential(
                new Conv2d(Conv2d.Config.of(in, middle, 1).withoutBias(), rng),
                new BatchNorm(middle),
                new ReLU(),
                new Conv2d(Conv2d.Config.of(middle, middle, 3).withPadding(1).withoutBias(), rng),
                new BatchNorm(middle),
                new ReLU(),
                new Conv2d(Conv2d.Config.of(middle, out, 1).withoutBias(), rng));
    }

    /// α [B, S, T], rows summing to one: softmax over teacher layers of query · key, both of length 1.
    Tensor attention(List<Tensor> student, List<Tensor> teacher) {
        return embedded(queries, student)
                .matmul(embedded(keys, teacher).transpose(1, 2))
                .softmax(2);
    }

    /// [B, layers, embedded], from the mean of each channel.
    private static Tensor embedded(List<Sequential> networks, List<Tensor> maps) {
        Tensor[] rows = new Tensor[maps.size()];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = networks.get(i).call(maps.get(i).mean(false, 2, 3)).normalize(1);
        }
        return Tensor.stack(1, rows);
    }

    /// Mean squared error of each projected student layer with each teacher layer, [B, S, T].
    Tensor errors(List<Tensor> student, List<Tensor> teacher) {
        Tensor[] rows = new Tensor[student.size()];
        for (int i = 0; i < rows.length; i++) {
            Tensor[] row = new Tensor[teacher.size()];
            for (int j = 0; j < row.length; j++) {
                Tensor own = FeaturePairs.shrunkTo(teacher.get(j), student.get(i));
                Tensor wanted = FeaturePairs.shrunkTo(student.get(i), teacher.get(j));
                Tensor guess = projections.get(i).get(j).call(own);
                row[j] = guess.sub(wanted).square().mean(false, 1, 2, 3);
            }
            rows[i] = Tensor.stack(1, row);
        }
        return Tensor.stack(1, rows);
    }
}
