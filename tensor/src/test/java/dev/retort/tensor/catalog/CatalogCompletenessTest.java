package dev.retort.tensor.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.tensor.op.CustomOp;
import dev.retort.tensor.op.Op;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// A new op without a spec, or a spec without regular samples and error inputs, fails here.
class CatalogCompletenessTest {
    private static void collect(Class<?> type, Set<Class<?>> records) {
        if (type.isRecord()) {
            records.add(type);
        } else if (type != CustomOp.class) {
            for (Class<?> permitted : type.getPermittedSubclasses()) {
                collect(permitted, records);
            }
        }
    }

    @Test
    void everyOpHasASpec() {
        Set<Class<?>> missing = new HashSet<>();
        collect(Op.class, missing);
        assertThat(missing).hasSizeGreaterThan(100);
        OpCatalog.all().forEach(spec -> missing.remove(spec.type()));
        assertThat(missing.stream().map(Class::getSimpleName).sorted()).isEmpty();
    }

    @Test
    void specNamesAndSampleLabelsAreUnique() {
        List<String> names = new ArrayList<>();
        for (OpSpec spec : OpCatalog.all()) {
            names.add(spec.name());
            assertThat(spec.samples()).extracting(Sample::label).as(spec.name()).doesNotHaveDuplicates();
        }
        assertThat(names).doesNotHaveDuplicates();
    }

    @Test
    void everySpecHasRegularSamplesOfItsOp() {
        for (OpSpec spec : OpCatalog.all()) {
            assertThat(spec.samples()).as(spec.name()).anyMatch(s -> s.kind() == Sample.Kind.REGULAR);
            assertThat(spec.samples()).as(spec.name()).allMatch(s -> s.op().getClass() == spec.type());
            assertThat(spec.errors()).as(spec.name()).isNotEmpty();
        }
    }
}
