package dev.retort.nn.data;

/// Moves of pixels, by nearest neighbour with zeros outside.
final class Geometry {
    private Geometry() {}

    /// The image whose pixel (x, y) is the source's at (a·(x − cx) + b·(y − cy) + cx + dx, c·(x − cx) +
    /// d·(y − cy) + cy + dy).
    static Pixels affine(
            Pixels image, double a, double b, double c, double d, double cx, double cy, double dx, double dy) {
        Pixels out = image.blank();
        int plane = image.height() * image.width();
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++) {
                int sx = (int) Math.rint(a * (x - cx) + b * (y - cy) + cx + dx);
                int sy = (int) Math.rint(c * (x - cx) + d * (y - cy) + cy + dy);
                for (int channel = 0; channel < image.channels(); channel++) {
                    out.values()[channel * plane + y * image.width() + x] = image.at(channel, sy, sx);
                }
            }
        }
        return out;
    }

    /// Moved right and down.
    static Pixels translate(Pixels image, int right, int down) {
        return affine(image, 1, 0, 0, 1, 0, 0, -right, -down);
    }

    /// Turned counter-clockwise around a centre.
    static Pixels rotate(Pixels image, double angle, double cx, double cy) {
        double cos = Math.cos(angle);
        double sin = Math.sin(angle);
        return affine(image, cos, -sin, sin, cos, cx, cy, 0, 0);
    }
}
