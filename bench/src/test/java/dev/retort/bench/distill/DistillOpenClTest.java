package dev.retort.bench.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.assertj.core.api.Assertions.within;

import dev.retort.bench.CommandLineRun;
import dev.retort.bench.Main;
import dev.retort.tensor.Backends;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The main job in small on an OpenCL device, with the networks of its kinds, against the same on the CPU.
///
/// Without a device the tests fail where `CI` is set, and are skipped loudly elsewhere.
class DistillOpenClTest {
    /// A share of the 2,000 test images: the last bits of `F32` differ, and move those near a border.
    private static final double ACCURACY = 0.01;

    private static final double LOSS = 0.01;

    @TempDir
    private Path folder;

    @BeforeAll
    static void needsADevice() {
        boolean found = Backends.providers().stream()
                .anyMatch(p -> p.type().equals("opencl") && !p.backends().isEmpty());
        if (!found && System.getenv("CI") != null) {
            fail("no OpenCL device (apt-get install pocl-opencl-icd)");
        }
        if (!found) {
            System.err.println("SKIPPED, distill --device opencl is not tested: no device");
            Assumptions.abort("no OpenCL device");
        }
    }

    private JsonNode distill(String device, String... more) throws Exception {
        String options = String.join(" ", more);
        CommandLineRun run = CommandLineRun.of(
                ("distill --seeds 1 --labels 60 --validation 60 --unlabelled 240 --teacher-epochs 3 --epochs 2"
                                + " --methods hard,soft --teacher resnet8:4,8,16 --student cnn:4,8 --device " + device
                                + " --out " + folder.resolve(device) + " " + options)
                        .split(" "));
        assertThat(run.code()).as(run.err()).isZero();
        return results(folder.resolve(device));
    }

    @Test
    void agreesWithTheCpuAndItsStudentPredictsTheSame() throws Exception {
        JsonNode device = distill(
                "opencl", "--profile", "--trace", folder.resolve("trace.json").toString());
        JsonNode cpu = distill("cpu");

        assertThat(device.at("/provenance/device").stringValue()).startsWith("opencl");
        assertClose(device, cpu, "/teacher/accuracy", ACCURACY);
        for (int m = 0; m < 2; m++) {
            assertClose(device, cpu, "/methods/" + m + "/accuracy_mean", ACCURACY);
            JsonNode terms = cpu.at("/methods/" + m + "/loss_terms");
            assertThat(terms).isNotEmpty();
            for (String term : terms.propertyNames()) {
                String last = "/methods/" + m + "/loss_terms/" + term + "/0/1";
                assertClose(device, cpu, last, LOSS * cpu.at(last).doubleValue());
            }
        }
        predictsTheSame();
        JsonNode kernels = JsonMapper.shared()
                .readTree(Files.readString(folder.resolve("opencl").resolve("profile.json")))
                .get("kernels");
        assertThat(kernels.findValuesAsString("kernel")).contains("product", "adam_many");
        assertThat(folder.resolve("trace.json")).content().startsWith("{").contains("\"traceEvents\"");
    }

    /// Two devices in a process of its own: PoCL offers as many as it is told to, other drivers what there
    /// is. The networks have no batch norm (by shares it is other mathematics), and one of the methods
    /// relates features of different samples.
    @Test
    void twoDevicesAgreeWithOne() throws Exception {
        Path host = folder.resolve("host");
        CommandLineRun run = CommandLineRun.of(withoutNorms("cpu", host));
        assertThat(run.code()).as(run.err()).isZero();
        JsonNode cpu = results(host);
        JsonNode two = alone() ? onTwoDevices("opencl:0,opencl:0") : onTwoDevices("opencl:0,opencl:1");

        assertThat(two.at("/provenance/device").stringValue()).contains("opencl", "; opencl");
        assertClose(two, cpu, "/teacher/accuracy", ACCURACY);
        for (int m = 0; m < 2; m++) {
            assertClose(two, cpu, "/methods/" + m + "/accuracy_mean", ACCURACY);
            JsonNode terms = cpu.at("/methods/" + m + "/loss_terms");
            for (String term : terms.propertyNames()) {
                String last = "/methods/" + m + "/loss_terms/" + term + "/0/1";
                assertClose(two, cpu, last, LOSS * cpu.at(last).doubleValue());
            }
        }
    }

    /// Whether the driver is not PoCL and has one device.
    private static boolean alone() {
        return Backends.providers().stream()
                .filter(p -> p.type().equals("opencl"))
                .flatMap(p -> p.backends().stream())
                .allMatch(b -> b.device().index() == 0 && !b.description().contains("pthread"));
    }

    private static String[] withoutNorms(String devices, Path out) {
        return ("distill --seeds 1 --labels 60 --validation 60 --unlabelled 180 --teacher-epochs 3 --epochs 2"
                        + " --methods soft,rkd --teacher mlp:32 --student mlp:16 --device " + devices + " --out " + out)
                .split(" ");
    }

    private static JsonNode results(Path out) throws IOException {
        return JsonMapper.shared().readTree(Files.readString(out.resolve("results.json")));
    }

    /// PoCL compiles without optimisation here: both devices compile every kernel, at once, and the other test takes
    /// its default.
    private JsonNode onTwoDevices(String devices) throws Exception {
        Path out = folder.resolve("two");
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx768m",
                        "--add-modules=jdk.incubator.vector",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Ddev.retort.opencl.options=" + (alone() ? "" : "-cl-opt-disable"),
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        Main.class.getName())
                .redirectErrorStream(true);
        builder.command().addAll(List.of(withoutNorms(devices, out)));
        builder.environment().put("POCL_DEVICES", "pthread pthread");
        Process process = builder.start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(text).isZero();
        return results(out);
    }

    @Test
    void profilingTheCpuIsRefused() {
        CommandLineRun run = CommandLineRun.of("distill", "--profile", "--out", folder.toString());
        assertThat(run.code()).isNotZero();
        assertThat(run.err()).contains("--profile", "--device opencl");
    }

    private static void assertClose(JsonNode actual, JsonNode expected, String at, double tolerance) {
        assertThat(actual.at(at).doubleValue()).as(at).isCloseTo(expected.at(at).doubleValue(), within(tolerance));
    }

    private void predictsTheSame() throws Exception {
        Path picture = folder.resolve("picture.png");
        BufferedImage stripe = new BufferedImage(28, 28, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < 28 * 28; i++) {
            stripe.getRaster().setSample(i % 28, i / 28, 0, i % 28 > 8 && i % 28 < 20 ? 200 : 0);
        }
        ImageIO.write(stripe, "png", picture.toFile());
        JsonNode device = predict("opencl", picture);
        JsonNode cpu = predict("cpu", picture);
        for (int i = 0; i < 3; i++) {
            assertThat(device.get(i).get("label")).isEqualTo(cpu.get(i).get("label"));
            assertClose(device, cpu, "/" + i + "/probability", 1e-4);
        }
    }

    /// Both on the student that was trained on the device.
    private JsonNode predict(String device, Path picture) {
        CommandLineRun run = CommandLineRun.of(
                "predict",
                "--json",
                "--device",
                device,
                "--model",
                folder.resolve("opencl").resolve("student.safetensors").toString(),
                picture.toString());
        assertThat(run.code()).as(run.err()).isZero();
        return JsonMapper.shared().readTree(run.out()).get(picture.toString());
    }
}
