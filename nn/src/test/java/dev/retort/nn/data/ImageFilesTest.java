package dev.retort.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.Rng;
import dev.retort.tensor.io.FormatException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageFilesTest {
    @TempDir
    Path folder;

    /// A picture whose pixel (x, y) has red = base + x, green = base + y, blue = base.
    private static BufferedImage colours(int width, int height, int base) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(x, y, base + x << 16 | base + y << 8 | base);
            }
        }
        return image;
    }

    private static byte[] encoded(BufferedImage image, String format) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertThat(ImageIO.write(image, format, out)).isTrue();
        return out.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "bmp"})
    void coloursAreReadExactly(String format) throws IOException {
        Picture picture = ImageFiles.decode(encoded(colours(3, 2, 100), format), "a", 3);
        assertThat(picture.height()).isEqualTo(2);
        assertThat(picture.width()).isEqualTo(3);
        assertThat(picture.pixels())
                .startsWith(100, 101, 102, 100, 101, 102)
                .endsWith(100, 100, 100, 101, 101, 101, 100, 100, 100, 100, 100, 100);
        assertThat(picture.toTensor().get(0, 1, 2)).isEqualTo(102 / 255f);
    }

    @Test
    void greyValuesStayWhatTheyAre() throws IOException {
        for (int type : new int[] {BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_USHORT_GRAY}) {
            BufferedImage image = new BufferedImage(256, 1, type);
            int scale = type == BufferedImage.TYPE_BYTE_GRAY ? 1 : 257;
            for (int x = 0; x < 256; x++) {
                image.getRaster().setSample(x, 0, 0, x * scale);
            }
            Picture one = ImageFiles.decode(encoded(image, "png"), "a", 1);
            Picture three = ImageFiles.decode(encoded(image, "png"), "a", 3);
            for (int x = 0; x < 256; x++) {
                assertThat(one.pixels()[x] & 0xFF).isEqualTo(x);
                assertThat(three.pixels()[512 + x] & 0xFF).isEqualTo(x);
            }
        }
    }

    @Test
    void coloursBecomeLuma() throws IOException {
        BufferedImage image = new BufferedImage(4, 1, BufferedImage.TYPE_INT_ARGB);
        int[] colours = {0xFFFF0000, 0xFF00FF00, 0xFF0000FF, 0xFF777777};
        image.setRGB(0, 0, 4, 1, colours, 0, 4);
        Picture picture = ImageFiles.decode(encoded(image, "png"), "a", 1);
        assertThat(picture.pixels()).containsExactly(76, (byte) 150, 29, 0x77);
    }

    @Test
    void shrinkingAveragesAndGrowingInterpolates() {
        byte[] board = new byte[64];
        for (int i = 0; i < 64; i++) {
            board[i] = (byte) (((i / 8 + i) & 1) * 200);
        }
        Picture small = new Picture(board, 1, 8, 8).resize(2, 2);
        for (byte value : small.pixels()) {
            assertThat((double) (value & 0xFF)).isCloseTo(100, within(1.0));
        }
        Picture large = new Picture(new byte[] {0, 100}, 1, 1, 2).resize(2, 4);
        assertThat(large.pixels()).containsExactly(0, 25, 75, 100, 0, 25, 75, 100);
    }

    @Test
    void anotherAspectRatioTakesTheMiddle() {
        Picture wide = new Picture(new byte[] {1, 1, 9, 9, 1, 1, 1, 1, 9, 9, 1, 1}, 1, 2, 6);
        assertThat(wide.resize(2, 2).pixels()).containsExactly(9, 9, 9, 9);
        assertThat(wide.resize(2, 6)).isSameAs(wide);
        assertThatIllegalArgumentException().isThrownBy(() -> wide.resize(0, 2));
        assertThatIllegalArgumentException().isThrownBy(() -> new Picture(new byte[3], 1, 2, 2));
    }

    @Test
    void otherFilesAreNamed() {
        assertThatThrownBy(() -> ImageFiles.decode("hello".getBytes(StandardCharsets.US_ASCII), "x.png", 3))
                .isInstanceOf(FormatException.class)
                .hasMessage("image: x.png: expects PNG, JPEG, BMP or GIF, got another format");
        assertThatThrownBy(() -> ImageFiles.decode(encoded(colours(3, 2, 0), "tiff"), "x.tif", 3))
                .hasMessage("image: x.tif: expects PNG, JPEG, BMP or GIF, got TIF");
        assertThatIllegalArgumentException().isThrownBy(() -> ImageFiles.decode(new byte[1], "x", 2));
    }

    @Test
    void aGiantClaimIsRefusedBeforeMemoryIsTaken() throws IOException {
        byte[] png = encoded(colours(3, 2, 0), "png");
        ByteBuffer.wrap(png).putInt(16, Integer.MAX_VALUE).putInt(20, Integer.MAX_VALUE);
        CRC32 crc = new CRC32();
        crc.update(png, 12, 17);
        ByteBuffer.wrap(png).putInt(29, (int) crc.getValue());
        assertThatThrownBy(() -> ImageFiles.decode(png, "giant.png", 3))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("giant.png");
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "jpg", "bmp", "gif"})
    void damagedImagesNeverDoMoreThanThrow(String format) throws IOException {
        byte[] whole = encoded(colours(9, 7, 30), format);
        Rng random = new Rng(3);
        int errors = 0;
        for (int i = 0; i < 1000; i++) {
            byte[] bytes = whole.clone();
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 + random.nextInt(255));
            bytes = i % 2 == 0 ? bytes : Arrays.copyOf(whole, random.nextInt(whole.length));
            try {
                assertThat(ImageFiles.decode(bytes, "a", 3).channels()).isEqualTo(3);
            } catch (FormatException e) {
                errors++;
            }
        }
        assertThat(errors).isPositive();
    }

    private void image(String name, int width, int height, int base) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, encoded(colours(width, height, base), "png"));
    }

    @Test
    void foldersAreClasses() throws IOException {
        image("dog/2.png", 4, 4, 20);
        image("dog/1.PNG", 4, 4, 10);
        image("ant/x.png", 8, 8, 100);
        Files.writeString(folder.resolve("dog/notes.txt"), "no image");
        Files.writeString(folder.resolve("dog/.hidden.png"), "no image");
        Files.createDirectories(folder.resolve(".git"));
        ImageFolder read = ImageFolder.open(folder, 3, 4, 4);
        assertThat(read.classNames()).containsExactly("ant", "dog");
        assertThat(read.labels()).containsExactly(0, 1, 1);
        assertThat(read.file(1)).isEqualTo(folder.resolve("dog/1.PNG"));
        assertThat(read.get(0).input().shape().dims()).containsExactly(3, 4, 4);
        assertThat(read.get(1).input().get(2, 3, 3)).isEqualTo(10 / 255f);
        assertThat(read.get(2).label()).isEqualTo(1);
        assertThat(ImageFolder.open(folder).get(2).input().shape().dims()).containsExactly(3, 8, 8);
    }

    @Test
    void foldersWithoutImagesAreErrors() throws IOException {
        assertThatThrownBy(() -> ImageFolder.open(folder, 3, 4, 4))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("expects one folder for each class, got none");
        Files.createDirectories(folder.resolve("empty"));
        assertThatThrownBy(() -> ImageFolder.open(folder, 3, 4, 4))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("empty: expects PNG or JPEG files, got none");
        Files.write(folder.resolve("empty/a.png"), new byte[10]);
        ImageFolder read = ImageFolder.open(folder, 3, 4, 4);
        assertThatThrownBy(() -> read.get(0))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("a.png");
    }

    private static byte[] pack(int count, Object... labelsAndImages) {
        ByteBuffer bytes = ByteBuffer.allocate(100_000);
        bytes.put("JPK1".getBytes(StandardCharsets.US_ASCII)).putInt(count);
        for (int i = 0; i < labelsAndImages.length; i += 2) {
            byte[] jpeg = (byte[]) labelsAndImages[i + 1];
            bytes.put(((Integer) labelsAndImages[i]).byteValue())
                    .putShort((short) jpeg.length)
                    .put(jpeg);
        }
        return Arrays.copyOf(bytes.array(), bytes.position());
    }

    private ImageDataset readPack(byte[] bytes) throws IOException {
        return JpegPack.read(Files.write(folder.resolve("a.jpk"), bytes), List.of("a", "b"));
    }

    private void assertBrokenPack(String message, byte[] bytes) {
        assertThatThrownBy(() -> readPack(bytes))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("a.jpk")
                .hasMessageContaining(message);
    }

    @Test
    void packsAreRead() throws IOException {
        byte[] jpeg = encoded(colours(16, 8, 100), "jpg");
        ImageDataset read = readPack(pack(2, 0, jpeg, 1, encoded(colours(16, 8, 50), "jpg")));
        assertThat(read.labels()).containsExactly(0, 1);
        assertThat(read.height()).isEqualTo(8);
        assertThat(read.bytes(0)).isEqualTo(ImageFiles.decode(jpeg, "a", 3).pixels());
        assertThat(read.get(1).input().get(2, 4, 4)).isCloseTo(50 / 255.0, within(4 / 255.0));
    }

    @Test
    void packsAreChecked() throws IOException {
        byte[] jpeg = encoded(colours(8, 8, 0), "jpg");
        byte[] whole = pack(2, 0, jpeg, 1, jpeg);
        assertBrokenPack("starts with JPK1", "JPK2\0\0\0\1aaaaaaa".getBytes(StandardCharsets.US_ASCII));
        assertBrokenPack("got 0", pack(0));
        assertBrokenPack("got 4294967295", pack(-1, 0, jpeg));
        assertBrokenPack("got 2147483647", pack(Integer.MAX_VALUE, 0, jpeg));
        assertBrokenPack("image 2: expects a label and a length, got the end", pack(3, 0, jpeg, 1, jpeg));
        assertBrokenPack("expects the end after 1 images", pack(1, 0, jpeg, 1, jpeg));
        assertBrokenPack("image 1: expects a label below 2, got 2", pack(2, 0, jpeg, 2, jpeg));
        assertBrokenPack("image 1: expects 8 x 8 pixels", pack(2, 0, jpeg, 1, encoded(colours(8, 9, 0), "jpg")));
        assertBrokenPack("image 1: expects PNG, JPEG", pack(2, 0, jpeg, 1, new byte[9]));
        for (int length = 0; length < whole.length; length++) {
            assertBrokenPack("jp", Arrays.copyOf(whole, length));
        }
    }
}
