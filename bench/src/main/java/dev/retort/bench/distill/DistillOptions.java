package dev.retort.bench.distill;

import dev.retort.bench.info.DeviceChoice;
import dev.retort.bench.info.KernelTimes;
import dev.retort.bench.model.ModelSpec;
import dev.retort.distill.Architecture;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.NetworkFactory;
import dev.retort.nn.residual.ResidualSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options of `retort distill`; the defaults fit the embedded pictures and three minutes on two
/// cores.
final class DistillOptions {
    private static final int MOST_SEEDS = 1000;

    @Option(
            names = "--data",
            paramLabel = "SOURCE",
            defaultValue = "embedded",
            description = "embedded, fashion-mnist (all 70,000 images), or a folder of IDX, CIFAR, JPEG-pack or image"
                    + " files (default: ${DEFAULT-VALUE}).")
    String data = "embedded";

    @Option(
            names = "--methods",
            paramLabel = "NAME",
            split = ",",
            description =
                    "Which methods, or all, with options such as slam:bound=0.7 (default: labels,hard,soft,slam). Known: ${COMPLETION-CANDIDATES}.",
            completionCandidates = Methods.class)
    List<String> methods = List.of("labels", "hard", "soft", "slam");

    @Option(names = "--labels", defaultValue = "500", description = "Labelled images (default: ${DEFAULT-VALUE}).")
    int labels;

    @Option(
            names = "--validation",
            defaultValue = "500",
            description = "Labelled images held out to judge the teacher (default: ${DEFAULT-VALUE}).")
    int validation;

    @Option(
            names = "--unlabelled",
            paramLabel = "N",
            description = "Images of the unlabelled pool (default: all that are left).")
    @Nullable
    Integer unlabelled;

    @Option(
            names = "--seeds",
            defaultValue = "3",
            description = "Runs with other splits and weights (default: ${DEFAULT-VALUE}).")
    int seeds;

    @Option(
            names = "--teacher",
            defaultValue = "resnet8:16,32,64",
            description = "The teacher (default: ${DEFAULT-VALUE}).")
    String teacher = "";

    @Option(
            names = "--student",
            defaultValue = "cnn:8,16,32",
            description = "The student: cnn:WIDTHS, resnetDEPTH:W1,W2,W3, mlp:WIDTHS, or a network such as resnet18,"
                    + " resnet8x4, wrn-16-2, vgg8, mobilenetv2-half or shufflenetv1 (default: ${DEFAULT-VALUE}).")
    String student = "";

    @Option(
            names = "--assistant",
            paramLabel = "NETWORK",
            defaultValue = "resnet8:8,16,32",
            description =
                    "A network between teacher and student in size, for the methods takd and dgkd; several times for"
                            + " several, large to small (default: ${DEFAULT-VALUE}).")
    List<String> assistants = List.of();

    @Option(
            names = "--residual",
            paramLabel = "SPEC",
            description = "Residual connections of the student, such as laurel-rw+lr:rank=8, rezero or hyper-static; of"
                    + " the teacher write them after an @: --teacher resnet8:16,32,64@laurel-rw.")
    @Nullable
    String residual;

    @Option(
            names = "--teacher-epochs",
            defaultValue = "40",
            description = "Passes over the labelled images (default: ${DEFAULT-VALUE}).")
    int teacherEpochs;

    @Option(
            names = "--epochs",
            defaultValue = "7",
            description = "Passes of a student over the pool (default: ${DEFAULT-VALUE}).")
    int epochs;

    @Option(
            names = "--batch",
            defaultValue = "64",
            description = "Images a step of a student (default: ${DEFAULT-VALUE}).")
    int batch;

    @Option(names = "--lr", defaultValue = "0.003", description = "Learning rate of AdamW (default: ${DEFAULT-VALUE}).")
    double lr;

    @Option(
            names = "--device",
            defaultValue = "cpu",
            description = "Where networks compute: cpu, opencl, opencl:INDEX or opencl:NAME; several such as"
                    + " opencl:0,opencl:1 share every batch (default: ${DEFAULT-VALUE}).")
    String device = "cpu";

    @Option(names = "--threads", description = "Threads (default: one a core); results do not depend on it.")
    @Nullable
    Integer threads;

    @Option(
            names = "--out",
            paramLabel = "FOLDER",
            defaultValue = "retort-out/distill",
            description = "Where everything is written (default: ${DEFAULT-VALUE}).")
    Path out = Path.of("");

    @Option(names = "--resume", description = "Go on with an interrupted run in the same folder with the same options.")
    boolean resume;

    @Option(names = "--profile", description = "Show the time of each kernel on the device, and write profile.json.")
    boolean profile;

    @Option(
            names = "--trace",
            paramLabel = "FILE",
            description = "Write every kernel's run for chrome://tracing or Perfetto.")
    @Nullable
    Path trace;

    @Option(names = "--json", description = "Print the results as JSON instead of the table.")
    boolean json;

    /// Checks what does not need the data.
    ///
    /// @throws IllegalArgumentException naming the option that is out of range
    void check() {
        atLeast("--labels", labels, 1);
        atLeast("--validation", validation, 2);
        atLeast("--seeds", seeds, 1);
        if (seeds > MOST_SEEDS) {
            throw new IllegalArgumentException("--seeds: expected at most " + MOST_SEEDS + ", got " + seeds);
        }
        atLeast("--teacher-epochs", teacherEpochs, 1);
        atLeast("--epochs", epochs, 1);
        atLeast("--batch", batch, 1);
        if (unlabelled != null) {
            atLeast("--unlabelled", unlabelled, 1);
        }
        if (threads != null) {
            atLeast("--threads", threads, 1);
        }
        if (!(lr > 0) || Double.isInfinite(lr)) {
            throw new IllegalArgumentException("--lr: expected a positive number, got " + lr);
        }
        DeviceChoice.parseAll(device);
        if (isTimed()) {
            KernelTimes.clocks(device);
        }
        if (residual != null) {
            student = ModelSpec.parse(student)
                    .withResidual(ResidualSpec.parse(residual))
                    .toString();
        }
        chosen(
                spec -> _ -> {
                    throw new IllegalStateException(
                            "distill: no network is made of " + spec + " before the data is known");
                },
                SampleRange.ANY);
    }

    /// The methods by label.
    ///
    /// @param factory of an assistant's networks
    /// @param range   what methods without data are told of it
    /// @throws IllegalArgumentException if a method or a network is not understood
    Map<String, DistillationMethod> chosen(Function<ModelSpec, NetworkFactory> factory, SampleRange range) {
        List<Architecture> between = new ArrayList<>();
        for (String text : assistants) {
            between.add(new Architecture(text, factory.apply(ModelSpec.parse(text))));
        }
        return Methods.chosen(
                methods, new Methods.Networks(ModelSpec.parse(teacher), ModelSpec.parse(student), between, range));
    }

    /// Whether kernels are to be timed.
    boolean isTimed() {
        return profile || trace != null;
    }

    private static void atLeast(String option, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(option + ": expected at least " + least + ", got " + value);
        }
    }
}
