package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.DeviceStorage;
import dev.retort.opencl.runtime.Launch;
import dev.retort.opencl.runtime.Recipe;
import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Element-wise ops that wait to be computed together. An op on floating tensors only notes what it would
/// compute; the next one takes that up, and the first reader of another kind (a product, a sum, the host)
/// makes one kernel of all of them.
///
/// What several ops take up is computed by each of them: an element costs less than its way through
/// memory. A chain that grows beyond [#MOST] ops or the operands of a [Layout] begins anew with what
/// came before in memory.
///
/// @param task   the last op
/// @param shape  of the result
/// @param dtype  of operands and result, a floating one
/// @param result the last op and what it is applied to
record Chain(Task task, Shape shape, DType dtype, Term.Apply result) implements Recipe {
    private static final int MOST = 16;

    /// How often a chain has to be met before it gets a kernel of its own; until then its ops run one by
    /// one. The bits are the same.
    private static final int WORTHWHILE = 3;

    private static final Map<String, Integer> SEEN = new ConcurrentHashMap<>();
    private static final boolean ON = !"off".equals(System.getProperty("dev.retort.opencl.fusion"));

    /// What an element is computed from.
    sealed interface Term {
        /// An element of a window.
        record Leaf(Tensor window) implements Term {}

        /// A function of `kernels/pointwise.cl`; binary ones have no attributes p and q.
        record Apply(String function, double p, double q, List<Term> to) implements Term {
            boolean hasAttributes() {
                return !function.startsWith("binary_");
            }
        }
    }

    /// Whether results of this type wait.
    static boolean takes(DType dtype) {
        return ON && dtype.isFloating();
    }

    /// The result of a function of `kernels/pointwise.cl`, pending.
    static Tensor of(Task t, String function, double p, double q, Tensor... in) {
        Shape shape = t.out()[0].shape();
        DType dtype = t.out()[0].dtype();
        List<Term> terms = new ArrayList<>();
        for (Tensor x : in) {
            Chain before = before(x, shape, dtype);
            terms.add(before == null ? new Term.Leaf(x) : before.result);
        }
        Chain chain = new Chain(t, shape, dtype, new Term.Apply(function, p, q, terms));
        if (!chain.fits()) {
            List<Term> leaves = new ArrayList<>();
            for (Tensor x : in) {
                leaves.add(new Term.Leaf(x));
            }
            chain = new Chain(t, shape, dtype, new Term.Apply(function, p, q, leaves));
            Layout.ofResult(t.op().name(), shape, in); // says what does not fit
        }
        chain.realizeLeaves();
        return t.device().pending(t.out()[0], chain);
    }

    /// The chain that `x` waits for, if this one may take it up: element i of one is element i of the
    /// other.
    private static @Nullable Chain before(Tensor x, Shape shape, DType dtype) {
        return ((DeviceStorage) x.storage()).recipe() instanceof Chain chain
                        && chain.dtype == dtype
                        && chain.shape.equals(shape)
                        && x.shape().equals(shape)
                        && x.isContiguous()
                        && x.offset() == 0
                ? chain
                : null;
    }

    /// Computes what is read, but for one product whose epilogue this chain may be.
    private void realizeLeaves() {
        Tensor last = product();
        for (DeviceStorage read : reads()) {
            if (last == null || read != last.storage()) {
                read.realize();
            }
        }
    }

    /// The leaf that waits for this chain: a product, element i of which is element i of the result, and which is not
    /// read in another order as well; the last one of several.
    private @Nullable Tensor product() {
        List<Tensor> leaves = leaves();
        Tensor found = null;
        for (Tensor leaf : leaves) {
            if (((DeviceStorage) leaf.storage()).recipe() instanceof Product
                    && leaf.shape().equals(shape)
                    && leaf.isContiguous()
                    && leaf.offset() == 0
                    && leaves.stream()
                                    .filter(other -> other.storage() == leaf.storage())
                                    .count()
                            == 1) {
                found = leaf;
            }
        }
        return found;
    }

