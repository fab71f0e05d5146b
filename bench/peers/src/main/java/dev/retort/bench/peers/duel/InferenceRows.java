package dev.retort.bench.peers.duel;

import dev.retort.autograd.Autograd;
import dev.retort.bench.peers.duel.Contest.Contestants;
import dev.retort.nn.Layer;
import dev.retort.nn.inference.InferenceSession;
import dev.retort.nn.inference.NarrowWeights;
import dev.retort.nn.inference.WeightPrecision;
import dev.retort.nn.models.CifarResNet;
import dev.retort.nn.models.ResNet;
import dev.retort.nn.transformer.DecoderContext;
import dev.retort.nn.transformer.Gpt2;
import dev.retort.nn.transformer.KeyValueCache;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.jspecify.annotations.Nullable;

/// Answering: pictures alone and in batches, a small transformer alone, prompts and decoding of GPT-2 small.
final class InferenceRows {
    private static final int PROMPT = 64;
    private static final int DECODED = 32;

    private InferenceRows() {}

    static List<Contest> all() {
        return List.of(
                pictures("ResNet-20 32x32 b1", 1, 32, true, rng -> new CifarResNet(CifarResNet.Config.of(20, 10), rng)),
                pictures("ResNet-50 224x224 b1", 1, 224, true, rng -> new ResNet(ResNet.Config.of(50, 1000), rng)),
                pictures("ResNet-50 224x224 b16", 16, 224, false, rng -> new ResNet(ResNet.Config.of(50, 1000), rng)),
                transformer(),
                new Contest("infer GPT-2 small 64-token prompt", 0, 0, 2e-3, true, () -> gpt2(0, null)),
                new Contest(
                        "infer GPT-2 small 64-token prompt + 32 decoded", 0, 0, 2e-3, false, () -> gpt2(DECODED, null)),
                decoding("bf16 weights", WeightPrecision.BF16, 0.03),
                decoding("int8 weights", WeightPrecision.INT8, 0.05));
    }

    /// With narrow weights on our side alone: the peer has no such product for float32 inputs.
    private static Contest decoding(String name, WeightPrecision precision, double tolerance) {
        String work = "infer GPT-2 small 64-token prompt + 32 decoded, " + name + " against float32";
        return new Contest(work, 0, 0, tolerance, false, () -> gpt2(DECODED, precision));
    }

    /// Makes a network.
    private interface Maker {
        Layer make(Rng rng);
    }

    /// A network with a few training passes behind it, so that its running statistics are those of its inputs.
    private static Layer settled(Layer network, Tensor x) {
        network.train();
        try (var _ = Autograd.noGrad()) {
            for (int i = 0; i < 3; i++) {
                var _ = network.call(x);
            }
        }
        network.eval();
        return network;
    }

    private static Contest pictures(String name, int batch, int extent, boolean quick, Maker maker) {
        return new Contest("infer " + name, 0, 0, 2e-3, quick, () -> {
            Rng rng = new Rng(1);
            Tensor x = Random.normal(rng, batch, 3, extent, extent);
            Layer network = settled(maker.make(rng), Random.normal(rng, 2, 3, extent, extent));
            InferenceSession session = InferenceSession.of(network, x);
            boolean pooled = extent == 224;
            return new Contestants(
                    Sides.of(() -> session.call(x)),
                    List.of(
                            peer(network, x, pooled, false, false),
                            peer(network, x, pooled, true, false),
                            peer(network, x, pooled, true, true)));
        });
    }

    private static Side peer(Layer network, Tensor x, boolean pooled, boolean channelsLast, boolean folded) {
        try (AutoGradMode _ = new AutoGradMode(false)) {
            TorchResNet plain = new TorchResNet(new TorchParameters(network, channelsLast, false), false, pooled);
            TorchResNet net = folded ? plain.folded(channelsLast) : plain;
            org.bytedeco.pytorch.Tensor input = channelsLast ? Torch.channelsLast(Torch.of(x)) : Torch.of(x);
            String name = (channelsLast ? Torch.CHANNELS_LAST : Torch.NAME) + (folded ? ", norms folded" : "");
            return Torch.side(name, () -> net.forward(input));
        }
    }

    /// About a million parameters, 64 tokens.
    private static Contest transformer() {
        return new Contest("infer transformer 1M T64 b1", 0, 0, 2e-3, true, () -> {
            Gpt2.Config config = Gpt2.Config.of(1000, PROMPT, 128, 4, 4);
            Gpt2 network = new Gpt2(config, new Rng(1));
            network.eval();
            Tensor ids = TrainingRows.integers(1, PROMPT, config.vocabulary());
            InferenceSession session = InferenceSession.of(network, ids);
            TorchGpt peer = new TorchGpt(new TorchParameters(network, false, false), config);
            org.bytedeco.pytorch.Tensor input = Torch.of(ids);
            return new Contestants(
                    Sides.of(() -> session.call(ids)), List.of(Torch.side(Torch.NAME, () -> peer.forward(input))));
        });
    }

    private static Contestants gpt2(int decoded, @Nullable WeightPrecision precision) {
        Gpt2.Config config = Gpt2.Config.small();
        Gpt2 network = new Gpt2(config, new Rng(1));
        network.eval();
        Tensor prompt = TrainingRows.integers(1, PROMPT, config.vocabulary());
        Tensor token = TrainingRows.integers(1, 1, config.vocabulary());
        if (precision != null) {
            NarrowWeights.use(network, precision);
        }
        Supplier<Tensor> ours = () -> {
            try (var _ = Autograd.noGrad()) {
                KeyValueCache cache = network.cache(PROMPT + DECODED);
                Tensor logits = network.next(prompt, DecoderContext.of(cache));
                for (int i = 0; i < decoded; i++) {
                    logits = network.next(token, DecoderContext.of(cache));
                }
                return logits;
            }
        };
        TorchGpt peer = new TorchGpt(new TorchParameters(network, false, false), config);
        peer.openCache(PROMPT + DECODED);
        org.bytedeco.pytorch.Tensor first = Torch.of(prompt);
        org.bytedeco.pytorch.Tensor next = Torch.of(token);
        return new Contestants(Sides.of(ours), List.of(Torch.side(Torch.NAME, () -> {
            peer.rewind(0);
            org.bytedeco.pytorch.Tensor logits = peer.next(first);
            for (int i = 1; i < decoded; i++) {
                step(peer, next);
            }
            return decoded == 0 ? logits : peer.next(next);
        })));
    }

    /// One token whose logits nobody reads; what it leaves behind is freed before the next.
    private static void step(TorchGpt peer, org.bytedeco.pytorch.Tensor token) {
        try (PointerScope _ = new PointerScope()) {
            var _ = peer.next(token);
        }
    }
}
