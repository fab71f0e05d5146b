package dev.retort.tensor;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Einstein summation as in NumPy and PyTorch: each operand's dimensions get letters; letters that are
/// not in the result are summed over.
///
/// `"ij,jk->ik"` is a matrix product, `"bij,bjk->bik"` a batched one, `"ii->i"` a diagonal, `"i,j->ij"`
/// an outer product. `...` stands for any leading dimensions, which broadcast. Without `->` the result
/// has the `...` dimensions and then the letters that occur once, in alphabetical order (capitals first).
/// Extents of 1 broadcast.
///
/// Operands are combined from left to right by permutations, products and sums, so gradients of any
/// order flow.
final class Einsum {
    private final String equation;
    private final List<List<Integer>> labels = new ArrayList<>(); // of each operand; `...` dimensions are −1, −2, …
    private final Map<Integer, Integer> extents = new TreeMap<>();
    private List<Integer> output = List.of();

    private Einsum(String equation) {
        this.equation = equation;
    }

    static Tensor of(String equation, Tensor... operands) {
        Einsum sum = new Einsum(equation);
        sum.parse(operands);
        return sum.contract(operands);
    }

    private OpException fail(String message) {
        return new OpException("einsum: " + message + " in \"" + equation + "\"");
    }

    // ---- reading the equation -------------------------------------------------------------------------------------

    private void parse(Tensor[] operands) {
        String text = equation.replaceAll("\\s", "");
        int arrow = text.indexOf("->");
        String[] terms = (arrow < 0 ? text : text.substring(0, arrow)).split(",", -1);
        if (operands.length == 0 || terms.length != operands.length) {
            throw fail(
                    "expects one term an operand, got " + operands.length + " operands and " + terms.length + " terms");
        }
        int leading = 0;
        for (int i = 0; i < terms.length; i++) {
            List<Integer> own = term(terms[i], operands[i]);
            labels.add(own);
            leading = Math.max(leading, (int) own.stream().filter(l -> l < 0).count());
            for (int d = 0; d < own.size(); d++) {
                extent(own.get(d), operands[i].size(d));
            }
        }
        output = arrow < 0 ? implicitOutput(leading) : explicitOutput(text.substring(arrow + 2), leading);
    }

    /// The labels of one operand, `...` filled with as many dimensions as are left.
    private List<Integer> term(String term, Tensor operand) {
        int dots = term.indexOf("...");
        String letters = dots < 0 ? term : term.substring(0, dots) + term.substring(dots + 3);
        int left = operand.rank() - letters.length();
        if (dots < 0 ? left != 0 : left < 0) {
            throw fail("term \"" + term + "\" does not fit an operand of shape " + operand.shape());
        }
        return expanded(letters, dots, left);
    }