    private boolean fits() {
        return applies().size() <= MOST && Layout.fits(shape, leaves().toArray(Tensor[]::new));
    }

    /// The ops, each behind those that it is applied to.
    private List<Term.Apply> applies() {
        Map<Term.Apply, Integer> places = new IdentityHashMap<>();
        List<Term.Apply> order = new ArrayList<>();
        collect(result, places, order);
        return order;
    }

    private static void collect(Term.Apply apply, Map<Term.Apply, Integer> places, List<Term.Apply> order) {
        if (places.containsKey(apply)) {
            return;
        }
        for (Term term : apply.to) {
            if (term instanceof Term.Apply earlier) {
                collect(earlier, places, order);
            }
        }
        places.put(apply, order.size());
        order.add(apply);
    }

    /// The different windows that are read.
    private List<Tensor> leaves() {
        List<Tensor> leaves = new ArrayList<>();
        for (Term.Apply apply : applies()) {
            for (Term term : apply.to) {
                if (term instanceof Term.Leaf(Tensor window) && place(leaves, window) < 0) {
                    leaves.add(window);
                }
            }
        }
        return leaves;
    }

    private static int at(List<Term.Apply> order, Term.Apply apply) {
        int i = 0;
        while (order.get(i) != apply) { // not equals: it would walk through shared terms again and again
            i++;
        }
        return i;
    }

    private static int place(List<Tensor> leaves, Tensor window) {
        for (int i = 0; i < leaves.size(); i++) {
            Tensor own = leaves.get(i);
            if (own.storage() == window.storage()
                    && own.offset() == window.offset()
                    && own.shape().equals(window.shape())
                    && Arrays.equals(own.strides(), window.strides())) {
                return i;
            }
        }
        return -1;
    }

    @Override
    public List<DeviceStorage> reads() {
        List<DeviceStorage> reads = new ArrayList<>();
        leaves().forEach(leaf -> reads.add((DeviceStorage) leaf.storage()));
        return reads;
    }

    @Override
    public void compute(DeviceStorage storage) {
        List<Term.Apply> order = applies();
        Tensor before = product();
        if (before != null && ((DeviceStorage) before.storage()).recipe() instanceof Product product) {
            String definitions = "#define PRODUCT 1\n" + definitions(order, before);
            if (isWorthwhile(product.variant() + definitions)) {
                epilogue(product, before, order, definitions, storage);
                return;
            }
        }
        if (order.size() == 1) {
            applied(result, storage, Map.of());
            return;
        }
        String variant = Types.of(dtype) + definitions(order, null);
        if (!isWorthwhile(variant)) {
            oneByOne(order, storage);
            return;
        }
        List<Tensor> leaves = leaves();
        Layout layout = Layout.ofResult(task.op().name(), shape, leaves.toArray(Tensor[]::new));
        Launch launch = task.kernel("pointwise", task.wide(layout, variant), "chain")
                .struct(layout.fields())
                .buffer(storage);
        leaves.forEach(leaf -> launch.held((DeviceStorage) leaf.storage()));
        order.forEach(apply -> attributes(apply, launch));
        task.each(launch, layout);
    }

    private static boolean isWorthwhile(String variant) {
        return SEEN.merge(variant, 1, (seen, one) -> Math.min(seen + one, WORTHWHILE)) == WORTHWHILE;
    }

    /// Applies this chain to the elements of a product before they are stored.
    private void epilogue(
            Product product, Tensor before, List<Term.Apply> order, String definitions, DeviceStorage storage) {
        List<Tensor> leaves = leaves();
        Layout layout = Layout.ofResult(task.op().name(), shape, leaves.toArray(Tensor[]::new));
        DeviceStorage own = (DeviceStorage) before.storage();
        boolean keep = own.hasOtherReaders();
        own.realizeBy(() -> {
            Launch launch = product.launch("pointwise+", layout.variant(definitions), keep ? own : storage)
                    .struct(layout.fields())
                    .held(storage)
                    .ints(keep ? 1 : 0);
            for (Tensor leaf : leaves) {
                if (leaf.storage() != own) {
                    launch.held((DeviceStorage) leaf.storage());
                }
            }
            order.forEach(apply -> attributes(apply, launch));
            product.run(launch);
        });
    }

