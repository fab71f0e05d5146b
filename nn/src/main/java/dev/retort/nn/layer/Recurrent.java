package dev.retort.nn.layer;

import dev.retort.nn.Module;
import dev.retort.nn.Parameter;
import dev.retort.nn.init.Init;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What [LSTM], [GRU] and [RNN] share: layers, directions, names, and the walk over time. Sequences are
/// `[T, B, I]` as in PyTorch, or `[B, T, I]` with [Config#withBatchFirst]; states are
/// `[layers·directions, B, D]` either way.
///
/// **Parameters** of layer k: `weight_ih_lK` `[G·D, I]`, `weight_hh_lK` `[G·D, D]`, `bias_ih_lK` `[G·D]`,
/// `bias_hh_lK` `[G·D]` (G gates; the suffix `_reverse` for the backward direction), uniform on ±1/√D at
/// first.
public abstract sealed class Recurrent extends Module permits LSTM, GRU, RNN {
    private final Config config;
    private final int states;
    private final Rng rng;
    private final List<Cell> cells = new ArrayList<>();

    /// What the network looks like.
    ///
    /// @param in            features of the input
    /// @param width         features of the state, D
    /// @param layers        layers on top of each other
    /// @param dropout       probability of dropping an element between layers in training
    /// @param bidirectional whether a second network walks backward in time
    /// @param batchFirst    whether sequences are `[B, T, ...]` instead of `[T, B, ...]`
    /// @param hasBias       whether there are biases
    public record Config(
            int in, int width, int layers, double dropout, boolean bidirectional, boolean batchFirst, boolean hasBias) {
        /// Checks the ranges.
        public Config {
            if (in < 1 || width < 1 || layers < 1 || !(dropout >= 0 && dropout < 1)) {
                throw new OpException("recurrent: expects positive extents and dropout in [0, 1), got " + in + ", "
                        + width + ", " + layers + " layers, dropout " + dropout);
            }
        }

        /// One layer, forward in time, no dropout, time before batch.
        public static Config of(int in, int width) {
            return new Config(in, width, 1, 0, false, false, true);
        }

        /// The same with several layers.
        public Config withLayers(int newLayers) {
            return new Config(in, width, newLayers, dropout, bidirectional, batchFirst, hasBias);
        }

        /// The same with dropout between layers.
        public Config withDropout(double p) {
            return new Config(in, width, layers, p, bidirectional, batchFirst, hasBias);
        }

        /// The same in both directions.
        public Config inBothDirections() {
            return new Config(in, width, layers, dropout, true, batchFirst, hasBias);
        }

        /// The same on sequences `[B, T, ...]`.
        public Config withBatchFirst() {
            return new Config(in, width, layers, dropout, bidirectional, true, hasBias);
        }

        /// The same without biases.
        public Config withoutBias() {
            return new Config(in, width, layers, dropout, bidirectional, batchFirst, false);
        }
    }

    /// The weights of one layer in one direction.
    record Cell(
            Parameter weightIh,
            Parameter weightHh,
            @Nullable Parameter biasIh,
            @Nullable Parameter biasHh) {}

    Recurrent(Config config, int gates, int states, Rng rng) {
        this.config = config;
        this.states = states;
        this.rng = generator("rng", rng);
        int directions = config.bidirectional ? 2 : 1;
        double bound = 1 / Math.sqrt(config.width);
        for (int layer = 0; layer < config.layers; layer++) {
            int in = layer == 0 ? config.in : config.width * directions;
            for (int direction = 0; direction < directions; direction++) {
                String suffix = "_l" + layer + (direction == 0 ? "" : "_reverse");
                int rows = gates * config.width;
                cells.add(new Cell(
                        uniform("weight_ih" + suffix, Shape.of(rows, in), bound, rng),
                        uniform("weight_hh" + suffix, Shape.of(rows, config.width), bound, rng),
                        config.hasBias ? uniform("bias_ih" + suffix, Shape.of(rows), bound, rng) : null,
                        config.hasBias ? uniform("bias_hh" + suffix, Shape.of(rows), bound, rng) : null));
            }
        }
    }

