package dev.retort.tensor;

import java.util.Locale;

/// Prints tensors as NumPy does: the type, then nested brackets with aligned columns. Beyond 1000
/// elements only the first and last three of each long dimension are shown.
final class TensorPrinter {
    private static final int THRESHOLD = 1000;
    private static final int EDGE = 3;
    private static final int LINE = 96;

    /// How the floating elements of one tensor are written.
    private enum Style {
        WHOLE,
        FIXED,
        SCIENTIFIC
    }

    private final HostStorage data;
    private final int[] dims;
    private final int[] strides;
    private final boolean summarised;
    private final StringBuilder text = new StringBuilder();
    private Style style = Style.WHOLE;
    private int width;

    private TensorPrinter(Tensor tensor) {
        data = tensor.detach().toHost();
        dims = tensor.shape().dims();
        strides = tensor.shape().contiguousStrides();
        summarised = tensor.numel() > THRESHOLD;
    }

    static String print(Tensor tensor) {
        if (tensor.numel() == 0) {
            return tensor.type() + " []";
        }
        TensorPrinter printer = new TensorPrinter(tensor);
        printer.chooseStyle();
        printer.measure(0, 0);
        printer.dimension(0, 0);
        return tensor.type() + (tensor.rank() > 1 ? "\n" : " ") + printer.text;
    }

    /// Whole numbers as `3.`; very large, very small or widely spread ones as `1.2345e-06`; else four
    /// decimals.
    private void chooseStyle() {
        if (!data.dtype().isFloating()) {
            return;
        }
        double largest = 0;
        double smallest = Double.POSITIVE_INFINITY;
        boolean whole = true;
        for (int i = 0; i < data.size(); i++) {
            double a = Math.abs(data.getDouble(i));
            if (Double.isInfinite(a) || !(a > 0)) {
                continue; // NaN, infinities and zeros fit any style
            }
            largest = Math.max(largest, a);
            smallest = Math.min(smallest, a);
            whole &= a == Math.rint(a);
        }
        if (largest >= 1e8 || (!whole && largest > 0 && (smallest < 1e-4 || largest / smallest > 1e5))) {
            style = Style.SCIENTIFIC;
        } else {
            style = whole ? Style.WHOLE : Style.FIXED;
        }
    }

    private String element(int at) {
        if (data.dtype() == DType.BOOL) {
            return data.getLong(at) != 0 ? "true" : "false";
        }
        if (!data.dtype().isFloating()) {
            return Long.toString(data.getLong(at));
        }
        double value = data.getDouble(at);
        if (Double.isNaN(value)) {
            return "nan";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "inf" : "-inf";
        }
        return switch (style) {
            case WHOLE -> String.format(Locale.ROOT, "%.0f.", value);
            case FIXED -> String.format(Locale.ROOT, "%.4f", value);
            case SCIENTIFIC -> String.format(Locale.ROOT, "%.4e", value);
        };
    }

    private boolean skips(int dim) {
        return summarised && dims[dim] > 2 * EDGE;
    }

    /// Finds the widest of the elements that will be shown.
    private void measure(int dim, int at) {
        if (dim == dims.length) {
            width = Math.max(width, element(at).length());
            return;
        }
        for (int i = 0; i < dims[dim]; i++) {
            if (skips(dim) && i == EDGE) {
                i = dims[dim] - EDGE;
            }
            measure(dim + 1, at + i * strides[dim]);
        }
    }

    private void dimension(int dim, int at) {
        if (dim == dims.length) {
            text.append(dims.length == 0 ? element(at) : padded(element(at)));
            return;
        }
        text.append('[');
        int lineStart = text.length() - 1 - dim;
        for (int i = 0; i < dims[dim]; i++) {
            if (i > 0) {
                lineStart = separate(dim, lineStart);
            }
            if (skips(dim) && i == EDGE) {
                text.append("...");
                i = dims[dim] - EDGE - 1;
            } else {
                dimension(dim + 1, at + i * strides[dim]);
            }
        }
        text.append(']');
    }

    private String padded(String element) {
        return " ".repeat(width - element.length()) + element;
    }

    /// A comma, then a space or new lines and the indent; returns where the current line starts.
    private int separate(int dim, int lineStart) {
        text.append(',');
        int inner = dims.length - dim - 1;
        if (inner == 0 && text.length() + 1 + width + 1 - lineStart <= LINE) {
            text.append(' ');
            return lineStart;
        }
        text.append("\n".repeat(Math.max(1, inner)));
        int start = text.length();
        text.repeat(' ', dim + 1);
        return start;
    }
}