    /// The same without a kernel of its own, which would cost more to compile than it saves.
    private void oneByOne(List<Term.Apply> order, DeviceStorage storage) {
        Map<Term.Apply, Tensor> done = new IdentityHashMap<>();
        for (Term.Apply apply : order) {
            DeviceStorage to = apply == result ? storage : task.device().allocate(dtype, shape.numel());
            applied(apply, to, done);
            done.put(apply, Tensor.of(to, 0, shape, shape.contiguousStrides()));
        }
        done.remove(result);
        done.values().forEach(temporary -> temporary.storage().release());
    }

    /// One op by its own kernel, which has an operand each, also where two are the same window.
    private void applied(Term.Apply apply, DeviceStorage to, Map<Term.Apply, Tensor> done) {
        List<Tensor> operands = new ArrayList<>();
        for (Term term : apply.to) {
            operands.add(
                    switch (term) {
                        case Term.Leaf(Tensor window) -> window;
                        case Term.Apply earlier -> Objects.requireNonNull(done.get(earlier));
                    });
        }
        Layout layout = Layout.ofResult(task.op().name(), shape, operands.toArray(Tensor[]::new));
        Launch launch = task.kernel("pointwise", task.wide(layout, Types.of(dtype)), apply.function)
                .struct(layout.fields())
                .buffer(to);
        operands.forEach(operand -> launch.held((DeviceStorage) operand.storage()));
        attributes(apply, launch);
        task.each(launch, layout);
    }

    private void attributes(Term.Apply apply, Launch launch) {
        if (apply.hasAttributes()) {
            launch.scalar(dtype, apply.p).scalar(dtype, apply.q);
        }
    }

    /// The chain in the kernel language; the elements of `product`, if there is one, are at hand. Numbers are
    /// joined and not formatted: a locale may have digits that no compiler reads.
    private String definitions(List<Term.Apply> order, @Nullable Tensor product) {
        List<Tensor> leaves = leaves();
        StringBuilder parameters = new StringBuilder();
        StringBuilder values = new StringBuilder();
        for (int i = 1; i <= leaves.size(); i++) {
            if (product != null && leaves.get(i - 1).storage() == product.storage()) {
                values.append(" const A x").append(i).append(" = product_value;");
            } else {
                parameters.append(", __global const S* restrict in").append(i);
                values.append(" const A x" + i + " = LD(in" + i + ", at[" + i + "]);");
            }
        }
        for (int i = 0; i < order.size(); i++) {
            Term.Apply apply = order.get(i);
            List<String> arguments = new ArrayList<>();
            for (Term term : apply.to) {
                arguments.add(
                        switch (term) {
                            case Term.Leaf(Tensor window) -> "x" + (place(leaves, window) + 1);
                            case Term.Apply earlier -> "v" + at(order, earlier);
                        });
            }
            if (apply.hasAttributes()) {
                parameters.append(", const A p" + i + ", const A q" + i);
                arguments.add("p" + i);
                arguments.add("q" + i);
            }
            values.append(" const A v" + i + " = rounded(");
            values.append(apply.function + "_of(" + String.join(", ", arguments) + "));");
        }
        return "#define CHAIN 1\n#define CHAIN_OPERANDS " + (leaves.size() + 1) + "\n#define CHAIN_PARAMETERS "
                + parameters + "\n#define CHAIN_VALUES" + values + "\n#define CHAIN_RESULT v" + (order.size() - 1)
                + "\n";
    }
}
