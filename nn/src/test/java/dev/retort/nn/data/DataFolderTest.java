package dev.retort.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.io.FormatException;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFolderTest {
    @TempDir
    Path folder;

    private void idx(String part, String suffix, int count) throws IOException {
        byte[] images = IdxTest.idx(8, new int[] {count, 2, 2}, IdxTest.pixels(count * 4));
        byte[] labels = IdxTest.idx(8, new int[] {count}, new byte[count]);
        boolean gzip = suffix.endsWith(".gz");
        Files.write(folder.resolve(part + "-images-idx3-ubyte" + suffix), gzip ? IdxTest.gzip(images) : images);
        Files.write(folder.resolve(part + "-labels-idx1-ubyte" + suffix), gzip ? IdxTest.gzip(labels) : labels);
    }

    private void image(String name) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        ImageIO.write(new BufferedImage(6, 5, BufferedImage.TYPE_INT_RGB), "png", file.toFile());
    }

    @Test
    void idxFilesAreFound() throws IOException {
        idx("train", ".gz", 7);
        assertThat(DataFolder.open(folder).test()).isEmpty();
        idx("t10k", "", 3);
        DataFolder read = DataFolder.open(folder);
        assertThat(read.format()).isEqualTo("IDX");
        assertThat(read.train().size()).isEqualTo(7);
        assertThat(read.test())
                .hasValueSatisfying(test -> assertThat(test.size()).isEqualTo(3));
        Files.delete(folder.resolve("train-labels-idx1-ubyte.gz"));
        assertThatThrownBy(() -> DataFolder.open(folder))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("train-labels-idx1-ubyte");
    }

    @Test
    void aTextFileNamesTheClassesOfIdxFiles() throws IOException {
        idx("train", "", 4);
        idx("t10k", "", 2);
        assertThat(DataFolder.open(folder).train().classNames()).isEmpty();
        Path names = folder.resolve("classes.txt");
        Files.writeString(names, "T-shirt/top\n Kleid \r\n\n\n");
        DataFolder read = DataFolder.open(folder);
        assertThat(read.train().classNames()).containsExactly("T-shirt/top", "Kleid");
        assertThat(read.test().orElseThrow().classNames()).containsExactly("T-shirt/top", "Kleid");
        Files.writeString(names, "\na\n");
        assertThatThrownBy(() -> DataFolder.open(folder)).hasMessageContaining("line 1: expects a name");
        Files.writeString(names, "");
        assertThatThrownBy(() -> DataFolder.open(folder))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("classes.txt: expects a name for each of the 1 classes, one a line, got 0");
        Files.write(names, new byte[] {(byte) 0xFF, (byte) 0xFE, 0});
        assertThatThrownBy(() -> DataFolder.open(folder))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("UTF-8");
    }

    @Test
    void testImagesMustBeLikeTheTrainingImages() throws IOException {
        idx("train", "", 4);
        idx("t10k", "", 3);
        Path labels = folder.resolve("t10k-labels-idx1-ubyte");
        Files.write(labels, IdxTest.idx(8, new int[] {3}, new byte[] {0, 0, 1}));
        assertThatThrownBy(() -> DataFolder.open(folder))
                .isInstanceOf(FormatException.class)
                .hasMessage("data: " + labels
                        + ": expects labels below 1, the classes of the training part, got 1 at index 2");
        Files.writeString(folder.resolve("classes.txt"), "a\nb\n");
        assertThat(DataFolder.open(folder).test()).isPresent();
        Path images = folder.resolve("t10k-images-idx3-ubyte");
        Files.write(images, IdxTest.idx(8, new int[] {3, 4, 2}, IdxTest.pixels(24)));
        assertThatThrownBy(() -> DataFolder.open(folder))
                .isInstanceOf(FormatException.class)
                .hasMessage("data: " + images + ": expects images of [1, 2, 2] as in the training part, got [1, 4, 2]");
    }

    @Test
    void cifarFilesAreFound() throws IOException {
        Files.write(folder.resolve("data_batch_2.bin"), CifarTest.records(1, 2));
        Files.write(folder.resolve("data_batch_1.bin"), CifarTest.records(1, 1));
        Files.write(folder.resolve("test_batch.bin"), CifarTest.records(1, 5, 6));
        DataFolder read = DataFolder.open(folder);
        assertThat(read.format()).isEqualTo("CIFAR-10");
        assertThat(read.train().labels()).containsExactly(1, 2);
        assertThat(read.test().orElseThrow().labels()).containsExactly(5, 6);
    }

    @Test
    void cifar100FilesAreFound() throws IOException {
        Files.write(folder.resolve("train.bin"), CifarTest.records(2, 99));
        DataFolder read = DataFolder.open(folder);
        assertThat(read.format()).isEqualTo("CIFAR-100");
        assertThat(read.train().labels()).containsExactly(99);
        assertThat(read.test()).isEmpty();
    }

    @Test
    void imageFoldersAreFound() throws IOException {
        image("train/a/1.png");
        image("train/b/1.png");
        image("test/a/1.png");
        assertThatThrownBy(() -> DataFolder.open(folder))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("expects the classes [a, b], got [a]");
        image("test/b/1.png");
        DataFolder read = DataFolder.open(folder);
        assertThat(read.format()).isEqualTo("image folder");
        assertThat(read.test().orElseThrow().get(1).input().shape().dims()).containsExactly(3, 5, 6);
        assertThat(DataFolder.open(folder.resolve("train")).train().classNames())
                .containsExactly("a", "b");
    }

    @Test
    void otherFoldersAreErrorsThatNameTheFormats() throws IOException {
        Files.writeString(folder.resolve("readme.txt"), "");
        assertThatThrownBy(() -> DataFolder.open(folder))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("expects IDX files, CIFAR .bin files, .jpk packs, or a folder of images")
                .hasMessageContaining("readme.txt");
        assertThatThrownBy(() -> DataFolder.open(folder.resolve("none"))).isInstanceOf(NotDirectoryException.class);
        assertThatThrownBy(() -> DataFolder.open(folder.resolve("readme.txt")))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("readme.txt: expects a folder of")
                .hasMessageContaining("got a file");
    }
}
