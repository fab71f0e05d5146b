package dev.retort.nn.data;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Fashion-MNIST: 60,000 training and 10,000 test images of clothing in 10 classes, 28 x 28, grey,
/// perfectly balanced.
///
/// Taken from Debian's package `dataset-fashion-mnist` if that is installed, else from the cache
/// ([CacheFolder]), else downloaded (31 MB) into the cache. Licence of the data: MIT, Zalando SE.
///
/// Source: Xiao, Rasul and Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine
/// learning algorithms", 2017, arXiv 1708.07747.
public final class FashionMnist {
    /// The classes in the order of their labels.
    public static final List<String> CLASSES = List.of(
            "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot");

    private static final Path INSTALLED = Path.of("/usr/share/datasets/fashion-mnist");

    private static final List<String> SOURCES = List.of(
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/");

    // Debian's files differ from these in the gzip header, which names no file there; the images are the same.
    private static final List<Part> TRAIN = List.of(
            new Part(
                    "train-images-idx3-ubyte.gz",
                    26_421_880,
                    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
            new Part(
                    "train-labels-idx1-ubyte.gz",
                    29_515,
                    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"));
    private static final List<Part> TEST = List.of(
            new Part(
                    "t10k-images-idx3-ubyte.gz",
                    4_422_102,
                    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
            new Part(
                    "t10k-labels-idx1-ubyte.gz",
                    5_148,
                    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"));

    private final Path installed;
    private final Path cache;
    private final List<String> sources;
    private final Download.Settings settings;

    /// One of the four files: images, or labels.
    record Part(String name, long bytes, String sha256) {}

    FashionMnist(Path installed, Path cache, List<String> sources, Download.Settings settings) {
        this.installed = installed;
        this.cache = cache;
        this.sources = sources;
        this.settings = settings;
    }

    /// The data set where it usually is; `progress` is told of downloads.
    public static FashionMnist standard(Download.Progress progress) {
        return new FashionMnist(
                INSTALLED,
                CacheFolder.path().resolve("fashion-mnist"),
                SOURCES,
                Download.Settings.defaults().withProgress(progress));
    }

    /// The 60,000 training images.
    ///
    /// @throws DownloadException                        if the files are nowhere and cannot be fetched;
    ///                                                  the message names the ways to get them
    /// @throws dev.retort.tensor.io.FormatException     if an installed file is damaged
    /// @throws IOException                              if a file cannot be read, or the cache not be
    ///   written
    public ImageDataset train() throws IOException {
        return read(TRAIN);
    }

    /// The 10,000 test images.
    ///
    /// @throws DownloadException                        if the files are nowhere and cannot be fetched;
    ///                                                  the message names the ways to get them
    /// @throws dev.retort.tensor.io.FormatException     if an installed file is damaged
    /// @throws IOException                              if a file cannot be read, or the cache not be
    ///   written
    public ImageDataset test() throws IOException {
        return read(TEST);
    }

    ImageDataset read(List<Part> imagesAndLabels) throws IOException {
        Path images = file(imagesAndLabels.getFirst());
        Path labels = file(imagesAndLabels.getLast());
        return Idx.read(images, labels, CLASSES);
    }

    private Path file(Part part) throws IOException {
        Path ready = installed.resolve(part.name);
        if (Files.isRegularFile(ready)) {
            return ready;
        }
        List<URI> addresses =
                sources.stream().map(source -> URI.create(source + part.name)).toList();
        String alternatives = "Other ways: install Debian's package dataset-fashion-mnist (apt install"
                + " dataset-fashion-mnist), or put the file there by hand, or set RETORT_CACHE to a folder that has"
                + " fashion-mnist/" + part.name;
        Path cached = cache.resolve(part.name);
        return new Download(cached, part.bytes, part.sha256, addresses, alternatives, settings).fetch();
    }
}
