package dev.retort.nn.data;

import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.InputFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// The binary versions of CIFAR-10 and CIFAR-100: records of label bytes and 32 x 32 pixels, all of red,
/// then green, then blue, without a header.
///
/// Source: Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
public final class Cifar {
    /// The classes of CIFAR-10 in the order of their labels.
    public static final List<String> CLASSES_10 =
            List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

    /// The fine classes of CIFAR-100 in the order of their labels.
    public static final List<String> CLASSES_100 =
            List.of(("apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge "
                            + "bus butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud "
                            + "cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish forest fox "
                            + "girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster "
                            + "man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter "
                            + "palm_tree pear pickup_truck pine_tree plain plate poppy porcupine possum rabbit "
                            + "raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake "
                            + "spider squirrel streetcar sunflower sweet_pepper table tank telephone television "
                            + "tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm")
                    .split(" "));

    private static final int SIDE = 32;
    private static final int PIXELS = 3 * SIDE * SIDE;

    private Cifar() {}

    /// Reads CIFAR-10 files, one after the other: records of label and pixels, 3,073 bytes.
    ///
    /// @throws FormatException if a file is not made of such records; the message names the file and the
    ///                         record
    /// @throws IOException     if a file is missing or cannot be read
    public static ImageDataset read10(List<Path> files) throws IOException {
        return read(files, 1, CLASSES_10);
    }

    /// Reads CIFAR-100 files, one after the other: records of coarse label, fine label and pixels, 3,074
    /// bytes. The fine label is taken.
    ///
    /// @throws FormatException if a file is not made of such records; the message names the file and the
    ///                         record
    /// @throws IOException     if a file is missing or cannot be read
    public static ImageDataset read100(List<Path> files) throws IOException {
        return read(files, 2, CLASSES_100);
    }

    private static ImageDataset read(List<Path> files, int labelBytes, List<String> names) throws IOException {
        int record = labelBytes + PIXELS;
        long count = 0;
        for (Path file : files) {
            long size = Files.size(file);
            if (size == 0 || size % record != 0) {
                throw new FormatException("cifar: " + file + ": expects records of " + record + " bytes, got " + size
                        + " bytes: truncated, or not CIFAR-" + names.size());
            }
            count += size / record;
        }
        if (count * PIXELS > Integer.MAX_VALUE - 8) {
            throw new FormatException("cifar: expects at most 699050 images in all files, got " + count);
        }
        byte[] pixels = new byte[(int) count * PIXELS];
        int[] labels = new int[(int) count];
        int at = 0;
        for (Path file : files) {
            byte[] bytes = InputFile.bytes(file);
            for (int i = 0; i < bytes.length / record; i++, at++) {
                labels[at] = bytes[i * record + labelBytes - 1] & 0xFF;
                if (labels[at] >= names.size()) {
                    throw new FormatException("cifar: " + file + ": record " + i + ": expects a label below "
                            + names.size() + ", got " + labels[at]);
                }
                System.arraycopy(bytes, i * record + labelBytes, pixels, at * PIXELS, PIXELS);
            }
        }
        return new ImageDataset(pixels, 3, SIDE, SIDE, labels, names);
    }
}
