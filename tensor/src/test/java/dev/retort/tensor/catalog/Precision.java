package dev.retort.tensor.catalog;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import java.util.List;

/// Compares results in a narrow dtype with those in `F64` from the same (rounded) inputs. As a program it
/// does so for every sample in `F32`, prints what disagrees and fails if anything did: for runs with
/// another vector width.
public final class Precision {
    private Precision() {}

    /// Runs the whole catalogue in `F32`, or the ops whose names start with the argument.
    public static void main(String[] args) {
        String prefix = args.length == 0 ? "" : args[0];
        int failures = 0;
        int checks = 0;
        for (OpSpec spec : OpCatalog.all()) {
            for (Sample sample : spec.name().startsWith(prefix) ? spec.samples() : List.<Sample>of()) {
                try {
                    assertAgrees(spec, sample, DType.F32, spec.tolerance(Close.eps(DType.F32)));
                    checks++;
                } catch (AssertionError e) {
                    System.out.println(e.getMessage());
                    failures++;
                }
            }
        }
        System.out.println(checks + " samples agree, " + failures + " do not");
        System.exit(failures == 0 ? 0 : 1);
    }

    /// The results in `dtype` are close to those in `F64`; integer results are equal.
    static void assertAgrees(OpSpec spec, Sample sample, DType dtype, double tolerance) {
        Tensor[] low = sample.inputs(dtype);
        Tensor[] wide = new Tensor[low.length];
        for (int i = 0; i < low.length; i++) {
            wide[i] = low[i].dtype() == dtype ? low[i].to(DType.F64) : low[i];
        }
        Tensor[] actual = sample.run(low);
        Tensor[] expected = sample.run(wide);
        for (int i = 0; i < actual.length; i++) {
            String what = spec.name() + ", " + sample + ", " + dtype + ", result " + i;
            Tensor rounded = expected[i].to(actual[i].dtype()); // overflows where the narrow dtype does
            Close.assertClose(what, actual[i], rounded, actual[i].dtype().isFloating() ? tolerance : 0);
        }
    }
}
