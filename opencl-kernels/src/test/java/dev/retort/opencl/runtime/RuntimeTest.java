package dev.retort.opencl.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Memory, programs and transfers of a device opened for the test, with limits and folders of its own.
class RuntimeTest {
    private static final String CAST =
            "#define S int\n#define A long\n#define IS_I32 1\n#define S2 int\n#define A2 long\n";
    private static final String FLOATS = "#define S float\n#define A float\n#define IS_F32 1\n";

    private static ClDevices.Found found;

    @BeforeAll
    static void find() {
        List<ClDevices.Found> all = ClDevices.find();
        if (all.isEmpty() && System.getenv("CI") == null) {
            System.err.println("SKIPPED, the OpenCL runtime is not tested: no device");
            Assumptions.abort("no OpenCL device");
        }
        found = all.getFirst();
    }

    private static ClDevice open(String property, String value) {
        System.setProperty(property, value);
        try {
            return ClDevice.open(found, 7);
        } finally {
            System.clearProperty(property);
        }
    }

    @Test
    void onlyACompilerThatLostItsFileIsAskedAgain() {
        assertThat(Programs.lostItsFile("error: unable to rename temporary 'a.cl.tmp' to output file 'a.cl'"))
                .isTrue();
        assertThat(Programs.lostItsFile("error: use of undeclared identifier 'temporary'"))
                .isFalse();
    }

    @Test
    void sizesAreRoundedUpByAFourthAtMost() {
        assertThat(DeviceMemory.sizeClass(1)).isEqualTo(512);
        assertThat(DeviceMemory.sizeClass(513)).isEqualTo(640);
        assertThat(DeviceMemory.sizeClass(1024)).isEqualTo(1024);
        assertThat(DeviceMemory.sizeClass(1025)).isEqualTo(1280);
        for (long bytes = 600; bytes < 1L << 40; bytes = bytes * 3 / 2 + 1) {
            assertThat(DeviceMemory.sizeClass(bytes)).isBetween(bytes, bytes + bytes / 4 + 1);
        }
    }

    @Test
    void aReleasedBlockIsHandedOutAgain() {
        ClDevice device = ClDevice.open(found, 7);
        DeviceStorage first = device.allocate(DType.F32, 1000);
        Block block = first.block();
        long live = device.memory().usage().live();
        first.release();
        first.release(); // a second time does nothing

        assertThat(device.memory().usage().live()).isEqualTo(live - block.bytes);
        assertThat(device.allocate(DType.F32, 990).block()).isSameAs(block);
    }

    @Test
    void storagesThatNobodyHoldsMakeRoom() {
        ClDevice device = open("dev.retort.opencl.memory", String.valueOf(64L << 20));
        for (int i = 0; i < 200; i++) {
            device.allocate(DType.F32, 4 << 20); // 16 MiB each, dropped at once
        }
        assertThat(device.memory().usage().peak()).isLessThanOrEqualTo(64L << 20);
    }

    @Test
    void outOfMemoryNamesTheBytes() {
        ClDevice device = open("dev.retort.opencl.memory", String.valueOf(64L << 20));
        List<DeviceStorage> held = new ArrayList<>();

        assertThatThrownBy(() -> {
                    for (int i = 0; i < 10; i++) {
                        held.add(device.allocate(DType.F32, 4 << 20));
                    }
                })
                .isInstanceOf(OpException.class)
                .hasMessageContaining("out of memory: 16777216 bytes requested")
                .hasMessageContaining("live")
                .hasMessageContaining("limit 67108864");
        assertThat(held).hasSize(3);
        held.removeFirst().release();
        held.add(device.allocate(DType.F32, 4 << 20));
    }

    @Test
    void aBufferLargerThanOneAllocationIsAnError() {
        ClDevice device = ClDevice.open(found, 7);
        Assumptions.assumeTrue(
                found.limits().largestBuffer() < 8L * (Integer.MAX_VALUE - 8),
                "skipped: this device allows the largest tensor in one allocation");

        assertThatThrownBy(() -> device.allocate(DType.I64, Integer.MAX_VALUE - 8))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("more than the device allows in one allocation");
    }

