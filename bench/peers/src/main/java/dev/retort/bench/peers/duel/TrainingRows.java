package dev.retort.bench.peers.duel;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradOptions;
import dev.retort.bench.peers.FirstStep;
import dev.retort.bench.peers.duel.Contest.Contestants;
import dev.retort.nn.Layer;
import dev.retort.nn.loss.CrossEntropy;
import dev.retort.nn.models.CifarResNet;
import dev.retort.nn.models.ResNet;
import dev.retort.nn.optim.AdamW;
import dev.retort.nn.optim.Optimizer;
import dev.retort.nn.optim.SGD;
import dev.retort.nn.transformer.Gpt2;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleSupplier;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch;

/// Whole training steps: forward, loss, backward, optimiser; both sides start from the same weights.
final class TrainingRows {
    private static final double SGD_LR = 0.01;
    private static final double MOMENTUM = 0.9;
    private static final double SGD_DECAY = 1e-4;
    private static final double ADAM_LR = 3e-4;
    private static final double ADAM_DECAY = 0.1;

    /// One network with its batch.
    enum Workload {
        /// The network of the CIFAR experiments.
        RESNET_20("ResNet-20 32x32 b128", 2e-3, true),
        /// torchvision's smallest.
        RESNET_18("ResNet-18 224x224 b16", 2e-3, false),
        /// With bottlenecks. Its norms over 8 images make the second loss so sensitive that noise of 1e-7 on the input
        /// moves it by 2.6e-3 of its value.
        RESNET_50("ResNet-50 224x224 b8", 1e-2, false),
        /// A character model.
        GPT_SMALL("GPT 6x384 T256 b8", 2e-3, false),
        /// 124 million parameters.
        GPT2("GPT-2 small T512 b1", 2e-3, false);

        final String label;
        /// Largest difference of the losses of two steps from the peer's, of their value.
        final double tolerance;

        final boolean quick;

        Workload(String label, double tolerance, boolean quick) {
            this.label = label;
            this.tolerance = tolerance;
            this.quick = quick;
        }

        boolean isLanguage() {
            return this == GPT_SMALL || this == GPT2;
        }

        Gpt2.Config gpt() {
            return this == GPT2 ? Gpt2.Config.small() : Gpt2.Config.of(65, 256, 384, 6, 6);
        }

        Layer network(Rng rng) {
            return switch (this) {
                case RESNET_20 -> new CifarResNet(CifarResNet.Config.of(20, 10), rng);
                case RESNET_18 -> new ResNet(ResNet.Config.of(18, 1000), rng);
                case RESNET_50 -> new ResNet(ResNet.Config.of(50, 1000), rng);
                case GPT_SMALL, GPT2 -> new Gpt2(gpt(), rng);
            };
        }

        Tensor input(Rng rng) {
            return switch (this) {
                case RESNET_20 -> Random.normal(rng, 128, 3, 32, 32);
                case RESNET_18 -> Random.normal(rng, 16, 3, 224, 224);
                case RESNET_50 -> Random.normal(rng, 8, 3, 224, 224);
                case GPT_SMALL -> integers(8, 256, 65);
                case GPT2 -> integers(1, 512, 50257);
            };
        }

        Tensor target() {
            return switch (this) {
                case RESNET_20 -> integers(128, 1, 10).reshape(128);
                case RESNET_18 -> integers(16, 1, 1000).reshape(16);
                case RESNET_50 -> integers(8, 1, 1000).reshape(8);
                case GPT_SMALL -> integers(8, 256, 65).reshape(8 * 256);
                case GPT2 -> integers(1, 512, 50257).reshape(512);
            };
        }
    }

    private TrainingRows() {}

    static List<Contest> all() {
        return Arrays.stream(Workload.values())
                .map(w -> new Contest("train " + w.label, 0, 0, w.tolerance, w.quick, () -> sides(w)))
                .toList();
    }

