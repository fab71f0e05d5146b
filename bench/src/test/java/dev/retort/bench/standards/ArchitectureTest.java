package dev.retort.bench.standards;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The rooms of the house and the doors between them, checked on the compiled classes.
class ArchitectureTest {
    private static final String[] LIBRARIES = {
        "dev.retort.tensor..", "dev.retort.autograd..", "dev.retort.nn..", "dev.retort.distill..", "dev.retort.opencl.."
    };
    private static final String[] CORE = {
        "dev.retort.tensor..", "dev.retort.autograd..", "dev.retort.nn..", "dev.retort.distill.."
    };

    private static JavaClasses classes;

    @BeforeAll
    static void read() {
        classes = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .withImportOption(location -> !location.contains("-tests.jar"))
                .importPackages("dev.retort");
    }

    @Test
    void allRoomsWereRead() {
        Set<String> rooms = classes.stream()
                .map(type -> type.getPackageName().split("\\.")[2])
                .collect(Collectors.toSet());
        assertThat(rooms).containsExactlyInAnyOrder("tensor", "autograd", "nn", "distill", "opencl", "bench");
    }

    @ParameterizedTest
    @CsvSource({
        "tensor,   autograd nn distill opencl bench",
        "autograd, nn distill opencl bench",
        "nn,       distill opencl bench",
        "distill,  opencl bench",
        "opencl,   autograd nn distill bench",
        "bench,    opencl"
    })
    void roomsDependInOneDirection(String room, String others) {
        String[] forbidden = others.lines()
                .flatMap(line -> List.of(line.split(" ")).stream())
                .map(other -> "dev.retort." + other + "..")
                .toArray(String[]::new);
        noClasses()
                .that()
                .resideInAPackage("dev.retort." + room + "..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(forbidden)
                .check(classes);
    }

    @Test
    void onlyTheSimdPackageUsesTheVectorApi() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.retort.tensor.cpu.simd..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("jdk.incubator.vector..")
                .check(classes);
    }

    @Test
    void coreModulesNeedOnlyTheJdk() {
        classes()
                .that()
                .resideInAnyPackage(CORE)
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(
                        "java..", "javax..", "jdk.incubator.vector..", "org.jspecify..", "dev.retort.."))
                .check(classes);
    }

    @Test
    void theOpenClBackendNeedsOnlyJocl() {
        classes()
                .that()
                .resideInAPackage("dev.retort.opencl..")
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage("java..", "org.jocl..", "org.jspecify..", "dev.retort.."))
                .check(classes);
    }

    @Test
    void librariesLeaveTheStandardStreamsAlone() {
        noClasses()
                .that()
                .resideInAnyPackage(LIBRARIES)
                .should(ACCESS_STANDARD_STREAMS)
                .check(classes);
    }

    @Test
    void librariesDoNotReachIntoTheJdk() {
        noClasses()
                .that()
                .resideInAnyPackage(LIBRARIES)
                .should()
                .dependOnClassesThat(resideInAnyPackage("sun..", "com.sun..", "jdk..")
                        .and(not(resideInAPackage("jdk.incubator.vector.."))))
                .check(classes);
    }

    @Test
    void opsAreIndependentOfTheBackends() {
        noClasses()
                .that()
                .resideInAPackage("dev.retort.tensor.op..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.retort.tensor.cpu..")
                .check(classes);
    }
}
