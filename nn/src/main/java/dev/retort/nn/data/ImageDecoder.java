package dev.retort.nn.data;

import dev.retort.tensor.io.FormatException;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import java.util.Locale;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/// The only class here that needs the module `java.desktop`; loaded when the first image is decoded.
final class ImageDecoder {
    /// Larger pictures are refused before memory is taken for them.
    private static final long MAX_PIXELS = 1L << 26;

    private static final Set<String> FORMATS = Set.of("PNG", "JPEG", "BMP", "GIF");

    private ImageDecoder() {}

    static Picture decode(byte[] encoded, String name, int channels) throws FormatException {
        BufferedImage image = image(encoded, name);
        boolean grey = image.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_GRAY;
        byte[] planes = grey ? fromGrey(image, channels) : fromColours(image, channels);
        return new Picture(planes, channels, image.getHeight(), image.getWidth());
    }

    private static BufferedImage image(byte[] encoded, String name) throws FormatException {
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(encoded))) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            ImageReader reader = readers.hasNext() ? readers.next() : null;
            String format =
                    reader == null ? "another format" : reader.getFormatName().toUpperCase(Locale.ROOT);
            if (reader == null || !FORMATS.contains(format)) {
                throw new FormatException("image: " + name + ": expects PNG, JPEG, BMP or GIF, got " + format);
            }
            try {
                reader.setInput(in, true, true);
                long pixels = (long) reader.getWidth(0) * reader.getHeight(0);
                if (pixels < 1 || pixels > MAX_PIXELS) {
                    throw new FormatException("image: " + name + ": expects 1 to " + MAX_PIXELS + " pixels, got "
                            + reader.getWidth(0) + " x " + reader.getHeight(0));
                }
                return reader.read(0);
            } finally {
                reader.dispose();
            }
        } catch (FormatException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // The decoders meet damaged input with many kinds of unchecked exceptions, which speak of their insides.
            String words = e instanceof IOException && e.getMessage() != null ? ": " + e.getMessage() : "";
            throw new FormatException("image: " + name + ": expects a whole image, got a damaged one" + words, e);
        }
    }

    /// Reads the samples as they are: the JDK takes grey values for linear light and would brighten them.
    private static byte[] fromGrey(BufferedImage image, int channels) {
        Raster raster = image.getRaster();
        int size = image.getWidth() * image.getHeight();
        int[] samples = raster.getSamples(0, 0, image.getWidth(), image.getHeight(), 0, new int[size]);
        int highest = (1 << raster.getSampleModel().getSampleSize(0)) - 1;
        byte[] planes = new byte[channels * size];
        for (int i = 0; i < planes.length; i++) {
            planes[i] = (byte) ((samples[i % size] * 255L + highest / 2) / highest);
        }
        return planes;
    }

    private static byte[] fromColours(BufferedImage image, int channels) {
        int size = image.getWidth() * image.getHeight();
        int[] colours = image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
        byte[] planes = new byte[channels * size];
        for (int i = 0; i < size; i++) {
            int red = colours[i] >> 16 & 0xFF;
            int green = colours[i] >> 8 & 0xFF;
            int blue = colours[i] & 0xFF;
            if (channels == 1) {
                // Weights in 1/65536, rounded to nearest, so that grey stays exactly what it is.
                planes[i] = (byte) ((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16);
            } else {
                planes[i] = (byte) red;
                planes[size + i] = (byte) green;
                planes[2 * size + i] = (byte) blue;
            }
        }
        return planes;
    }
}
