package dev.retort.autograd.vjp;

import static dev.retort.autograd.vjp.Rule.wrt;

import dev.retort.tensor.op.SortOp;

/// Gradients of [SortOp]: each value's gradient goes back to the place it came from.
final class SortVjp {
    private SortVjp() {}

    static Rule of(SortOp op) {
        return switch (op) {
            // y_i = x[index_i]: dx[index_i] = g_i
            case SortOp.Sort(int dim, boolean _) ->
                Rule.of(wrt(0, Saved.outputs(1), c -> Adjoints.place(c, dim, c.output(1), c.g())));
            // y_i = x[index_i]: dx[index_i] = g_i, 0 at the places that were not chosen
            case SortOp.TopK(int k, int dim, boolean _) ->
                Rule.of(wrt(0, Saved.outputs(1), c -> Adjoints.place(c, dim, c.output(1), c.g())));
        };
    }
}
