package dev.retort.opencl.runtime;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Hopper's own instructions in kernels that the OpenCL compiler translates for `sm_90`, which lacks them.
///
/// A binary of NVIDIA's driver is PTX text, and the driver takes such a text back. A kernel says in comments what the
/// compiler does not know, as inline assembly, so that the compiler puts registers in; in the text
///
/// - `//@ INSTRUCTION` becomes the instruction,
/// - `//@entry DIRECTIVE` moves in front of the kernel's body, as `.maxnreg 128` has to stand there,
/// - the target becomes `sm_90a`.
final class PtxEdit {
    /// The most bytes of local memory that a work-group has there; OpenCL names 48 KiB, and takes more that a kernel
    /// declares.
    static final long LOCAL_BYTES = 227 << 10;

    private static final String MARK = "//@";
    private static final String INSTRUCTION = MARK + " ";
    private static final Pattern TARGET = Pattern.compile("(?m)^\\.target sm_90(?=[,\\s])");
    private static final Pattern ENTRY = Pattern.compile("(?m)^[ \\t]*//@entry (.*)\\R");

    private PtxEdit() {}

    /// Whether a source has something for this device.
    static boolean wants(DeviceLimits limits, String source) {
        return limits.hopper() && source.contains(MARK);
    }

    /// Whether a source means nothing without.
    static boolean needs(DeviceLimits limits, String source) {
        return limits.hopper() && source.contains(INSTRUCTION);
    }

    /// The edited text of a program with one kernel, or null if the binary is none.
    static byte @Nullable [] edited(byte[] binary) {
        int length = binary.length;
        while (length > 0 && binary[length - 1] == 0) {
            length--;
        }
        String text = new String(binary, 0, length, StandardCharsets.ISO_8859_1);
        int entry = text.indexOf(".entry");
        if (entry < 0 || !TARGET.matcher(text).find()) {
            return null;
        }
        int body = text.indexOf("\n{", entry) + 1;
        StringBuilder directives = new StringBuilder();
        ENTRY.matcher(text)
                .results()
                .forEach(found -> directives.append(found.group(1)).append('\n'));
        String all = text.substring(0, body) + directives + text.substring(body);
        String edited = TARGET.matcher(ENTRY.matcher(all).replaceAll("")).replaceFirst(".target sm_90a");
        return (edited.replace(MARK, "") + "\0").getBytes(StandardCharsets.ISO_8859_1);
    }
}
