package dev.retort.nn.train;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradOptions;
import dev.retort.nn.Module;
import dev.retort.nn.data.Batch;
import dev.retort.nn.loss.Loss;
import dev.retort.tensor.Device;
import dev.retort.tensor.OpException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/// Training of one module on several devices: each computes on its share of the batch.
///
/// ```java
/// var parallel = new DataParallel<>(model, () -> new SmallCnn(config, new Rng(1)), devices);
/// var optimizer = new AdamW(model.namedParameters(), AdamW.config(0.003));
/// for (Batch batch : loader) {
///     Loss loss = parallel.backward(batch, (net, part) -> Losses.crossEntropy(net.call(part.inputs()),
/// part.targets()));
///     optimizer.step();
/// }
/// ```
///
/// The module itself, moved to the first device, is the only one that optimisers, checkpoints and evaluation see;
/// the others are replicas that get its parameters and buffers before every step. So a run is saved and resumed
/// as on one device, and may be resumed on another number of them.
///
/// **Gradient**: g = Σ_r ∇(sum of losses of share r) / Σ_r (count of share r), r in the order of the devices: shares
/// of different sizes weigh as they should, and a run repeats its bits. Without batch norm and dropout it is the
/// gradient of the whole batch up to rounding.
///
/// **Batch norm** normalises each share by the share's own statistics, as PyTorch's without synchronisation does.
/// The running statistics move by the mean over the shares, weighted by their rows: the mean is the whole
/// batch's, the variance lacks what lies between the means of the shares. Other buffers keep what the first device
/// made of them.
///
/// **Dropout** draws other numbers in each share, as a function of the module's generators: resumed runs repeat them.
///
/// One thread enqueues the work of all devices. Devices that compute asynchronously (OpenCL) work at the same
/// time; an objective that reads a value on the host makes the next device wait.
///
/// @param <M> the module's class
public final class DataParallel<M extends Module> {
    private final Replicas<M> replicas;

    /// Moves `model` to the first device and makes a replica on each of the others.
    ///
    /// @param blueprint makes modules like `model`; their initial values do not matter
    /// @param devices   one may be listed several times
    /// @throws IllegalArgumentException if there is no device, or a replica has other parameters or buffers than
    ///                                  the model
    public DataParallel(M model, Supplier<? extends M> blueprint, List<Device> devices) {
        replicas = new Replicas<>(model, blueprint, devices);
    }

    /// The module that is trained.
    public M model() {
        return replicas.model();
    }

    /// Where shares are computed, in the order in which gradients are added.
    public List<Device> devices() {
        return replicas.devices();
    }

    /// Rows of each device's share of a batch: equal, the first ones one more where they do not divide; 0
    /// where there are fewer rows than devices.
    public int[] shares(int rows) {
        return replicas.shares(rows);
    }

    /// Replaces the model's gradients by those of the mean loss of a batch.
    ///
    /// @param objective the loss of one share by one replica; both are on one device. Taking it must not depend
    ///                  on rows of other shares
    /// @return the loss of the whole batch, on the first device, without gradient
    /// @throws OpException if the batch is empty
    public Loss backward(Batch batch, BiFunction<? super M, Batch, Loss> objective) {
        if (batch.size() == 0) {
            throw new OpException("data parallel: expects a batch with samples, got none");
        }
        replicas.spread();
        int[] rows = replicas.shares(batch.size());
        List<Loss> losses = new ArrayList<>();
        int from = 0;
        for (int r = 0; r < rows.length && rows[r] > 0; r++) {
            M replica = replicas.on(r);
            replica.zeroGrad();
            Loss loss = objective.apply(
                    replica, part(batch, from, rows[r], devices().get(r)));
            losses.add(new Loss(loss.sum().detach(), loss.count()));
            Autograd.backward(loss.sum(), GradOptions.defaults().withRelease());
            from += rows[r];
        }
        Loss total = losses.getFirst();
        for (Loss loss : losses.subList(1, losses.size())) {
            total = total.plus(new Loss(loss.sum().to(devices().getFirst()), loss.count()));
        }
        replicas.gather(losses.size(), total.count() == 0 ? 1 : 1 / total.count());
        replicas.mergeStatistics(rows);
        return total;
    }

    private static Batch part(Batch batch, int from, int rows, Device device) {
        return new Batch(
                batch.inputs().narrow(0, from, rows).to(device),
                batch.targets().narrow(0, from, rows).to(device),
                Arrays.copyOfRange(batch.indices(), from, from + rows),
                batch.epoch(),
                batch.number());
    }
}
