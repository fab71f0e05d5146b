package dev.retort.nn.train;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradOptions;
import dev.retort.nn.Module;
import dev.retort.nn.Parameter;
import dev.retort.nn.data.Batch;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.loss.Loss;
import dev.retort.tensor.Device;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/// Training of one module on several devices: each computes on its share of the batch.
///
/// ```java
/// var parallel = new DataParallel<>(model, () -> new SmallCnn(config, new Rng(1)), devices);
/// var optimizer = new AdamW(model.namedParameters(), Adam.Config.of(0.003));
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
/// time; an objective that reads a value on the host makes the next device wait. Parameters and gradients
/// cross the host in one transfer a dtype, device and step.
///
/// @param <M> the module's class
public final class DataParallel<M extends Module> {
    private static final int STREAMS = 40; // bits: a replica's generators draw from streams far from the others'

    private final List<M> replicas = new ArrayList<>();
    private final List<Device> devices;

    /// Moves `model` to the first device and makes a replica on each of the others.
    ///
    /// @param blueprint makes modules like `model`; their initial values do not matter
    /// @param devices   one may be listed several times
    /// @throws IllegalArgumentException if there is no device, or a replica has other parameters or buffers than
    ///                                  the model
    public DataParallel(M model, Supplier<? extends M> blueprint, List<Device> devices) {
        if (devices.isEmpty()) {
            throw new IllegalArgumentException("data parallel: expects at least one device, got none");
        }
        this.devices = List.copyOf(devices);
        model.to(devices.getFirst());
        replicas.add(model);
        for (int r = 1; r < devices.size(); r++) {
            M replica = blueprint.get();
            if (replicas.stream().anyMatch(earlier -> earlier == replica)) {
                throw new IllegalArgumentException(
                        "data parallel: expects a new module for each device, got the same one again");
            }
            requireAlike(model, replica);
            replica.to(devices.get(r));
            replicas.add(replica);
        }
    }

    private static void requireAlike(Module model, Module replica) {
        replica.loadStateDict(model.stateDict());
        if (!replica.stateDict().keySet().equals(model.stateDict().keySet())
                || !replica.modules().keySet().equals(model.modules().keySet())
                || !replica.namedGenerators()
                        .keySet()
                        .equals(model.namedGenerators().keySet())
                || replica.parameters().size() != model.parameters().size()) {
            throw new IllegalArgumentException(
                    "data parallel: expects replicas with the parts of the model, got " + replica + " for " + model);
        }
    }

    /// The module that is trained.
    public M model() {
        return replicas.getFirst();
    }

    /// Where shares are computed, in the order in which gradients are added.
    public List<Device> devices() {
        return devices;
    }

    /// Rows of each device's share of a batch: equal, the first ones one more where they do not divide; 0
    /// where there are fewer rows than devices.
    public int[] shares(int rows) {
        int[] shares = new int[devices.size()];
        for (int r = 0; r < shares.length; r++) {
            shares[r] = rows / shares.length + (r < rows % shares.length ? 1 : 0);
        }
        return shares;
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
        spread();
        int[] rows = shares(batch.size());
        List<Loss> losses = new ArrayList<>();
        int from = 0;
        for (int r = 0; r < rows.length && rows[r] > 0; r++) {
            M replica = replicas.get(r);
            replica.zeroGrad();
            Loss loss = objective.apply(replica, part(batch, from, rows[r], devices.get(r)));
            losses.add(new Loss(loss.sum().detach(), loss.count()));
            Autograd.backward(loss.sum(), GradOptions.defaults().withRelease());
            from += rows[r];
        }
        Loss total = losses.getFirst();
        for (Loss loss : losses.subList(1, losses.size())) {
            total = total.plus(new Loss(loss.sum().to(devices.getFirst()), loss.count()));
        }
        gather(losses.size(), total.count() == 0 ? 1 : 1 / total.count());
        mergeStatistics(rows, losses.size());
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

    /// Gives the replicas the model's parameters, buffers, modes and places in the random streams.
    private void spread() {
        List<Tensor> own = List.copyOf(model().stateDict().values());
        for (int r = 1; r < replicas.size(); r++) {
            M replica = replicas.get(r);
            List<Tensor> moved = Parcel.moved(own, devices.get(r));
            int i = 0;
            for (Tensor target : replica.stateDict().values()) {
                target.copyFrom(moved.get(i++));
            }
            spreadModes(replica, (long) r << STREAMS);
        }
    }

    private void spreadModes(M replica, long ahead) {
        Iterator<Parameter> parameters = replica.parameters().iterator();
        for (Parameter parameter : model().parameters()) {
            Parameter twin = parameters.next();
            if (twin.requiresGrad() != parameter.requiresGrad()) {
                twin.requiresGrad(parameter.requiresGrad());
            }
        }
        model().modules().forEach((path, module) -> replica.module(path).train(module.isTraining()));
        Iterator<Rng> generators = replica.namedGenerators().values().iterator();
        for (Rng rng : model().namedGenerators().values()) {
            generators.next().position(rng.position() + ahead);
        }
    }

    /// The model's gradients become `factor` times the sum over the first `used` replicas; a parameter that only some
    /// of them reached counts as 0 in the others.
    private void gather(int used, double factor) {
        List<List<Parameter>> parameters = new ArrayList<>();
        replicas.subList(0, used).forEach(replica -> parameters.add(List.copyOf(replica.parameters())));
        int[] reached = IntStream.range(0, parameters.getFirst().size())
                .filter(p -> parameters.stream().anyMatch(some -> some.get(p).borrowGrad() != null))
                .toArray();
        List<List<Tensor>> gradients = new ArrayList<>();
        for (List<Parameter> some : parameters) {
            List<Tensor> own =
                    Arrays.stream(reached).mapToObj(p -> gradient(some.get(p))).toList();
            gradients.add(Parcel.moved(own, devices.getFirst()));
        }
        for (int i = 0; i < reached.length; i++) {
            Tensor sum = gradients.getFirst().get(i);
            for (List<Tensor> others : gradients.subList(1, used)) {
                sum = sum.add(others.get(i));
            }
            parameters.getFirst().get(reached[i]).tensor().grad(sum.mul(factor));
        }
        replicas.subList(1, replicas.size()).forEach(Module::zeroGrad);
    }

    private static Tensor gradient(Parameter parameter) {
        Tensor gradient = parameter.borrowGrad();
        return gradient == null ? parameter.tensor().detach().zerosLike() : gradient.borrow();
    }

    /// The running statistics of all batch norms in training mode become the mean over the shares.
    private void mergeStatistics(int[] rows, int used) {
        if (used == 1) {
            return;
        }
        List<List<Tensor>> statistics = new ArrayList<>();
        for (M replica : replicas.subList(0, used)) {
            statistics.add(Parcel.moved(statistics(replica), devices.getFirst()));
        }
        double total = Arrays.stream(rows).sum();
        for (int i = 0; i < statistics.getFirst().size(); i++) {
            Tensor own = statistics.getFirst().get(i);
            Tensor mean = own.mul(rows[0] / total);
            for (int r = 1; r < used; r++) {
                mean = mean.add(statistics.get(r).get(i).mul(rows[r] / total));
            }
            own.copyFrom(mean);
        }
    }

    private static List<Tensor> statistics(Module replica) {
        List<Tensor> some = new ArrayList<>();
        for (Module module : replica.modules().values()) {
            if (module instanceof BatchNorm norm && norm.isTraining()) {
                some.add(norm.runningMean());
                some.add(norm.runningVar());
            }
        }
        return some;
    }
}
