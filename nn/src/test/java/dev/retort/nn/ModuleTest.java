package dev.retort.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.autograd.ModulePath;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Dropout;
import dev.retort.nn.layer.Identity;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.ReLU;
import dev.retort.nn.layer.Sequential;
import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ModuleTest {
    private final Rng rng = new Rng(1);

    private Sequential model() {
        LinkedHashMap<String, Layer> parts = new LinkedHashMap<>();
        parts.put("fc1", new Linear(4, 3, rng));
        parts.put("block", new Sequential(new BatchNorm(3), new ReLU(), new Dropout(0.5, rng)));
        parts.put("fc2", new Linear(3, 2, rng));
        return new Sequential(parts);
    }

    @Test
    void namesAndOrderAreThoseOfRegistration() {
        assertThat(model().stateDict().keySet())
                .containsExactly(
                        "fc1.weight",
                        "fc1.bias",
                        "block.0.weight",
                        "block.0.bias",
                        "block.0.running_mean",
                        "block.0.running_var",
                        "block.0.num_batches_tracked",
                        "fc2.weight",
                        "fc2.bias");
        assertThat(model().modules().keySet())
                .containsExactly("", "fc1", "block", "block.0", "block.1", "block.2", "fc2");
        assertThat(model().parameterCount()).isEqualTo(15 + 6 + 8);
        assertThat(model().toString()).isEqualTo("""
                        Sequential()
                          fc1: Linear(4, 3)
                          block: Sequential()
                            0: BatchNorm(3, eps = 1.0E-5, momentum = 0.1)
                            1: ReLU()
                            2: Dropout(p = 0.5)
                          fc2: Linear(3, 2)""");
    }

    @Test
    void stateGoesFromOneModelToAnother() {
        Sequential a = model();
        Sequential b = model();
        Tensor x = Tensor.ones(2, 4);
        a.call(x);
        b.loadStateDict(a.stateDict());
        a.eval();
        b.eval();
        assertThat(b.call(x).toFloats()).isEqualTo(a.call(x).toFloats());
    }

    @Test
    void aStateThatDoesNotFitIsReportedWholeAndChangesNothing() {
        Sequential model = model();
        Map<String, Tensor> state = new LinkedHashMap<>(model.stateDict());
        state.replaceAll((name, tensor) -> tensor.copy());
        state.remove("fc1.bias");
        state.remove("block.0.running_var");
        state.put("fc2.weight", Tensor.zeros(5, 3));
        state.put("head.weight", Tensor.zeros(1));
        state.put("fc1.weight", Tensor.full(7, DType.F32, 3, 4));
        assertThatThrownBy(() -> model.loadStateDict(state))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("loadStateDict: the state does not fit Sequential; missing: fc1.bias, block.0.running_var;"
                        + " unexpected: head.weight; wrong shape: fc2.weight: expects [2, 3], got [5, 3]");
        assertThat(model.stateDict().get("fc1.weight").toFloats()).doesNotContain(7);
        assertThatThrownBy(() -> model.loadStateDict(state, false))
                .hasMessageNotContaining("missing")
                .hasMessageContaining("wrong shape");
        state.remove("fc2.weight");
        model.loadStateDict(state, false);
        assertThat(model.stateDict().get("fc1.weight").toFloats()).containsOnly(7);
    }

    @Test
    void theBatchCounterMayBeMissing() {
        Sequential model = model();
        Map<String, Tensor> state = new LinkedHashMap<>(model.stateDict());
        state.remove("block.0.num_batches_tracked");
        model.loadStateDict(state);
        assertThat(model.stateDict()).containsKey("block.0.num_batches_tracked");
    }

    @Test
    void hooksSeeInputAndOutputUntilTheyAreClosed() {
        Sequential model = model();
        model.eval();
        List<Tensor> seen = new ArrayList<>();
        Tensor x = Tensor.ones(2, 4);
        try (ModuleHook _ = model.module("block.1").hook((m, in, out) -> seen.addAll(List.of(in[0], out[0])))) {
            model.call(x);
        }
        model.call(x);
        assertThat(seen).hasSize(2);
        assertThat(seen.get(0).relu().toFloats()).isEqualTo(seen.get(1).toFloats());
    }

    @Test
    void hooksMayReplaceInputsAndOutputs() {
        Layer layer = new Identity();
        ForwardHook hook = new ForwardHook() {
            @Override
            public void before(Module module, Tensor[] inputs) {
                inputs[0] = inputs[0].mul(3);
            }

            @Override
            public void after(Module module, Tensor[] inputs, Tensor[] outputs) {
                outputs[0] = outputs[0].add(1);
            }
        };
        try (ModuleHook _ = layer.hook(hook)) {
            assertThat(layer.call(Tensor.scalar(2)).item()).isEqualTo(7);
        }
        assertThat(layer.call(Tensor.scalar(2)).item()).isEqualTo(2);
    }

    @Test
    void theSameHookTwiceIsRemovedOneByOne() {
        int[] calls = {0};
        ForwardHook hook = (m, in, out) -> calls[0]++;
        Layer layer = new Identity();
        ModuleHook first = layer.hook(hook);
        ModuleHook second = layer.hook(hook);
        layer.call(Tensor.scalar(1));
        first.close();
        first.close();
        layer.call(Tensor.scalar(1));
        second.close();
        layer.call(Tensor.scalar(1));
        assertThat(calls[0]).isEqualTo(3);
    }

    @Test
    void errorsAndAutogradKnowThePath() {
        Sequential model = model();
        List<String> paths = new ArrayList<>();
        try (ModuleHook _ = model.module("block.1").hook((m, in, out) -> {
            paths.add(ModulePath.current());
            paths.add(Module.current() == m ? m.path() : "other");
        })) {
            model.call(Tensor.ones(2, 4));
        }
        assertThat(paths).containsExactly("block.1", "block.1");
        assertThat(ModulePath.current()).isEmpty();
        assertThat(Module.current()).isNull();
        assertThatThrownBy(() -> model.call(Tensor.ones(2, 5)))
                .isInstanceOf(ModuleException.class)
                .hasMessageStartingWith("fc1: linear: ");
        assertThat(ModulePath.current()).as("left after the error").isEmpty();
    }

    @Test
    void pathsThatDoNotExistSayWhatDoes() {
        assertThatThrownBy(() -> model().module("block.7"))
                .hasMessage("module: no module 'block.7': 'block' has children [0, 1, 2]");
        assertThatThrownBy(() -> model().module("body"))
                .hasMessage("module: no module 'body': the root has children [fc1, block, fc2]");
        Sequential model = model();
        assertThat(model.module("")).isSameAs(model);
    }

    @Test
    void modesAndFreezingReachTheWholeTree() {
        Sequential model = model();
        model.eval();
        assertThat(model.modules().values()).noneMatch(Module::isTraining);
        model.train();
        assertThat(model.modules().values()).allMatch(Module::isTraining);
        model.call(Tensor.ones(3, 4)).sum().backward();
        model.freeze();
        assertThat(model.trainableParameterCount()).isZero();
        assertThat(model.parameters()).allMatch(p -> p.grad() == null);
        assertThat(model.call(Tensor.ones(3, 4)).requiresGrad()).isFalse();
        model.module("fc2").unfreeze();
        assertThat(model.trainableParameterCount()).isEqualTo(8);
    }

    @Test
    void conversionKeepsValuesAndIntegerBuffers() {
        Sequential model = model();
        float[] before = model.stateDict().get("fc1.weight").toFloats();
        model.to(DType.F64);
        assertThat(model.stateDict().get("fc1.weight").dtype()).isEqualTo(DType.F64);
        assertThat(model.stateDict().get("block.0.running_mean").dtype()).isEqualTo(DType.F64);
        assertThat(model.stateDict().get("block.0.num_batches_tracked").dtype()).isEqualTo(DType.I64);
        assertThat(model.stateDict().get("fc1.weight").toFloats()).isEqualTo(before);
        assertThat(model.parameters()).allMatch(p -> p.tensor().requiresGrad());
    }

    @Test
    void tiedWeightsCountOnceAndAreSavedUnderBothNames() {
        final class Tied extends Layer {
            private final Linear first = child("first", new Linear(2, 2, rng));
            private final Parameter again = parameter("again", first.weight());

            @Override
            protected Tensor forward(Tensor x) {
                return first.call(x).linear(again.value(), null);
            }
        }
        Tied model = new Tied();
        assertThat(model.parameterCount()).isEqualTo(6);
        assertThat(model.stateDict().keySet()).containsExactly("again", "first.weight", "first.bias");
        assertThat(model.namedParameters().keySet()).containsExactly("again", "first.bias");
    }

    @Test
    void namesAreCheckedOnRegistration() {
        final class Wrong extends Module {
            Wrong(String name) {
                parameter("weight", Tensor.zeros(1));
                buffer(name, Tensor.zeros(1));
            }
        }
        assertThatThrownBy(() -> new Wrong("weight")).hasMessage("module: the name 'weight' is taken in Wrong");
        assertThatThrownBy(() -> new Wrong("a.b")).hasMessageContaining("without dots, got 'a.b'");
    }
}