    @Test
    void transfersKeepEveryByte() {
        ClDevice device = ClDevice.open(found, 7);
        int count = 3_500_001; // several pieces and a rest
        HostStorage host = HostStorage.allocate(DType.F32, count);
        for (int i = 0; i < count; i++) {
            host.floats()[i] = i;
        }
        HostStorage back = device.download(device.upload(host));

        assertThat(back.floats()).isEqualTo(host.floats());
    }

    @Test
    void compilerErrorsCarryTheLog() {
        ClDevice device = ClDevice.open(found, 7);

        assertThatThrownBy(() -> device.kernel("cast", "#define S no_such_type\n#define A float\n", "cast"))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("kernels/cast.cl does not compile for")
                .hasMessageContaining("no_such_type");
    }

    @Test
    void aDamagedBinaryIsMadeAgain(@TempDir Path folder) throws IOException {
        System.setProperty("dev.retort.opencl.cache.folder", folder.toString());
        try {
            fillOnFreshDevice();
            Path file = onlyFile(folder);
            byte[] good = Files.readAllBytes(file);
            fillOnFreshDevice();
            assertThat(Files.readAllBytes(file)).isEqualTo(good);
            byte[] bad = good.clone();
            bad[bad.length / 2] ^= 1;
            Files.write(file, bad);
            fillOnFreshDevice();
            assertThat(Files.readAllBytes(onlyFile(folder)))
                    .hasSizeGreaterThan(32)
                    .isNotEqualTo(bad);
        } finally {
            System.clearProperty("dev.retort.opencl.cache.folder");
        }
    }

    /// The checksum is right, but the driver cannot read it: the work of another version, or of a bug.
    @Test
    void aBinaryThatTheDriverDoesNotTakeIsMadeAgain(@TempDir Path folder) throws IOException {
        System.setProperty("dev.retort.opencl.cache.folder", folder.toString());
        try {
            fillOnFreshDevice();
            Path file = onlyFile(folder);
            byte[] bad = {1, 2, 3};
            new BinaryCache(folder).write(file, bad);
            fillOnFreshDevice();
            assertThat(Files.size(onlyFile(folder))).isGreaterThan(1000);
        } finally {
            System.clearProperty("dev.retort.opencl.cache.folder");
        }
    }

    @Test
    void optionsThatTheCompilerDoesNotKnowAreNamed() {
        ClDevice device = open("dev.retort.opencl.options", "-no-such-option");

        assertThatThrownBy(() -> device.kernel("cast", CAST, "cast"))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("kernels/cast.cl does not compile for")
                .hasMessageContaining("-no-such-option");
    }

    /// Offsets are counted in elements; as bytes they are beyond 32 bits. Only the pages at the end are touched.
    @Test
    void elementsBeyondTwoToThe31BytesAreReached() {
        ClDevice device = ClDevice.open(found, 7);
        int size = (1 << 28) + 100; // F64: 2 GiB and a little
        Assumptions.assumeTrue(
                found.limits().doubles() && found.limits().largestBuffer() > 8L * size,
                "skipped: this device does not allow 2 GiB in one allocation");
        DeviceStorage large = device.allocate(DType.F64, size);
        DeviceStorage small = device.upload(HostStorage.wrap(DType.F64, new double[] {1.5, 2.5, 3.5}));
        String types = "#define S double\n#define A double\n#define IS_F64 1\n#define S2 double\n#define A2 double\n"
                + "#define IS2_F64 1\n";
        int[] out = window(3, size - 3, 0);
        device.kernel("cast", types, "cast")
                .struct(out)
                .buffer(large)
                .buffer(small)
                .run(3, 1);
        DeviceStorage back = device.allocate(DType.F64, 3);
        int[] in = window(3, 0, size - 3);
        device.kernel("cast", types, "cast")
                .struct(in)
                .buffer(back)
                .buffer(large)
                .run(3, 1);

        assertThat(device.download(back).doubles()).containsExactly(1.5, 2.5, 3.5);
        large.release();
    }

    /// The struct `Layout` of vectors that begin somewhere.
    private static int[] window(int count, int to, int from) {
        int[] layout = new int[2 + 6 + 8 + 8 * 6];
        layout[0] = count;
        layout[1] = 1;
        layout[2] = count;
        layout[8] = to;
        layout[9] = from;
        layout[16] = 1;
        layout[22] = 1;
        return layout;
    }

