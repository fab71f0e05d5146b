package dev.retort.nn.golden;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.nn.Parameter;
import dev.retort.nn.optim.Adagrad;
import dev.retort.nn.optim.Adam;
import dev.retort.nn.optim.AdamW;
import dev.retort.nn.optim.LrScheduler;
import dev.retort.nn.optim.Optimizer;
import dev.retort.nn.optim.RMSprop;
import dev.retort.nn.optim.ReduceOnPlateau;
import dev.retort.nn.optim.SGD;
import dev.retort.nn.optim.Schedule;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Paths of parameters under fixed gradients, and learning rates, are PyTorch's.
class GoldenOptimizerTest {
    @TestFactory
    Stream<DynamicTest> optimizersAgreeWithPyTorch() {
        Map<String, Function<Map<String, Parameter>, Optimizer>> makers = new LinkedHashMap<>();
        makers.put("sgd", p -> new SGD(p, SGD.Config.of(0.1)));
        makers.put("sgd_momentum", p -> new SGD(p, new SGD.Config(0.1, 0.9, 0.2, 0.01, false)));
        makers.put(
                "sgd_nesterov",
                p -> new SGD(
                        p,
                        SGD.Config.of(0.1)
                                .withMomentum(0.9)
                                .withWeightDecay(0.01)
                                .withNesterov()));
        makers.put("adam", p -> new Adam(p, Adam.Config.of(0.05).withWeightDecay(0.01)));
        makers.put("adamw", p -> new AdamW(p, AdamW.config(0.05)));
        makers.put("rmsprop", p -> new RMSprop(p, RMSprop.Config.defaults()));
        makers.put(
                "rmsprop_momentum", p -> new RMSprop(p, RMSprop.Config.of(0.02).withMomentum(0.9)));
        makers.put("adagrad", p -> new Adagrad(p, Adagrad.Config.of(0.05)));
        return makers.entrySet().stream()
                .map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> follow(entry.getKey(), entry.getValue())));
    }

    private static void follow(String name, Function<Map<String, Parameter>, Optimizer> maker) {
        Parameter parameter = new Parameter(Golden.get("optim/in/start"));
        Optimizer optimizer = maker.apply(Map.of("w", parameter));
        Tensor gradients = Golden.get("optim/in/gradients");
        Tensor path = Golden.get("optim/out/" + name);
        for (int i = 0; i < gradients.size(0); i++) {
            parameter.tensor().grad(gradients.select(0, i).contiguous());
            optimizer.step();
            Golden.assertClose("step " + i, parameter.tensor(), path.select(0, i), 1e-6);
        }
    }

    @TestFactory
    Stream<DynamicTest> schedulesAgreeWithPyTorch() {
        Map<String, Schedule> schedules = new LinkedHashMap<>();
        schedules.put("step", Schedule.step(3, 0.2));
        schedules.put("multi_step", Schedule.multiStep(0.1, 2, 7));
        schedules.put("cosine", Schedule.cosine(0, 12, 0.1));
        schedules.put("polynomial", Schedule.polynomial(10, 2, 0));
        schedules.put("one_cycle", Schedule.oneCycle(12));
        return schedules.entrySet().stream()
                .map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> {
                    Optimizer optimizer = sgd();
                    LrScheduler scheduler = new LrScheduler(optimizer, entry.getValue());
                    for (double expected :
                            Golden.get("schedule/" + entry.getKey()).toDoubles()) {
                        assertThat(optimizer.lr()).isCloseTo(expected, Offset.offset(1e-12));
                        scheduler.step();
                    }
                }));
    }

    @Test
    void plateauAgreesWithPyTorch() {
        Optimizer optimizer = sgd();
        ReduceOnPlateau plateau = new ReduceOnPlateau(optimizer, false, 0.1, 2);
        double[] metric = Golden.get("schedule/metric").toDoubles();
        double[] rates = Golden.get("schedule/plateau").toDoubles();
        for (int i = 0; i < rates.length; i++) {
            assertThat(optimizer.lr()).as("step " + i).isCloseTo(rates[i], Offset.offset(1e-12));
            plateau.step(metric[i]);
        }
        assertThat(optimizer.lr()).isLessThan(0.5);
    }

    private static Optimizer sgd() {
        return new SGD(Map.of("w", new Parameter(Tensor.zeros(1))), SGD.Config.of(0.5));
    }
}
