package dev.retort.bench.select;

import dev.retort.bench.distill.Methods;
import dev.retort.bench.model.ModelSpec;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.active.Retraining;
import dev.retort.distill.teacher.Price;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options of `retort active`.
final class ActiveOptions {
    @Option(
            names = "--data",
            paramLabel = "SOURCE",
            defaultValue = "embedded",
            description = "embedded, fashion-mnist, or a folder of images (default: ${DEFAULT-VALUE}).")
    String data = "";

    @Option(names = "--labels", defaultValue = "300", description = "Labelled images (default: ${DEFAULT-VALUE}).")
    int labels;

    @Option(
            names = "--validation",
            defaultValue = "300",
            description = "Labelled images to judge the teacher by; it is asked about them too (default:"
                    + " ${DEFAULT-VALUE}).")
    int validation;

    @Option(
            names = {"--unlabelled", "--pool"},
            paramLabel = "N",
            defaultValue = "3000",
            description = "Images of the unlabelled pool (default: ${DEFAULT-VALUE}).")
    int pool;

    @Option(
            names = {"--budget", "-n"},
            defaultValue = "600",
            description = "Images of the pool that the teacher is asked about (default: ${DEFAULT-VALUE}).")
    int budget;

    @Option(names = "--rounds", defaultValue = "3", description = "Rounds of questions (default: ${DEFAULT-VALUE}).")
    int rounds;

