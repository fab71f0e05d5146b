import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/// Makes the embedded data set: a stratified subset of Fashion-MNIST (Xiao, Rasul, Vollgraf, 2017, arXiv
/// 1708.07747).
///
/// Run it at the root of the repository, with Debian's package `dataset-fashion-mnist` installed or
/// unpacked:
///
/// ```
/// apt-get download dataset-fashion-mnist && dpkg-deb -x dataset-fashion-mnist_*.deb /tmp/fashion
/// java bench/data/MakeFashionSubset.java /tmp/fashion/usr/share/datasets/fashion-mnist \
///     bench/src/main/resources/dev/retort/bench/data/fashion-mnist-subset
/// ```
///
/// It takes 1,000 of the 6,000 training images and 200 of the 1,000 test images of every class, chosen by
/// a seeded shuffle, in their original order. The results are gzip-compressed IDX files like the
/// originals, and for each part the positions of the chosen images in the original file.
public final class MakeFashionSubset {
    private static final long SEED = 20261123;
    private static final int CLASSES = 10;
    private static final int IMAGES_MAGIC = 0x0803;
    private static final int LABELS_MAGIC = 0x0801;
    private static final int INDICES_MAGIC = 0x0C01;

    private MakeFashionSubset() {}

    /// Writes the subset; the arguments are the folder of the originals and the folder of the results.
    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 2) {
            System.err.println("usage: java MakeFashionSubset.java SOURCE TARGET");
            System.exit(2);
        }
        Path source = Path.of(arguments[0]);
        Path target = Files.createDirectories(Path.of(arguments[1]));
        Random random = new Random(SEED);
        part("train", 1000, source, target, random,
                "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7",
                "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056");
        part("t10k", 200, source, target, random,
                "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa",
                "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05");
    }

    private static void part(String name, int perClass, Path source, Path target, Random random,
            String imagesDigest, String labelsDigest) throws Exception {
        String imagesName = name + "-images-idx3-ubyte.gz";
        String labelsName = name + "-labels-idx1-ubyte.gz";
        byte[] labels;
        try (DataInputStream in = open(source.resolve(labelsName), labelsDigest, LABELS_MAGIC)) {
            labels = in.readNBytes(in.readInt());
        }
        int[] chosen = choose(labels, perClass, random);
        try (DataInputStream in = open(source.resolve(imagesName), imagesDigest, IMAGES_MAGIC)) {
            int count = in.readInt();
            int rows = in.readInt();
            int columns = in.readInt();
            byte[] pixels = in.readNBytes(count * rows * columns);
            write(target.resolve(imagesName), out -> {
                header(out, IMAGES_MAGIC, chosen.length, rows, columns);
                for (int index : chosen) {
                    out.write(pixels, index * rows * columns, rows * columns);
                }
            });
        }
        write(target.resolve(labelsName), out -> {
            header(out, LABELS_MAGIC, chosen.length);
            for (int index : chosen) {
                out.writeByte(labels[index]);
            }
        });
        write(target.resolve(name + "-origin-idx1-int.gz"), out -> {
            header(out, INDICES_MAGIC, chosen.length);
            for (int index : chosen) {
                out.writeInt(index);
            }
        });
    }

    /// The positions of `perClass` images of every class, ascending.
    private static int[] choose(byte[] labels, int perClass, Random random) {
        int[] chosen = new int[CLASSES * perClass];
        for (int label = 0; label < CLASSES; label++) {
            int wanted = label;
            int[] all = IntStream.range(0, labels.length).filter(i -> labels[i] == wanted).toArray();
            for (int i = all.length - 1; i > 0; i--) {
                int other = random.nextInt(i + 1);
                int kept = all[i];
                all[i] = all[other];
                all[other] = kept;
            }
            System.arraycopy(all, 0, chosen, label * perClass, perClass);
        }
        return IntStream.of(chosen).sorted().toArray();
    }

    private static DataInputStream open(Path file, String digest, int magic) throws Exception {
        byte[] packed = Files.readAllBytes(file);
        String found = sha256(packed);
        if (!found.equals(digest)) {
            throw new IOException(file + ": sha256 should be " + digest + ", is " + found);
        }
        DataInputStream in = new DataInputStream(new GZIPInputStream(Files.newInputStream(file)));
        int first = in.readInt();
        if (first != magic) {
            throw new IOException(file + ": magic should be " + magic + ", is " + first);
        }
        return in;
    }

    private static void header(DataOutputStream out, int... words) throws IOException {
        for (int word : words) {
            out.writeInt(word);
        }
    }

    private static void write(Path file, Content content) throws Exception {
        ByteArrayOutputStream plain = new ByteArrayOutputStream();
        content.writeTo(new DataOutputStream(plain));
        try (OutputStream out = new BestGzip(Files.newOutputStream(file))) {
            plain.writeTo(out);
        }
        System.out.printf("%s  %s (unpacked)  %,d bytes packed%n",
                sha256(plain.toByteArray()), file.getFileName(), Files.size(file));
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    /// Writes the unpacked content of a file.
    private interface Content {
        void writeTo(DataOutputStream out) throws IOException;
    }

    /// Gzip at the highest level; its header holds no time, so the bytes repeat.
    private static final class BestGzip extends GZIPOutputStream {
        BestGzip(OutputStream out) throws IOException {
            super(out);
            def.setLevel(9);
        }
    }
}
