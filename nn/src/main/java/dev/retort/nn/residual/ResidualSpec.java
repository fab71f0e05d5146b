package dev.retort.nn.residual;

import dev.retort.tensor.Rng;
import org.jspecify.annotations.Nullable;

/// Every kind of residual connection of this library, as data: what models take as one constructor
/// argument and command lines as a text.
///
/// ```java
/// ResidualSpec spec = ResidualSpec.parse("laurel-rw+lr:rank=16");
/// CifarResNet net = new CifarResNet(CifarResNet.Config.of(20, 10).withResidual(spec), rng);
/// ```
public sealed interface ResidualSpec extends ResidualFactory {
    /// x + f(x); see [PlainResidual].
    record Plain() implements ResidualSpec {
        @Override
        public String toString() {
            return SpecText.of(this);
        }
    }

    /// See [dev.retort.nn.residual.Laurel].
    ///
    /// @param config the parts and choices
    record OfLaurel(LaurelConfig config) implements ResidualSpec {
        @Override
        public String toString() {
            return SpecText.of(this);
        }
    }

    /// See [Gemma3nLaurel].
    ///
    /// @param rank r
    record Gemma3n(int rank) implements ResidualSpec {
        @Override
        public String toString() {
            return SpecText.of(this);
        }
    }

    /// See [ReZero].
    record OfReZero() implements ResidualSpec {
        @Override
        public String toString() {
            return SpecText.of(this);
        }
    }

    /// See [SkipInit].
    ///
    /// @param start the gain at first
    record OfSkipInit(double start) implements ResidualSpec {
        @Override
        public String toString() {
            return SpecText.of(this);
        }
    }

    /// See [LayerScale].
    ///
    /// @param start the scales at first
    record OfLayerScale(double start) implements ResidualSpec {
        @Override
        public String toString() {
            return SpecText.of(this);
        }
    }

    /// See [Highway].
    ///
    /// @param bias of the gates at first
    record OfHighway(double bias) implements ResidualSpec {
        @Override
        public String toString() {
            return SpecText.of(this);
        }
    }

    /// See [DenseFormer].
    record OfDenseFormer() implements ResidualSpec {
        @Override
        public String toString() {
            return SpecText.of(this);
        }
    }

    /// See [HyperConnection] and [ManifoldHyperConnection].
    ///
    /// @param lanes n
    /// @param kind  what the weights depend on
    record Hyper(int lanes, HyperKind kind) implements ResidualSpec {
        /// Checks the number of lanes.
        ///
        /// @throws IllegalArgumentException if it is below 2
        public Hyper {
            if (lanes < 2) {
                throw new IllegalArgumentException("hyper-connections: expects at least 2 lanes, got " + lanes);
            }
        }

        @Override
        public String toString() {
            return SpecText.of(this);
        }
    }

    /// See [ValueResidual]; the connections are plain.
    ///
    /// @param trained whether the share is a parameter
    record OfValues(boolean trained) implements ResidualSpec {
        @Override
        public String toString() {
            return SpecText.of(this);
        }
    }

    /// What the weights of hyper-connections depend on.
    enum HyperKind {
        /// Trained constants.
        STATIC,
        /// And the stream.
        DYNAMIC,
        /// And the mixing is doubly stochastic.
        MANIFOLD
    }

    @Override
    default Residual create(ResidualPlace place, Rng rng) {
        return switch (this) {
            case Plain _, OfValues _ -> new PlainResidual();
            case OfLaurel(LaurelConfig config) -> {
                boolean left = place.projected() && config.scope() == LaurelConfig.Scope.IDENTITY;
                yield left ? new PlainResidual() : new Laurel(config, place, rng);
            }
            case Gemma3n(int rank) -> place.subLayer() > 0 ? new PlainResidual() : new Gemma3nLaurel(rank, place, rng);
            case OfReZero _ -> new ReZero();
            case OfSkipInit(double start) -> new SkipInit(start);
            case OfLayerScale(double start) -> new LayerScale(place, start);
            case OfHighway(double bias) -> new Highway(place, bias, rng);
            case OfDenseFormer _ -> new DenseFormer(place);
            case Hyper(int lanes, HyperKind kind) ->
                kind == HyperKind.MANIFOLD
                        ? new ManifoldHyperConnection(lanes, place)
                        : new HyperConnection(lanes, kind == HyperKind.DYNAMIC, place);
        };
    }

    @Override
    default Placement placement() {
        return switch (this) {
            case OfLaurel(LaurelConfig config) -> config.placement();
            case OfDenseFormer _ -> Placement.PER_BLOCK;
            case Plain _, Gemma3n _, OfReZero _, OfSkipInit _, OfLayerScale _, OfHighway _, Hyper _, OfValues _ ->
                Placement.PER_SUBLAYER;
        };
    }

    @Override
    default int lanes() {
        return this instanceof Hyper hyper ? hyper.lanes : 1;
    }

    @Override
    default @Nullable ValueResidual values(int layer) {
        return this instanceof OfValues values ? new ValueResidual(layer == 0, values.trained) : null;
    }

    /// Reads `NAME` or `NAME:KEY=VALUE,...`, such as `plain`, `laurel-rw`, `laurel-rw+lr+pa:rank=32,lags=3`,
    /// `gemma3n:rank=8`, `rezero`, `skipinit`, `layerscale:start=0.1`, `highway`, `denseformer`,
    /// `hyper-static`, `hyper:lanes=4`, `mhc` or `value`.
    ///
    /// LAuReL's keys are `rank`, `lags`, `normaliser` (softmax2, softmax, sigmoid, sigmoid-pair,
    /// sigmoid-pair2, none), `weights` (scalar, channel), `init` (xavier, orthogonal), `pairs` (each,
    /// shared), `gamma`, `per` (block, sublayer) and `at` (all, identity).
    ///
    /// @throws IllegalArgumentException naming what is not known and what was expected
    static ResidualSpec parse(String text) {
        return SpecText.parse(text);
    }
}