    @Option(
            names = "--selector",
            paramLabel = "NAME",
            defaultValue = "rad",
            completionCandidates = Selectors.class,
            description = "One of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    String selector = "";

    @Option(
            names = "--method",
            paramLabel = "NAME",
            defaultValue = "soft",
            completionCandidates = Methods.class,
            description = "How students learn (default: ${DEFAULT-VALUE}), such as hard, soft, slam or weighted.")
    String method = "";

    @Option(
            names = "--retraining",
            defaultValue = "FRESH",
            description = "What students start from: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    Retraining retraining = Retraining.FRESH;

    @Option(
            names = "--teacher",
            paramLabel = "MODEL",
            defaultValue = "resnet8:16,32,64",
            description = "A teacher that is trained on the labelled images first (default: ${DEFAULT-VALUE}).")
    String teacher = "";

    @Option(names = "--teacher-file", paramLabel = "FILE", description = "Instead: a model that retort distill saved.")
    @Nullable
    Path teacherFile;

    @Option(
            names = "--teacher-url",
            paramLabel = "URL",
            description = "Instead: a service, asked in JSON; answers are kept in labels.journal of the output folder.")
    @Nullable
    URI teacherUrl;

    @Option(
            names = "--teacher-name",
            paramLabel = "NAME",
            description =
                    "With --teacher-url, which needs it: name and version of its model; another name gets another journal.")
    @Nullable
    String teacherName;

    @Option(
            names = "--header",
            paramLabel = "NAME=VALUE",
            description = "With --teacher-url: sent along; may be repeated.")
    Map<String, String> headers = new LinkedHashMap<>();

    @Option(
            names = "--teacher-batch",
            defaultValue = "32",
            description = "With --teacher-url: most images in one request (default: ${DEFAULT-VALUE}).")
    int teacherBatch;

    @Option(
            names = "--requests-per-second",
            defaultValue = "0",
            description = "With --teacher-url: most requests a second; 0 for no limit.")
    double perSecond;

    @Option(names = "--price", defaultValue = "0", paramLabel = "AMOUNT", description = "What an answer costs.")
    String price = "0";

    @Option(names = "--currency", defaultValue = "EUR", description = "Of the price (default: ${DEFAULT-VALUE}).")
    String currency = "";

    @Option(
            names = "--max-cost",
            paramLabel = "AMOUNT",
            description = "Most money that is ever paid (default: what the questions cost without a repetition).")
    @Nullable
    String maxCost;

    @Option(
            names = "--student",
            defaultValue = "cnn:8,16,32",
            description = "The student: cnn:WIDTHS, resnetDEPTH:W1,W2,W3 or mlp:WIDTHS (default: ${DEFAULT-VALUE}).")
    String student = "";

    @Option(names = "--epochs", defaultValue = "20", description = "Passes a round (default: ${DEFAULT-VALUE}).")
    int epochs;

    @Option(
            names = "--teacher-epochs",
            defaultValue = "30",
            description = "Passes of --teacher over the labelled images (default: ${DEFAULT-VALUE}).")
    int teacherEpochs;

    @Option(
            names = "--seed",
            defaultValue = "1",
            description = "Of split, weights and draws (default: ${DEFAULT-VALUE}).")
    long seed;

    @Option(
            names = "--out",
            paramLabel = "FOLDER",
            defaultValue = "retort-out/active",
            description = "Where everything is written; the same command goes on there (default: ${DEFAULT-VALUE}).")
    Path out = Path.of("");

    @Option(names = "--json", description = "Print the results as JSON instead of the table.")
    boolean json;

    /// What an answer costs.
    ///
    /// @throws IllegalArgumentException if `--price` is no amount
    Price price() {
        return Price.perRow(price, currency);
    }

    /// How students learn.
    ///
    /// @throws IllegalArgumentException if there is no such method, or a network is not understood
    DistillationMethod method() {
        return Methods.of("--method", method, ModelSpec.parse(teacher), ModelSpec.parse(student));
    }

    /// What the results depend on, for their provenance; of a service its name only, because an address may hold a
    /// secret.
    Map<String, Object> described() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("labelled", labels);
        all.put("validation", validation);
        all.put("unlabelled", pool);
        all.put("budget", budget);
        all.put("method", method().toString());
        all.put("retraining", retraining);
        if (teacherUrl != null) {
            all.put("teacher_name", teacherName);
        } else if (teacherFile != null) {
            all.put("teacher_file", teacherFile.toString());
        } else {
            all.put("teacher", teacher);
            all.put("teacher_epochs", teacherEpochs);
        }
        all.put("student", student);
        all.put("epochs", epochs);
        all.put("seed", seed);
        return all;
    }

    /// Checks what does not need the data.
    ///
    /// @throws IllegalArgumentException naming the option that is out of range
    void check() {
        atLeast("--labels", labels, 1);
        atLeast("--validation", validation, 1);
        atLeast("--unlabelled", pool, 1);
        atLeast("--rounds", rounds, 1);
        atLeast("--budget", budget, rounds);
        atLeast("--epochs", epochs, 1);
        atLeast("--teacher-epochs", teacherEpochs, 1);
        atLeast("--teacher-batch", teacherBatch, 1);
        Selectors.of(selector); // a teacher is trained before they are used
        method();
        price();
        if (maxCost != null && teacherUrl == null) {
            throw new IllegalArgumentException("--max-cost: expected with --teacher-url, whose answers are paid for");
        }
        if (teacherFile != null && teacherUrl != null) {
            throw new IllegalArgumentException("active: expected one teacher, got --teacher-file and --teacher-url");
        }
        if (teacherUrl != null
                && (teacherUrl.getHost() == null
                        || !String.valueOf(teacherUrl.getScheme()).matches("https?"))) {
            throw new IllegalArgumentException("--teacher-url: expected http://… or https://…, got " + teacherUrl);
        }
        headers.forEach(ActiveOptions::checkHeader);
        if (teacherUrl != null && teacherName == null) {
            throw new IllegalArgumentException(
                    "--teacher-url: expected --teacher-name too, so that answers of another model are not mixed in");
        }
    }

    /// The value may be a secret: it is not shown.
    private static void checkHeader(String name, String value) {
        try {
            HttpRequest.newBuilder().header(name, value);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "--header: expected a header that may be sent along, got '" + name + "'", e);
        }
    }

    private static void atLeast(String option, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(option + ": expected at least " + least + ", got " + value);
        }
    }
}