    private List<Integer> expanded(String letters, int dots, int count) {
        List<Integer> out = new ArrayList<>();
        for (int i = 0; i <= letters.length(); i++) {
            if (i == dots) {
                for (int k = count; k >= 1; k--) {
                    out.add(-k); // aligned at the last one
                }
            }
            if (i < letters.length()) {
                char c = letters.charAt(i);
                if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z')) {
                    throw fail("expects letters and one ... a term, got '" + c + "'");
                }
                out.add((int) c);
            }
        }
        return out;
    }

    private void extent(int label, int size) {
        int known = extents.getOrDefault(label, 1);
        if (known != 1 && size != 1 && known != size) {
            throw fail((label < 0 ? "dimensions of ..." : "label " + (char) label) + " must have one extent, got "
                    + known + " and " + size);
        }
        extents.put(label, known == 1 ? size : known);
    }

    private List<Integer> implicitOutput(int leading) {
        List<Integer> out = expanded("", 0, leading);
        for (int label : extents.keySet()) {
            long uses = labels.stream()
                    .flatMap(List::stream)
                    .filter(l -> l == label)
                    .count();
            if (label > 0 && uses == 1) {
                out.add(label);
            }
        }
        return out;
    }

    private List<Integer> explicitOutput(String term, int leading) {
        int dots = term.indexOf("...");
        String letters = dots < 0 ? term : term.substring(0, dots) + term.substring(dots + 3);
        List<Integer> out = expanded(letters, dots, leading);
        for (int label : out) {
            if (!extents.containsKey(label)) {
                throw fail("label " + (char) label + " of the result is in no operand");
            }
            if (Collections.frequency(out, label) > 1) {
                throw fail("label " + (char) label + " is twice in the result");
            }
        }
        return out;
    }

    // ---- computing ------------------------------------------------------------------------------------------------

    private Tensor contract(Tensor[] operands) {
        DType dtype = operands[0].dtype();
        for (Tensor operand : operands) {
            dtype = dtype.promote(operand.dtype());
        }
        Tensor result = diagonals(operands[0].to(dtype), labels.get(0));
        List<Integer> have = labels.get(0);
        for (int i = 1; i < operands.length; i++) {
            Tensor next = diagonals(operands[i].to(dtype), labels.get(i));
            List<Integer> needed = new ArrayList<>(output);
            labels.subList(i + 1, labels.size()).forEach(needed::addAll);
            Pair pair = new Pair(have, labels.get(i), needed);
            result = pair.product(result, next);
            have = pair.kept();
        }
        result = sumOut(result, have, output);
        int[] order = new int[output.size()];
        for (int d = 0; d < order.length; d++) {
            order[d] = have.indexOf(output.get(d));
        }
        return result.permute(order).to(dtype);
    }

    /// Replaces dimensions with the same label by their diagonal; `own` loses the repeated labels.
    private static Tensor diagonals(Tensor x, List<Integer> own) {
        Tensor result = x;
        for (int d = 0; d < own.size(); d++) {
            int again = own.lastIndexOf(own.get(d));
            if (again != d) {
                int label = own.get(d);
                result = sameExtent(result, d, again).diagonal(0, d, again); // the diagonal becomes the last dimension
                own.remove(again);
                own.remove(d);
                own.add(label);
                d = -1;
            }
        }
        return result;
    }

    private static Tensor sameExtent(Tensor x, int a, int b) {
        int[] dims = x.shape().dims();
        dims[a] = dims[a] == 1 ? dims[b] : dims[a];
        dims[b] = dims[a];
        return x.expand(dims);
    }

    /// Sums over the dimensions whose label is not needed; `own` loses them.
    private static Tensor sumOut(Tensor x, List<Integer> own, List<Integer> needed) {
        int[] gone = IntStream.range(0, own.size())
                .filter(d -> !needed.contains(own.get(d)))
                .toArray();
        own.retainAll(needed);
        return gone.length == 0 ? x : x.sum(gone);
    }

    /// Two operands: labels in both and needed are batch, labels in both and not needed are contracted.
    private final class Pair {
        private final List<Integer> left;
        private final List<Integer> right;
        private final List<Integer> needed;
        private final List<Integer> batch = new ArrayList<>();
        private final List<Integer> contracted = new ArrayList<>();
        private final List<Integer> rows = new ArrayList<>();
        private final List<Integer> columns = new ArrayList<>();

        Pair(List<Integer> left, List<Integer> right, List<Integer> needed) {
            this.left = left;
            this.right = right;
            this.needed = needed;
            for (int label : left) {
                if (right.contains(label)) {
                    (needed.contains(label) ? batch : contracted).add(label);
                } else if (needed.contains(label)) {
                    rows.add(label);
                }
            }
            for (int label : right) {
                if (!left.contains(label) && needed.contains(label)) {
                    columns.add(label);
                }
            }
        }

        /// Labels of the product.
        List<Integer> kept() {
            List<Integer> kept = new ArrayList<>(batch);
            kept.addAll(rows);
            kept.addAll(columns);
            return kept;
        }

        Tensor product(Tensor a, Tensor b) {
            List<Integer> wantedLeft = new ArrayList<>(needed);
            wantedLeft.addAll(contracted);
            Tensor x = shared(sumOut(a, left, wantedLeft), left);
            Tensor y = shared(sumOut(b, right, wantedLeft), right);
            if (contracted.isEmpty()) {
                return arranged(x, left, kept()).mul(arranged(y, right, kept()));
            }
            Tensor matrices = arranged(x, left, joined(batch, rows, contracted))
                    .reshape(numel(x, left, batch), numel(x, left, rows), numel(x, left, contracted))
                    .matmul(arranged(y, right, joined(batch, contracted, columns))
                            .reshape(numel(y, right, batch), numel(y, right, contracted), numel(y, right, columns)));
            return matrices.reshape(dims(x, y));
        }

        /// Extents of 1 expanded where the label is in both operands.
        private Tensor shared(Tensor x, List<Integer> own) {
            int[] dims = x.shape().dims();
            for (int d = 0; d < dims.length; d++) {
                if (batch.contains(own.get(d)) || contracted.contains(own.get(d))) {
                    dims[d] = pairExtent(own.get(d), dims[d]);
                }
            }
            return x.expand(dims);
        }

        private int pairExtent(int label, int size) {
            return size == 1 ? extents.getOrDefault(label, size) : size;
        }

        /// Dimensions in the order of `order`; extents of 1 for labels that the operand does not have.
        private Tensor arranged(Tensor x, List<Integer> own, List<Integer> order) {
            int[] present =
                    order.stream().filter(own::contains).mapToInt(own::indexOf).toArray();
            Tensor moved = x.permute(present);
            int[] dims = new int[order.size()];
            int at = 0;
            for (int d = 0; d < dims.length; d++) {
                dims[d] = own.contains(order.get(d)) ? moved.size(at++) : 1;
            }
            return moved.reshape(dims);
        }

        private int[] dims(Tensor x, Tensor y) {
            return kept().stream()
                    .mapToInt(
                            label -> left.contains(label) ? x.size(left.indexOf(label)) : y.size(right.indexOf(label)))
                    .toArray();
        }

        private static int numel(Tensor x, List<Integer> own, List<Integer> of) {
            return of.stream().mapToInt(label -> x.size(own.indexOf(label))).reduce(1, Math::multiplyExact);
        }

        private static List<Integer> joined(List<Integer> a, List<Integer> b, List<Integer> c) {
            return Stream.of(a, b, c).flatMap(List::stream).toList();
        }
    }
}
