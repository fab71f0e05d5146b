package dev.retort.bench.data;

import dev.retort.nn.data.DataFolder;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.FashionMnist;
import dev.retort.nn.data.Idx;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/// The embedded pictures: 10,000 training and 2,000 test images of Fashion-MNIST, stratified by class.
///
/// Source: Xiao, Rasul and Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine
/// learning algorithms", 2017, arXiv 1708.07747; MIT licence. How the subset was made:
/// `bench/data/MakeFashionSubset.java`.
public final class EmbeddedFashion {
    private static final String FOLDER = "fashion-mnist-subset/";

    private EmbeddedFashion() {}

    /// Training and test images.
    public static DataFolder open() throws IOException {
        return new DataFolder("embedded Fashion-MNIST subset", part("train"), Optional.of(part("t10k")));
    }

    private static Dataset part(String name) throws IOException {
        return Idx.parse(
                resource(name + "-images-idx3-ubyte.gz"),
                resource(name + "-labels-idx1-ubyte.gz"),
                FOLDER + name,
                FashionMnist.CLASSES);
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = EmbeddedFashion.class.getResourceAsStream(FOLDER + name)) {
            if (in == null) {
                throw new IOException("resource " + FOLDER + name + " is missing: the build is incomplete");
            }
            return in.readAllBytes();
        }
    }
}
