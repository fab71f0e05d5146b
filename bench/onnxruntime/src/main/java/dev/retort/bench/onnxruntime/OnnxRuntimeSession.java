package dev.retort.bench.onnxruntime;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.retort.distill.teacher.FunctionTeacher;
import dev.retort.distill.teacher.Teacher;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.function.UnaryOperator;

/// An ONNX file that ONNX Runtime executes: one input, and the first output if there are several.
///
/// Inputs are `F32` or integers (sent as `I64`); outputs are `F32` or `I64`. Thread-safe, as sessions of ONNX
/// Runtime are.
public final class OnnxRuntimeSession implements UnaryOperator<Tensor>, AutoCloseable {
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;
    private final String input;
    private final String digest;

    /// Opens a file, run with `threads` threads inside an operator.
    ///
    /// @throws IOException              if the file cannot be read, or ONNX Runtime refuses it
    /// @throws IllegalArgumentException if it has not exactly one input
    public OnnxRuntimeSession(Path file, int threads) throws IOException {
        digest = digest(file);
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(threads);
            session = environment.createSession(file.toString(), options);
        } catch (OrtException e) {
            throw new IOException("onnx_runtime: " + file + ": " + e.getMessage(), e);
        }
        if (session.getInputNames().size() != 1) {
            throw new IllegalArgumentException(
                    "onnx_runtime: " + file + ": expects a model with one input, got " + session.getInputNames());
        }
        input = session.getInputNames().iterator().next();
    }

    private static String digest(Path file) throws IOException {
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
            in.transferTo(java.io.OutputStream.nullOutputStream());
            return HexFormat.of()
                    .formatHex(((DigestInputStream) in).getMessageDigest().digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /// The output for `x`, on the host.
    ///
    /// @throws IllegalArgumentException if ONNX Runtime refuses the input, or the output is of another type
    @Override
    public Tensor apply(Tensor x) {
        try (OnnxTensor given = tensor(x);
                OrtSession.Result result = session.run(Map.of(input, given))) {
            return tensor(result.get(0));
        } catch (OrtException e) {
            throw new IllegalArgumentException("onnx_runtime: " + x.type() + ": " + e.getMessage(), e);
        }
    }

    private OnnxTensor tensor(Tensor x) throws OrtException {
        long[] shape = new long[x.rank()];
        for (int d = 0; d < shape.length; d++) {
            shape[d] = x.size(d);
        }
        return x.dtype().isFloating()
                ? OnnxTensor.createTensor(environment, FloatBuffer.wrap(x.toFloats()), shape)
                : OnnxTensor.createTensor(environment, LongBuffer.wrap(x.toLongs()), shape);
    }

    private static Tensor tensor(OnnxValue value) {
        if (!(value instanceof OnnxTensor tensor)) {
            throw new IllegalArgumentException("onnx_runtime: expects a tensor as output, got " + value.getType());
        }
        TensorInfo info = tensor.getInfo();
        int[] shape = new int[info.getShape().length];
        for (int d = 0; d < shape.length; d++) {
            shape[d] = Math.toIntExact(info.getShape()[d]);
        }
        if (info.type == OnnxJavaType.FLOAT) {
            FloatBuffer buffer = tensor.getFloatBuffer();
            float[] values = new float[buffer.remaining()];
            buffer.get(values);
            return Tensor.of(values, shape);
        }
        if (info.type == OnnxJavaType.INT64) {
            LongBuffer buffer = tensor.getLongBuffer();
            long[] values = new long[buffer.remaining()];
            buffer.get(values);
            return Tensor.of(values, shape);
        }
        throw new IllegalArgumentException(
                "onnx_runtime: expects an output of " + DType.F32 + " or " + DType.I64 + ", got " + info.type);
    }

    /// A teacher whose logits are the output; the content of the file identifies its answers. It answers
    /// until the session is closed.
    public Teacher asTeacher() {
        return new FunctionTeacher("onnxruntime sha256:" + digest, this);
    }

    /// Frees the native memory.
    @Override
    public void close() {
        try {
            session.close();
        } catch (OrtException e) {
            throw new IllegalStateException("onnx_runtime: " + e.getMessage(), e);
        }
    }
}
