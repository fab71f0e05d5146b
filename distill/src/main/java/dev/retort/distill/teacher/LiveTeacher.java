package dev.retort.distill.teacher;

import dev.retort.distill.feature.Features;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Buffer;
import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// A network as teacher: answers by a forward pass without gradients.
///
/// The mode is stated here and set for every answer, whatever mode the network is in; afterwards every
/// module is back in the mode it was in, and buffers have their old values. So a surrounding `train()`
/// can't reach the teacher, and a teacher that shares modules with a student can't switch off the
/// student's dropout. Modes belong to the network, so one network answers one thread at a time.
public final class LiveTeacher implements Teacher {
    /// How normalisation layers behave while the teacher answers. Dropout is always off.
    public enum Mode {
        /// With running statistics: the usual evaluation mode.
        EVAL,
        /// Batch normalisation with the statistics of the batch, without moving the running ones. Some
        /// methods (feature overhaul, Heo et al. 2019) want it; an answer then depends on the whole batch
        /// and must not be cached.
        BATCH_STATISTICS
    }

    private final Layer network;
    private final Mode mode;

    /// The network in evaluation mode.
    public LiveTeacher(Layer network) {
        this(network, Mode.EVAL);
    }

    /// The network in a given mode.
    public LiveTeacher(Layer network, Mode mode) {
        this.network = network;
        this.mode = mode;
    }

    /// The network.
    public Layer network() {
        return network;
    }

    @Override
    public Optional<Layer> asNetwork() {
        return Optional.of(network);
    }

    /// How normalisation layers behave.
    public Mode mode() {
        return mode;
    }

    @Override
    public String fingerprint() {
        return Fingerprint.of(Fingerprint.of(network), mode.name());
    }

    @Override
    public Map<Tap, Tensor> answer(TeacherQuery query) {
        return switch (mode) {
            case EVAL -> Features.quietly(network, query.inputs().get(), query.taps());
            case BATCH_STATISTICS -> answerByBatch(query);
        };
    }

    private Map<Tap, Tensor> answerByBatch(TeacherQuery query) {
        Map<Buffer, Tensor> before = new LinkedHashMap<>();
        network.namedBuffers()
                .values()
                .forEach(buffer -> before.put(buffer, buffer.tensor().copy()));
        try {
            return Features.quietly(network, query.inputs().get(), query.taps(), LiveTeacher::usesStatistics);
        } finally {
            before.forEach(Buffer::set);
        }
    }

    private static boolean usesStatistics(Module module) {
        return module.ownBuffers().containsKey("running_mean");
    }
}
