package dev.retort.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.nn.Parameter;
import dev.retort.nn.optim.Adagrad;
import dev.retort.nn.optim.Adam;
import dev.retort.nn.optim.AdamW;
import dev.retort.nn.optim.Lion;
import dev.retort.nn.optim.Optimizer;
import dev.retort.nn.optim.RMSprop;
import dev.retort.nn.optim.SGD;
import dev.retort.opencl.runtime.ClDevice;
import dev.retort.tensor.Device;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Optimiser steps of many parameters in few launches.
class UpdateBatchOpenClTest {
    private static ClDevice device;

    @BeforeAll
    static void open() {
        device = TestDevice.opened();
    }

    @Test
    void aStepOfManyParametersIsAFewLaunchesAndTheSameAsOnTheCpu() {
        assertSame(p -> new AdamW(p, AdamW.config(0.01)));
        assertSame(p -> new Adam(p, Adam.Config.of(0.01).withWeightDecay(0.1)));
        assertSame(p -> new SGD(p, SGD.Config.of(0.1).withMomentum(0.9).withNesterov()));
        assertSame(p -> new SGD(p, SGD.Config.of(0.1)));
        assertSame(p -> new RMSprop(p, RMSprop.Config.of(0.01)));
        assertSame(p -> new Adagrad(p, Adagrad.Config.of(0.01)));
        assertSame(p -> new Lion(p, Lion.Config.of(0.01)));
    }

    /// Two steps of 35 parameters with 1 to 120 elements.
    private static void assertSame(Function<Map<String, Parameter>, Optimizer> optimizer) {
        Map<String, Parameter> expected = parameters(Device.CPU);
        Map<String, Parameter> actual = parameters(device.name());
        twoSteps(optimizer.apply(expected), expected);
        Optimizer own = optimizer.apply(actual);
        long launches = twoSteps(own, actual);
        String name = own.getClass().getSimpleName();
        assertThat(launches).as(name).isEqualTo(3);
        expected.forEach((key, parameter) -> {
            double[] want = parameter.tensor().toDoubles();
            double[] got = actual.get(key).tensor().toDoubles();
            for (int i = 0; i < want.length; i++) {
                assertThat(got[i]).as(name + " " + key).isCloseTo(want[i], within(1e-5));
            }
        });
    }

    /// Returns the launches of the second step: 35 sets, at most 16 each.
    private static long twoSteps(Optimizer optimizer, Map<String, Parameter> parameters) {
        long before = 0;
        for (int step = 0; step < 2; step++) {
            Rng rng = new Rng(20 + step);
            for (Parameter parameter : parameters.values()) {
                Tensor gradient = Random.normal(rng, parameter.shape().dims());
                parameter.tensor().grad(gradient.to(parameter.tensor().device()));
            }
            device.settle();
            before = device.launches();
            optimizer.step();
        }
        device.settle();
        return device.launches() - before;
    }

    private static Map<String, Parameter> parameters(Device where) {
        Map<String, Parameter> parameters = new LinkedHashMap<>();
        Rng rng = new Rng(3);
        for (int i = 0; i < 35; i++) {
            int[] shape = i % 3 == 0 ? new int[] {1 + i} : i % 3 == 1 ? new int[] {i, 3} : new int[] {};
            parameters.put("p" + i, new Parameter(Random.normal(rng, shape).to(where)));
        }
        return parameters;
    }

    /// What waits is seen by everything after it: reads, other kernels, another update of the same
    /// tensor, and a buffer that is given back.
    @Test
    void whatWaitsHappensFirst() {
        Tensor w = Tensor.of(new float[] {1, 2, 3}).to(device.name());
        Tensor g = Tensor.of(new float[] {1, 1, 1}).to(device.name());
        UpdateOp step = new UpdateOp.SgdStep(0.5, 0, 0, 0, false, true);

        w.update(step, g);
        assertThat(w.mul(2.0).toDoubles()).containsExactly(1, 3, 5);
        w.update(step, g);
        w.update(step, g);
        assertThat(w.toDoubles()).containsExactly(-0.5, 0.5, 1.5);
        w.update(step, w);
        w.update(step, g);
        assertThat(w.toDoubles()).containsExactly(-0.75, -0.25, 0.25);
        w.update(step, g);
        g.storage().release();
        Tensor other = Tensor.of(new float[] {100, 100, 100}).to(device.name());
        assertThat(w.toDoubles()).containsExactly(-1.25, -0.75, -0.25);
        assertThat(other.toDoubles()).containsExactly(100, 100, 100);
    }

    /// Windows onto parts of one buffer, and windows that are not contiguous.
    @Test
    void windowsAreUpdatedInPlace() {
        Tensor all = Tensor.zeros(4, 6).to(device.name());
        UpdateOp lerp = new UpdateOp.Lerp(0.5);

        all.slice(0, 0, 2).update(lerp, Tensor.ones(2, 6).to(device.name()));
        all.slice(0, 2, 4).update(lerp, Tensor.ones(2, 6).mul(3.0).to(device.name()));
        all.slice(1, 0, 2).update(lerp, Tensor.zeros(4, 2).to(device.name()));

        assertThat(all.slice(0, 0, 1).toDoubles()).containsExactly(0.25, 0.25, 0.5, 0.5, 0.5, 0.5);
        assertThat(all.slice(0, 3, 4).toDoubles()).containsExactly(0.75, 0.75, 1.5, 1.5, 1.5, 1.5);
    }
}
