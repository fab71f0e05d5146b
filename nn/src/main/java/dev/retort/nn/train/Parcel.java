package dev.retort.nn.train;

import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Several tensors on their way to another device in one transfer a dtype: each transfer waits for the device that
/// it comes from.
final class Parcel {
    private Parcel() {}

    /// Copies (or views of copies) of `tensors` on `device`, in their order; the tensors themselves where they
    /// are there already.
    static List<Tensor> moved(List<Tensor> tensors, Device device) {
        Map<DType, List<Integer>> places = new LinkedHashMap<>();
        List<Tensor> moved = new ArrayList<>(tensors);
        for (int i = 0; i < tensors.size(); i++) {
            if (!tensors.get(i).device().equals(device)) {
                places.computeIfAbsent(tensors.get(i).dtype(), _ -> new ArrayList<>())
                        .add(i);
            }
        }
        for (List<Integer> some : places.values()) {
            Tensor[] flat = some.stream().map(i -> flat(tensors.get(i))).toArray(Tensor[]::new);
            Tensor there = Tensor.cat(0, flat).to(device);
            int at = 0;
            for (int i : some) {
                Tensor original = tensors.get(i);
                moved.set(
                        i,
                        there.narrow(0, at, original.numel())
                                .reshape(original.shape().dims()));
                at += original.numel();
            }
        }
        return moved;
    }

    private static Tensor flat(Tensor x) {
        return x.reshape(x.numel());
    }
}
