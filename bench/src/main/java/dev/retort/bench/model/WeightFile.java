package dev.retort.bench.model;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.OnnxModel;
import dev.retort.tensor.io.Safetensors;
import dev.retort.tensor.io.TorchFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/// Weights from a file of any kind that this library reads: safetensors, ONNX, or what `torch.save` wrote.
public final class WeightFile {
    private static final String PARALLEL = "module.";

    private WeightFile() {}

    /// Tensors by name, without the prefix `module.` that PyTorch's DataParallel puts in front of all.
    ///
    /// @throws IOException if the file cannot be read, or breaks its format
    public static Map<String, Tensor> read(Path path) throws IOException {
        String name = path.getFileName().toString();
        if (name.endsWith(".gguf") && Files.exists(path)) {
            throw new FormatException(
                    "weights: " + path + ": expects .safetensors, .onnx or a PyTorch file, got a GGUF file");
        }
        Map<String, Tensor> state = name.endsWith(".safetensors")
                ? Safetensors.read(path)
                : name.endsWith(".onnx") ? OnnxModel.read(path).stateDict() : TorchFile.read(path);
        if (state.keySet().stream().allMatch(key -> key.startsWith(PARALLEL))) {
            Map<String, Tensor> plain = new LinkedHashMap<>();
            state.forEach((key, tensor) -> plain.put(key.substring(PARALLEL.length()), tensor));
            return plain;
        }
        return state;
    }
}