    private Parameter uniform(String name, Shape shape, double bound, Rng source) {
        return parameter(name, Init.uniform(shape, -bound, bound, source));
    }

    /// The next states from the projected input `[B, G·D]` and the states `[B, D]`; state 0 is the
    /// output.
    abstract Tensor[] step(Tensor projected, Tensor[] state, Tensor weightHh, @Nullable Tensor biasHh);

    /// The output at every time step, then the last value of each kind of state `[L·directions, B, D]`.
    final Tensor[] walk(Tensor x, Tensor @Nullable [] initial) {
        if (x.rank() != 3 || x.size(2) != config.in) {
            throw new OpException("recurrent: expects input " + (config.batchFirst ? "[B, T, " : "[T, B, ") + config.in
                    + "], got " + x.type());
        }
        Tensor sequence = config.batchFirst ? x : x.transpose(0, 1); // [B, T, ...] from here on
        if (sequence.size(1) == 0) {
            throw new OpException("recurrent: expects at least one time step, got " + x.type());
        }
        if (initial != null) {
            requireStates(initial, sequence.size(0));
        }
        int directions = config.bidirectional ? 2 : 1;
        Tensor[][] last = new Tensor[states][cells.size()];
        for (int layer = 0; layer < config.layers; layer++) {
            if (layer > 0 && isTraining()) {
                sequence = sequence.dropout(config.dropout, rng);
            }
            Tensor[] outputs = new Tensor[directions];
            for (int direction = 0; direction < directions; direction++) {
                outputs[direction] = oneDirection(sequence, layer * directions + direction, direction, initial, last);
            }
            sequence = directions == 1 ? outputs[0] : Tensor.cat(2, outputs);
        }
        Tensor[] results = new Tensor[1 + states];
        results[0] = config.batchFirst ? sequence : sequence.transpose(0, 1);
        for (int s = 0; s < states; s++) {
            results[1 + s] = Tensor.stack(0, last[s]);
        }
        return results;
    }

    /// A state of one sample would be broadcast over the batch, without a word.
    private void requireStates(Tensor[] initial, int batch) {
        Shape expected = Shape.of(cells.size(), batch, config.width);
        for (int s = 0; s < initial.length; s++) {
            if (!initial[s].shape().equals(expected)) {
                throw new OpException("recurrent: expects initial " + (s == 0 ? "hidden" : "cell")
                        + " states [layers x directions, B, D] = " + expected + ", got " + initial[s].type());
            }
        }
    }

    private Tensor oneDirection(
            Tensor sequence, int cellNumber, int direction, Tensor @Nullable [] initial, Tensor[][] last) {
        Cell cell = cells.get(cellNumber);
        Tensor shift = cell.biasIh == null ? null : cell.biasIh.value();
        Tensor projected = sequence.linear(cell.weightIh.value(), shift); // all time steps at once
        Tensor weightHh = cell.weightHh.value();
        Tensor biasHh = cell.biasHh == null ? null : cell.biasHh.value();
        Tensor[] state = new Tensor[states];
        for (int s = 0; s < states; s++) {
            state[s] = initial == null
                    ? Tensor.zeros(sequence.dtype(), sequence.size(0), config.width)
                            .to(sequence.device())
                    : initial[s].select(0, cellNumber);
        }
        int steps = sequence.size(1);
        Tensor[] outputs = new Tensor[steps];
        for (int i = 0; i < steps; i++) {
            int t = direction == 0 ? i : steps - 1 - i;
            state = step(projected.select(1, t), state, weightHh, biasHh);
            outputs[t] = state[0];
        }
        for (int s = 0; s < states; s++) {
            last[s][cellNumber] = state[s];
        }
        return Tensor.stack(1, outputs);
    }

    final Tensor gate(Tensor all, int number) {
        return all.narrow(1, number * config.width, config.width);
    }

    @Override
    protected String extra() {
        return config.in + ", " + config.width + (config.layers == 1 ? "" : ", layers = " + config.layers)
                + (config.hasBias ? "" : ", no bias") + (config.bidirectional ? ", bidirectional" : "")
                + (config.batchFirst ? ", batch first" : "");
    }
}
