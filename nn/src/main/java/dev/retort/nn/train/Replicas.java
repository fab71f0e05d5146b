package dev.retort.nn.train;

import dev.retort.nn.Module;
import dev.retort.nn.Parameter;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.tensor.Device;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/// One module on several devices: the module itself on the first, a replica on each of the others.
///
/// What a training step does with them: [#spread], forward and backward passes of all on their shares of the batch,
/// [#gather], [#mergeStatistics], the optimiser's step on the module. [DataParallel] does so for one loss; whoever has
/// losses across shares uses this class.
///
/// Parameters and gradients cross the host in one transfer a dtype, device and step.
///
/// @param <M> the module's class
public final class Replicas<M extends Module> {
    private static final int STREAMS = 40; // bits: a replica's generators draw from streams far from the others'

    private final List<M> replicas = new ArrayList<>();
    private final List<Device> devices;

    /// Moves `model` to the first device and makes a replica on each of the others.
    ///
    /// @param blueprint makes modules like `model`; their initial values do not matter
    /// @param devices   one may be listed several times
    /// @throws IllegalArgumentException if there is no device, or a replica has other parameters or buffers than
    ///                                  the model
    public Replicas(M model, Supplier<? extends M> blueprint, List<Device> devices) {
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

    /// The module's twin on one of the devices; on the first it is the module itself.
    public M on(int place) {
        return replicas.get(place);
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

    /// Gives the replicas the model's parameters, buffers, modes and places in the random streams.
    public void spread() {
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
    /// of them reached counts as 0 in the others. The replicas keep none.
    public void gather(int used, double factor) {
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
    ///
    /// @param rows samples of each device's share; 0 for those that had none
    public void mergeStatistics(int[] rows) {
        int[] used = IntStream.range(0, rows.length).filter(r -> rows[r] > 0).toArray();
        if (used.length < 2) {
            return;
        }
        double total = Arrays.stream(rows).sum();
        List<Tensor> own = statistics(model());
        List<Tensor> means = own.stream().map(x -> x.mul(rows[0] / total)).toList();
        for (int r = 1; r < rows.length; r++) {
            if (rows[r] > 0) {
                means = added(means, Parcel.moved(statistics(on(r)), devices.getFirst()), rows[r] / total);
            }
        }
        for (int i = 0; i < own.size(); i++) {
            own.get(i).copyFrom(means.get(i));
        }
    }

    private static List<Tensor> added(List<Tensor> sums, List<Tensor> more, double factor) {
        return IntStream.range(0, sums.size())
                .mapToObj(i -> sums.get(i).add(more.get(i).mul(factor)))
                .toList();
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