    /// Trains ResNet-20 by libtorch in this process, which is fresh, for some seconds, and prints when each step was
    /// done.
    static void startup(double seconds) {
        Rng rng = new Rng(1);
        Workload work = Workload.RESNET_20;
        Side peer = peer(work, work.network(rng), work.input(rng), work.target(), true);
        FirstStep.report(
                () -> {
                    peer.run().run();
                    return 0;
                },
                seconds);
    }

    static Tensor integers(int rows, int columns, int limit) {
        long[] numbers = new long[rows * columns];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (i * 7919L + 13) % limit;
        }
        return Tensor.of(numbers, rows, columns);
    }

    private static Contestants sides(Workload work) {
        Rng rng = new Rng(1);
        Layer network = work.network(rng);
        Tensor input = work.input(rng);
        Tensor target = work.target();
        List<Side> peers = work.isLanguage()
                ? List.of(peer(work, network, input, target, false))
                : List.of(peer(work, network, input, target, false), peer(work, network, input, target, true));
        return new Contestants(retort(work, network, input, target), peers);
    }

    /// Retort's step; the loss of two steps is what the check compares.
    static Side retort(Workload work, Layer network, Tensor input, Tensor target) {
        network.train();
        Optimizer optimizer = work.isLanguage()
                ? new AdamW(network.namedParameters(), AdamW.config(ADAM_LR).withWeightDecay(ADAM_DECAY))
                : new SGD(
                        network.namedParameters(),
                        SGD.Config.of(SGD_LR).withMomentum(MOMENTUM).withWeightDecay(SGD_DECAY));
        DoubleSupplier step = () -> {
            optimizer.zeroGrad();
            Tensor logits = network.call(input);
            Tensor rows = logits.reshape(target.numel(), logits.size(-1));
            Tensor loss = CrossEntropy.defaults().of(rows, target).mean();
            Autograd.backward(loss, GradOptions.defaults().withRelease()); // as the training loops here do
            optimizer.step();
            return loss.item();
        };
        return steps("Retort", step);
    }

    /// libtorch's step with its one-pass optimiser kernels.
    static Side peer(Workload work, Layer network, Tensor input, Tensor target, boolean channelsLast) {
        TorchParameters parameters = new TorchParameters(network, channelsLast, true);
        UnaryOperator<org.bytedeco.pytorch.Tensor> forward = work.isLanguage()
                ? new TorchGpt(parameters, work.gpt())::forward
                : new TorchResNet(parameters, true, work != Workload.RESNET_20)::forward;
        TorchOptimizer optimizer = work.isLanguage()
                ? TorchOptimizer.adamW(parameters.trained(), ADAM_LR, ADAM_DECAY)
                : TorchOptimizer.sgd(parameters.trained(), SGD_LR, MOMENTUM, SGD_DECAY);
        org.bytedeco.pytorch.Tensor plain = Torch.of(input);
        org.bytedeco.pytorch.Tensor x = channelsLast ? Torch.channelsLast(plain) : plain;
        org.bytedeco.pytorch.Tensor wanted = Torch.of(target);
        DoubleSupplier step = () -> {
            try (PointerScope _ = new PointerScope()) {
                parameters.trained().forEach(Torch::dropGradient);
                org.bytedeco.pytorch.Tensor logits = forward.apply(x);
                org.bytedeco.pytorch.Tensor loss = torchLoss(logits.view(wanted.numel(), logits.size(-1)), wanted);
                loss.backward();
                optimizer.step();
                return loss.item_float();
            }
        };
        return steps(channelsLast ? Torch.CHANNELS_LAST : Torch.NAME, step);
    }

    private static Side steps(String name, DoubleSupplier step) {
        return new Side(
                name,
                () -> {
                    var _ = step.getAsDouble();
                },
                () -> new float[] {(float) step.getAsDouble(), (float) step.getAsDouble()});
    }

    private static org.bytedeco.pytorch.Tensor torchLoss(
            org.bytedeco.pytorch.Tensor logits, org.bytedeco.pytorch.Tensor target) {
        return torch.cross_entropy_loss(logits, target);
    }
}
