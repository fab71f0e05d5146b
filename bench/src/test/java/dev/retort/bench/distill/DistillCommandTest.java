package dev.retort.bench.distill;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.bench.CommandLineRun;
import dev.retort.bench.FolderLock;
import dev.retort.bench.data.EmbeddedFashion;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.FashionMnist;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The main job in small, on the embedded pictures: what it writes, and what it refuses.
class DistillCommandTest {
    @TempDir
    private Path folder;

    private CommandLineRun distill(String... more) {
        String[] small = {
            "distill",
            "--seeds",
            "1",
            "--labels",
            "60",
            "--validation",
            "60",
            "--unlabelled",
            "240",
            "--teacher-epochs",
            "4",
            "--epochs",
            "2",
            "--teacher",
            "cnn:8,16",
            "--student",
            "cnn:4,8",
            "--out",
            folder.toString()
        };
        String[] all = java.util.Arrays.copyOf(small, small.length + more.length);
        System.arraycopy(more, 0, all, small.length, more.length);
        return CommandLineRun.of(all);
    }

    @Test
    void writesTableJsonReportAndAStudentThatPredicts() throws Exception {
        CommandLineRun run = distill();

        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out()).contains("teacher cnn:8,16", "labels", "hard", "soft", "slam", "did best", "peak heap");
        JsonNode results = JsonMapper.shared().readTree(Files.readString(folder.resolve("results.json")));
        assertThat(results.at("/teacher/accuracy").doubleValue()).isBetween(0.1, 1.0);
        assertThat(results.get("methods")).hasSize(4);
        for (JsonNode method : results.get("methods")) {
            assertThat(method.get("accuracies")).hasSize(1);
            assertThat(method.get("accuracy_mean").doubleValue())
                    .isEqualTo(method.get("accuracies").get(0).doubleValue());
            assertThat(method.get("accuracy_sd").doubleValue()).isZero();
            assertThat(method.get("curves").get(0)).hasSize(2);
            assertThat(method.get("loss_terms")).isNotEmpty();
            method.get("loss_terms").forEach(term -> assertThat(term.get(0)).hasSize(2));
        }
        provenanceIsEnoughToRepeatTheRun(results.get("provenance"));
        assertThat(folder.resolve("report.html"))
                .content()
                .contains("<svg", "data:image/png;base64,", "Learning curves", "loss of slam", "isotonic fit")
                .doesNotContain("<script", "http://", "https://");
        predicts();
    }

    private static void provenanceIsEnoughToRepeatTheRun(JsonNode provenance) {
        assertThat(provenance.get("unlabelled").intValue()).isEqualTo(240);
        assertThat(provenance.get("arguments").get(0).stringValue()).isNotBlank();
        assertThat(provenance.get("data_source").stringValue()).isEqualTo("embedded");
        assertThat(provenance.get("data_contents").stringValue()).matches("[0-9a-f]{16}");
        assertThat(provenance.at("/methods/slam").stringValue()).startsWith("Slam[");
        assertThat(provenance.has("assistants")).isFalse();
        assertThat(provenance.get("commit").stringValue()).isNotBlank();
        assertThat(provenance.get("vector_bits").isInt()).isTrue();
    }

    /// Networks between teacher and student belong to what was compared.
    @Test
    void assistantsAreInTheProvenance() throws Exception {
        CommandLineRun run =
                distill("--methods", "takd", "--assistant", "cnn:6,12", "--assistant", "cnn:5,10", "--json");

        assertThat(run.code()).as(run.err()).isZero();
        JsonNode provenance = JsonMapper.shared().readTree(run.out()).get("provenance");
        assertThat(provenance.get("assistants").valueStream().map(JsonNode::stringValue))
                .containsExactly("cnn:6,12", "cnn:5,10");
        assertThat(provenance.at("/methods/takd").stringValue()).contains("cnn:6,12", "cnn:5,10", "temperature");
    }

    /// Students that see nothing but what a generator makes.
    @Test
    void methodsWithoutDataRun() {
        String small = "samples=64:batch=16:width=4:latent=8";
        CommandLineRun run = distill("--methods", "dafl:" + small + ",zskt:" + small);

        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out()).contains("dafl+samples64", "zskt+samples64", "did best");
    }

    private void predicts() throws Exception {
        Dataset test = EmbeddedFashion.open().test().orElseThrow();
        float[] pixels = test.get(0).input().toFloats();
        BufferedImage image = new BufferedImage(28, 28, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < pixels.length; i++) {
            image.getRaster().setSample(i % 28, i / 28, 0, Math.round(pixels[i] * 255));
        }
        Path picture = folder.resolve("picture.png");
        ImageIO.write(image, "png", picture.toFile());

        CommandLineRun run = CommandLineRun.of(
                "predict", "--model", folder.resolve("student.safetensors").toString(), "--json", picture.toString());

        assertThat(run.code()).as(run.err()).isZero();
        JsonNode guesses = JsonMapper.shared().readTree(run.out()).get(picture.toString());
        assertThat(guesses).hasSize(3);
        assertThat(FashionMnist.CLASSES).contains(guesses.get(0).get("label").stringValue());
        assertThat(guesses.get(0).get("probability").doubleValue())
                .isGreaterThanOrEqualTo(guesses.get(1).get("probability").doubleValue());

        CommandLineRun evaluated = CommandLineRun.of(
                "eval", "--model", folder.resolve("student.safetensors").toString(), "--data", "embedded");
        assertThat(evaluated.code()).as(evaluated.err()).isZero();
        assertThat(evaluated.out()).startsWith("accuracy ").contains(String.format("%,d images", test.size()));
    }

    @Test
    void theSameSeedsGiveTheSameNumbersAndResumeLoadsThem() throws Exception {
        JsonNode first = JsonMapper.shared().readTree(distill("--json").out());
        JsonNode again =
                JsonMapper.shared().readTree(distill("--json", "--threads", "1").out());
        JsonNode resumed =
                JsonMapper.shared().readTree(distill("--json", "--resume").out());

        for (JsonNode other : List.of(again, resumed)) {
            for (int m = 0; m < 4; m++) {
                String at = "/methods/" + m;
                assertThat(other.at(at + "/accuracies")).isEqualTo(first.at(at + "/accuracies"));
                assertThat(other.at(at + "/curves")).isEqualTo(first.at(at + "/curves"));
            }
        }
    }

    private String refusal(String... options) {
        String[] all = new String[options.length + 3];
        all[0] = "distill";
        all[1] = "--out";
        all[2] = folder.toString();
        System.arraycopy(options, 0, all, 3, options.length);
        CommandLineRun run = CommandLineRun.of(all);
        assertThat(run.code()).isEqualTo(1);
        return run.err();
    }

    @Test
    void refusesWhatCannotWork() {
        assertThat(refusal("--methods", "slamm")).contains("--methods: expected all, or some of", "'slamm'");
        assertThat(refusal("--methods", "hard,soft,hard"))
                .contains("--methods: expected each method once, got 'hard' again");
        assertThat(refusal("--data", "a\0b")).contains("data: expected embedded, fashion-mnist or a folder");
        assertThat(refusal("--student", "cnn")).contains("model: expects cnn:WIDTHS", "'cnn'");
        assertThat(refusal("--labels", "20000")).contains("--labels 20000", "of 10000 training images");
        assertThat(refusal("--resume")).contains("nothing to resume in " + folder);
        assertThat(refusal("--data", folder.resolve("missing").toString())).contains("missing");
        assertThat(refusal("--epochs", "0")).contains("--epochs: expected at least 1, got 0");
        assertThat(refusal("--seeds", "2147483647")).contains("--seeds: expected at most 1000, got 2147483647");
        assertThat(refusal("--student", "cnn:99999,99999"))
                .contains("--student: cnn:99999,99999 has at least 89,999,", " weights, more than a heap of ");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void imagesOfOneClassAreRefusedBeforeTraining() throws Exception {
        Path data = folder.resolve("data");
        Path only = Files.createDirectories(data.resolve("cat"));
        for (int i = 0; i < 20; i++) {
            ImageIO.write(
                    new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY),
                    "png",
                    only.resolve(i + ".png").toFile());
        }
        assertThat(refusal("--data", data.toString(), "--labels", "4", "--validation", "4"))
                .contains("expects images of at least 2 classes in " + data + ", got 1");
        CommandLineRun active = CommandLineRun.of(
                "active",
                "--data",
                data.toString(),
                "--out",
                folder.resolve("o").toString());
        assertThat(active.err()).contains("expects images of at least 2 classes in " + data + ", got 1");
    }

    @Test
    void aDivergingRunNamesTheRate() {
        CommandLineRun run = CommandLineRun.of(
                "distill",
                "--lr",
                "1e30",
                "--labels",
                "60",
                "--validation",
                "40",
                "--unlabelled",
                "100",
                "--seeds",
                "1",
                "--teacher",
                "mlp:8",
                "--student",
                "mlp:4",
                "--methods",
                "labels",
                "--out",
                folder.resolve("diverging").toString());
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err())
                .contains("retort: distillation: term label", "at a learning rate of ", "a lower one may help")
                .doesNotContain("java.lang");
    }

    @Test
    void anOutputFolderIsAFolderOfOneProcess() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "mine");
        for (Path out : List.of(file, file.resolve("below"))) {
            CommandLineRun run = CommandLineRun.of("distill", "--out", out.toString());
            assertThat(run.err())
                    .contains(
                            "--out: expected a folder that can be written in, got " + out + ": " + file + " is a file");
        }
        Path out = folder.resolve("shared");
        Files.createDirectories(out.resolve("checkpoints")); // of a process that was killed at its start
        try (FolderLock _ = FolderLock.of("--out", out)) {
            assertThat(CommandLineRun.of("distill", "--out", out.toString()).err())
                    .contains("another process is working in " + out);
        }
        assertThat(out.resolve("checkpoints")).isEmptyDirectory();
    }

    @Test
    void anOutputFolderThatCannotBeMadeIsNamedAsGiven() throws Exception {
        Path circle = folder.resolve("circle");
        Files.createSymbolicLink(circle, circle);
        Path nowhere = Files.createSymbolicLink(folder.resolve("nowhere"), folder.resolve("gone"));
        assertThat(CommandLineRun.of("distill", "--out", circle.toString()).err())
                .contains("--out: expected a folder", circle + ": " + circle + " is a link that leads in a circle");
        Path below = nowhere.resolve("below");
        assertThat(CommandLineRun.of("reproduce", "slam", "--quick", "--folder", below.toString())
                        .err())
                .contains("--folder: expected a folder", below + ": " + nowhere + " is a link that leads nowhere");
        assertThat(CommandLineRun.of("predict", "--model", "m", "a\0b").err())
                .contains("expected a path, got 'a b': Nul character not allowed")
                .doesNotContain("Exception");
    }

    @Test
    void doesNotTouchAFolderThatItDidNotMake() throws Exception {
        Path precious = Files.createDirectories(folder.resolve("checkpoints")).resolve("thesis.txt");
        Files.writeString(precious, "three years");

        CommandLineRun run = distill();

        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("was not made by retort distill");
        assertThat(precious).hasContent("three years");
    }
}
