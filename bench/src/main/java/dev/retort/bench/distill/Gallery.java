package dev.retort.bench.distill;

import dev.retort.bench.model.ImageShape;
import dev.retort.bench.report.Html;
import dev.retort.distill.compare.Disagreement;
import dev.retort.nn.data.Dataset;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Test images on which the students disagree, as pictures and class names.
final class Gallery {
    /// How many are shown.
    static final int SHOWN = 12;

    private Gallery() {}

    static List<Results.Disagreement> of(Dataset test, List<String> classNames, List<Disagreement> found) {
        List<Results.Disagreement> shown = new ArrayList<>();
        for (Disagreement sample : found) {
            Map<String, String> said = new LinkedHashMap<>();
            sample.predicted().forEach((method, label) -> said.put(method, classNames.get(label)));
            Tensor image = test.get(sample.index()).input();
            ImageShape shape = ImageShape.of(image.shape());
            shown.add(new Results.Disagreement(
                    Html.picture(image.toFloats(), shape.channels(), shape.height(), shape.width()),
                    classNames.get((int) sample.label()),
                    classNames.get(sample.teacher()),
                    said));
        }
        return shown;
    }
}
