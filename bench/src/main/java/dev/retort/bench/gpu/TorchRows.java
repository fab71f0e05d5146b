package dev.retort.bench.gpu;

import dev.retort.bench.CommandException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// PyTorch's times of the same rows, by `torch_rows.py` in a process of its own.
///
/// @param version of PyTorch
/// @param device  that it computed on
/// @param seconds median, by row
record TorchRows(String version, String device, Map<String, Double> seconds) {
    private static final String SCRIPT = "torch_rows.py";

    /// Runs the script, which is written into `folder` first.
    ///
    /// @param python the interpreter, one that has PyTorch
    /// @throws CommandException if the interpreter can't be started or the script fails
    static TorchRows measure(String python, GpuSize size, Path folder) throws IOException, InterruptedException {
        Path script = folder.resolve(SCRIPT);
        try (InputStream text = TorchRows.class.getResourceAsStream(SCRIPT)) {
            if (text == null) {
                throw new IllegalStateException("bench gpu: " + SCRIPT + " is missing in this build");
            }
            Files.copy(text, script, StandardCopyOption.REPLACE_EXISTING);
        }
        Process process;
        try {
            process = new ProcessBuilder(python, script.toString(), size.name().toLowerCase(Locale.ROOT))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
        } catch (IOException e) {
            throw new CommandException("--torch: expected a Python interpreter, got " + python, e);
        }
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int code = process.waitFor();
        if (code != 0) {
            throw new CommandException("--torch: " + python + " " + script + " ended with exit code " + code
                    + "; it needs PyTorch, its message is above");
        }
        JsonNode root = JsonMapper.shared().readTree(out);
        Map<String, Double> seconds = new LinkedHashMap<>();
        for (String name : root.get("rows").propertyNames()) {
            seconds.put(name, root.get("rows").get(name).doubleValue());
        }
        return new TorchRows(root.get("torch").stringValue(), root.get("device").stringValue(), seconds);
    }
}
