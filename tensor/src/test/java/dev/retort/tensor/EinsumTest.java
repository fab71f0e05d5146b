package dev.retort.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EinsumTest {
    private static final Rng RNG = new Rng(1);

    private static Tensor random(int... shape) {
        return Random.normal(RNG, 0, 1, DType.F64, shape);
    }

    /// The definition: for each value of all labels, the product of the operands is added to the
    /// result's element.
    private static Tensor naive(String[] terms, String output, Tensor... operands) {
        Map<Character, Integer> extents = new LinkedHashMap<>();
        for (int i = 0; i < terms.length; i++) {
            for (int d = 0; d < terms[i].length(); d++) {
                extents.merge(terms[i].charAt(d), operands[i].size(d), Math::max);
            }
        }
        Set<Character> names = new LinkedHashSet<>(extents.keySet());
        Shape shape = Shape.of(output.chars().map(c -> extents.get((char) c)).toArray());
        double[] result = new double[shape.numel()];
        add(terms, output, operands, List.copyOf(names), extents, new LinkedHashMap<>(), shape, result);
        return Tensor.wrap(DType.F64, result).reshape(shape);
    }

    private static void add(
            String[] terms,
            String output,
            Tensor[] operands,
            List<Character> open,
            Map<Character, Integer> extents,
            Map<Character, Integer> values,
            Shape shape,
            double[] result) {
        if (!open.isEmpty()) {
            for (int v = 0; v < extents.get(open.getFirst()); v++) {
                values.put(open.getFirst(), v);
                add(terms, output, operands, open.subList(1, open.size()), extents, values, shape, result);
            }
            return;
        }
        double product = 1;
        for (int i = 0; i < terms.length; i++) {
            int[] at = new int[terms[i].length()];
            for (int d = 0; d < at.length; d++) {
                at[d] = Math.min(values.get(terms[i].charAt(d)), operands[i].size(d) - 1);
            }
            product *= operands[i].get(at);
        }
        int to = 0;
        int[] strides = shape.contiguousStrides();
        for (int d = 0; d < strides.length; d++) {
            to += values.get(output.charAt(d)) * strides[d];
        }
        result[to] += product;
    }

    @ParameterizedTest
    @CsvSource({
        "'ij,jk->ik'",
        "'ij,jk->ki'",
        "'bij,bjk->bik'",
        "'ij->ji'",
        "'ij->'",
        "'ii->i'",
        "'ii->'",
        "'iij->j'",
        "'iji->j'",
        "'i,j->ij'",
        "'ij,ij->ij'",
        "'ij,ij->i'",
        "'i,i->'",
        "'ijk,jil->kl'",
        "'ij,jk,kl->il'",
        "'ij,kj->k'",
        "'bhid,bhjd->bhij'",
        "'i,ij,j->'",
        "'ab,ac,ad->bcd'",
        "'ijk->kj'",
        "'aabb->ba'",
        "'ij,i->ji'",
        "'abc,cd,be->ade'",
        "'iij,jkk->ik'"
    })
    void agreesWithTheDefinition(String equation) {
        String[] sides = equation.split("->", -1);
        String[] terms = sides[0].split(",");
        Tensor[] operands = new Tensor[terms.length];
        String extents = "abcdehijkl";
        for (int i = 0; i < terms.length; i++) {
            operands[i] =
                    random(terms[i].chars().map(c -> 2 + extents.indexOf(c) % 3).toArray());
        }
        Tensor actual = Tensor.einsum(equation, operands);
        Tensor expected = naive(terms, sides[1], operands);
        assertThat(actual.shape()).isEqualTo(expected.shape());
        assertThat(actual.toDoubles()).containsExactly(expected.toDoubles(), within(1e-12));
    }

    @Test
    void implicitResultHasTheLabelsThatOccurOnceInOrder() {
        Tensor a = random(2, 3);
        Tensor b = random(3, 4);
        assertThat(Tensor.einsum("ij,jk", a, b).toDoubles())
                .containsExactly(a.matmul(b).toDoubles(), within(1e-12));
        assertThat(Tensor.einsum("ba", a).toDoubles()).containsExactly(a.t().toDoubles());
        assertThat(Tensor.einsum("ii", random(3, 3)).rank()).isZero();
        assertThat(Tensor.einsum(" i j , j k -> i k ", a, b).shape()).isEqualTo(Shape.of(2, 4));
    }

    @Test
    void dotsStandForLeadingDimensionsThatBroadcast() {
        Tensor a = random(2, 1, 3, 4);
        Tensor b = random(5, 4, 2);
        Tensor expected = a.matmul(b);
        assertThat(Tensor.einsum("...ij,...jk->...ik", a, b).toDoubles())
                .containsExactly(expected.toDoubles(), within(1e-12));
        assertThat(Tensor.einsum("...ij,...jk", a, b).toDoubles()).containsExactly(expected.toDoubles(), within(1e-12));
        assertThat(Tensor.einsum("...ij->...ji", a).shape()).isEqualTo(Shape.of(2, 1, 4, 3));
        assertThat(Tensor.einsum("i...->...", a).toDoubles())
                .containsExactly(a.sum(0).toDoubles(), within(1e-12));
        assertThat(Tensor.einsum("...i->i", a).toDoubles())
                .containsExactly(a.sum(0, 1, 2).toDoubles(), within(1e-12));
    }

    @Test
    void extentsOfOneBroadcast() {
        Tensor a = random(1, 3);
        Tensor b = random(4, 3);
        assertThat(Tensor.einsum("ij,ij->ij", a, b).toDoubles())
                .containsExactly(a.mul(b).toDoubles(), within(1e-12));
        assertThat(Tensor.einsum("ij,ij->j", a, b).toDoubles())
                .containsExactly(a.mul(b).sum(0).toDoubles(), within(1e-12));
    }

    @Test
    void scalarsEmptyOperandsAndIntegers() {
        assertThat(Tensor.einsum(",i->i", Tensor.scalar(DType.F64, 2), Tensor.of(new double[] {1, 2}))
                        .toDoubles())
                .containsExactly(2, 4);
        assertThat(Tensor.einsum("ij,jk->ik", random(2, 0), random(0, 3)).toDoubles())
                .containsExactly(0, 0, 0, 0, 0, 0);
        assertThat(Tensor.einsum("ij,jk->ik", random(0, 2), random(2, 3)).shape())
                .isEqualTo(Shape.of(0, 3));
        Tensor numbers = Tensor.of(new int[] {1, 2, 3});
        Tensor dot = Tensor.einsum("i,i->", numbers, numbers);
        assertThat(dot.dtype()).isEqualTo(DType.I32);
        assertThat(dot.item()).isEqualTo(14);
    }

    @Test
    void equationsThatDoNotFitAreRejected() {
        Tensor m = random(2, 3);
        assertThatThrownBy(() -> Tensor.einsum("ij,jk->ik", m)).hasMessageContaining("one term an operand");
        assertThatThrownBy(() -> Tensor.einsum("ijk->ij", m)).hasMessageContaining("\"ijk\" does not fit");
        assertThatThrownBy(() -> Tensor.einsum("...ijk->ij", m)).hasMessageContaining("does not fit");
        assertThatThrownBy(() -> Tensor.einsum("ij,jk->ik", m, m))
                .isInstanceOf(OpException.class)
                .hasMessage("einsum: label j must have one extent, got 3 and 2 in \"ij,jk->ik\"");
        assertThatThrownBy(() -> Tensor.einsum("......", m)).hasMessageContaining("does not fit");
        assertThatThrownBy(() -> Tensor.einsum("......", m)).hasMessageContaining("does not fit");
        assertThatThrownBy(() -> Tensor.einsum("i1->i", m)).hasMessageContaining("got '1'");
        assertThatThrownBy(() -> Tensor.einsum("......", m)).hasMessageContaining("does not fit");
        assertThatThrownBy(() -> Tensor.einsum("->")).hasMessageContaining("one term an operand");
    }
}