    /// The queue is gone, so the driver answers as it does when the device is.
    @Test
    void aLostDeviceIsAnErrorOfThisCallAndOfAllLaterOnes() {
        ClDevice device = ClDevice.open(found, 7);
        DeviceStorage storage = device.upload(HostStorage.wrap(DType.I32, new int[] {5, 6, 7}));
        device.lose();

        assertThatThrownBy(device::finish)
                .isInstanceOf(OpException.class)
                .hasMessageContaining("opencl:7")
                .hasMessageContaining("the device was lost in finish")
                .hasMessageContaining("CL_INVALID_COMMAND_QUEUE");
        for (Runnable later : List.<Runnable>of(
                () -> device.allocate(DType.F32, 1),
                () -> device.clear(storage),
                device::finish,
                () -> device.download(storage))) {
            assertThatThrownBy(later::run).isInstanceOf(OpException.class).hasMessageContaining("was lost in finish");
        }
        storage.release(); // the host side still works
        assertThat(device.memory().usage().cached()).isPositive();
    }

    @Test
    void aBufferThatWasGivenBackIsNotUsed() {
        ClDevice device = ClDevice.open(found, 7);
        DeviceStorage storage = device.upload(HostStorage.wrap(DType.I32, new int[] {5, 6, 7}));
        storage.release();

        assertThatThrownBy(() -> device.download(storage))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("3 I32 elements is used after its memory was given back");
    }

    @Test
    void aKernelThatDoesNotFitIntoLocalMemoryIsAnError() {
        ClDevice device = ClDevice.open(Small.of(found, 64, 64), 7);

        assertThatThrownBy(() -> device.kernel("softmax", FLOATS, "softmax"))
                .isInstanceOf(OpException.class)
                .hasMessageMatching("(?s).*kernel softmax needs 10\\d\\d bytes of local memory.*") // drivers add some
                .hasMessageContaining("has 64");
    }

    @Test
    void aWorkGroupOverTheLimitIsAnError() {
        ClDevice device = ClDevice.open(Small.of(found, 16, 1 << 20), 7);
        Launch launch = device.kernel("cast", CAST, "cast");

        assertThatThrownBy(() -> launch.run(64, 32))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("kernel cast needs work-groups of 32")
                .hasMessageContaining("allows 16");
    }

    private static Path onlyFile(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            List<Path> all = files.toList();
            assertThat(all).hasSize(1);
            return all.getFirst();
        }
    }

    /// Runs a small program that is not compiled in this process yet.
    private static void fillOnFreshDevice() {
        ClDevice device = open("dev.retort.opencl.binaries", "on");
        Tensor x = device.tensor(DType.I32, Shape.of(3));
        int[] layout = new int[2 + 6 + 8 + 8 * 6];
        layout[0] = 3;
        layout[1] = 1;
        layout[2] = 3;
        layout[16] = 1;
        DeviceStorage from = device.upload(HostStorage.wrap(DType.I32, new int[] {5, 6, 7}));
        layout[22] = 1;
        device.kernel("cast", CAST, "cast")
                .struct(layout)
                .buffer(x)
                .buffer(from)
                .run(3, 1);
        assertThat(device.download((DeviceStorage) x.storage()).ints()).containsExactly(5, 6, 7);
    }

    /// A second process on the same device, while this one holds it.
    @Test
    void twoProcessesShareADevice() throws IOException, InterruptedException {
        fillOnFreshDeviceWithoutCache();
        Process other = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        OtherProcess.class.getName())
                .redirectErrorStream(true)
                .start();
        fillOnFreshDeviceWithoutCache();
        assertThat(other.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(other.exitValue())
                .as(new String(other.getInputStream().readAllBytes()))
                .isZero();
    }

    private static void fillOnFreshDeviceWithoutCache() {
        ClDevice device = ClDevice.open(found, 7);
        DeviceStorage storage = device.upload(HostStorage.wrap(DType.I32, new int[] {5, 6, 7}));
        assertThat(device.download(storage).ints()).containsExactly(5, 6, 7);
    }

    /// What the second process runs.
    static final class OtherProcess {
        private OtherProcess() {}

        /// Copies to the device and back.
        public static void main(String[] args) {
            ClDevice device = ClDevice.open(ClDevices.find().getFirst(), 0);
            DeviceStorage storage = device.upload(HostStorage.wrap(DType.I32, new int[] {1, 2}));
            System.exit(device.download(storage).ints()[1] == 2 ? 0 : 1);
        }
    }
}
