package dev.retort.bench.peers.duel;

import dev.retort.bench.peers.duel.Contest.Contestants;
import dev.retort.nn.Parameter;
import dev.retort.nn.optim.AdamW;
import dev.retort.nn.optim.Optimizer;
import dev.retort.nn.optim.SGD;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Optimiser steps over 24 matrices of 1024 x 1024 and as many vectors, as in a network of 25
/// million parameters.
final class OptimizerRows {
    private static final int MATRICES = 24;
    private static final int EXTENT = 1024;
    private static final double COUNT = (double) MATRICES * EXTENT * (EXTENT + 1);
    private static final double LR = 1e-3;
    private static final double DECAY = 0.01;
    private static final double MOMENTUM = 0.9;

    private OptimizerRows() {}

    static List<Contest> all() {
        return List.of(
                new Contest("AdamW step 25M", 14 * COUNT, 28 * COUNT, 1e-5, true, () -> sides(true)),
                new Contest("SGD momentum step 25M", 6 * COUNT, 20 * COUNT, 1e-5, false, () -> sides(false)));
    }

    private static Contestants sides(boolean adam) {
        Rng rng = new Rng(1);
        Map<String, Parameter> parameters = new LinkedHashMap<>();
        List<Tensor> ours = new ArrayList<>();
        List<org.bytedeco.pytorch.Tensor> theirs = new ArrayList<>();
        for (int i = 0; i < 2 * MATRICES; i++) {
            int[] shape = i % 2 == 0 ? new int[] {EXTENT, EXTENT} : new int[] {EXTENT};
            Parameter parameter = new Parameter(Random.normal(rng, shape));
            Tensor gradient = Random.normal(rng, shape);
            parameter.tensor().grad(gradient);
            parameters.put("p" + i, parameter);
            ours.add(parameter.tensor());
            org.bytedeco.pytorch.Tensor other = Torch.of(parameter.tensor()).set_requires_grad(true);
            other.mutable_grad().put(Torch.of(gradient));
            theirs.add(other);
        }
        Optimizer optimizer = adam
                ? new AdamW(parameters, AdamW.config(LR).withWeightDecay(DECAY))
                : new SGD(parameters, SGD.Config.of(LR).withMomentum(MOMENTUM).withWeightDecay(DECAY));
        TorchOptimizer peer =
                adam ? TorchOptimizer.adamW(theirs, LR, DECAY) : TorchOptimizer.sgd(theirs, LR, MOMENTUM, DECAY);
        return new Contestants(
                new Side("Retort", optimizer::step, () -> {
                    optimizer.step();
                    return Sides.joined(ours.get(0), ours.get(1));
                }),
                List.of(new Side("libtorch fused", peer::step, () -> {
                    peer.step();
                    return Torch.joined(theirs.subList(0, 2));
                })));
    }
}
