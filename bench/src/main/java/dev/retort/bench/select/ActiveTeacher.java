package dev.retort.bench.select;

import dev.retort.bench.CommandException;
import dev.retort.bench.model.ImageShape;
import dev.retort.bench.model.ModelCard;
import dev.retort.bench.model.ModelSpec;
import dev.retort.distill.Distillation;
import dev.retort.distill.Training;
import dev.retort.distill.TrainingListener;
import dev.retort.distill.active.ActiveDistillation;
import dev.retort.distill.method.LabelsOnly;
import dev.retort.distill.remote.EndpointException;
import dev.retort.distill.remote.HttpEndpoint;
import dev.retort.distill.remote.Limits;
import dev.retort.distill.remote.PaidTeacher;
import dev.retort.distill.remote.Spending;
import dev.retort.distill.teacher.LiveTeacher;
import dev.retort.distill.teacher.Price;
import dev.retort.distill.teacher.Teacher;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Normalize;
import dev.retort.nn.data.Transform;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The teacher that the options name, and what its inputs look like.
///
/// @param teacher who is asked
/// @param inputs  what is done to images in [0, 1] before it sees them
/// @param paid    the teacher if it is a service, else null
record ActiveTeacher(
        Teacher teacher, Transform inputs, @Nullable PaidTeacher paid) implements AutoCloseable {
    static ActiveTeacher of(
            ActiveOptions options,
            Dataset labelled,
            Normalize normalize,
            int classes,
            Price price,
            Training training,
            TrainingListener listener)
            throws IOException {
        Path file = options.teacherFile;
        if (file != null) {
            return saved(file, labelled, classes);
        }
        URI url = options.teacherUrl;
        if (url != null) {
            ActiveTeacher service = service(url, options, classes, price);
            Objects.requireNonNull(service.paid).stoppedBy(listener::stopRequested);
            return service;
        }
        ModelSpec model = ModelSpec.parse(options.teacher);
        ImageShape shape = ImageShape.of(labelled.get(0).input().shape());
        var network = Distillation.withoutTeacher(rng -> model.create(shape, classes, rng))
                .labelled(labelled)
                .method(new LabelsOnly())
                .training(training.withEpochs(options.teacherEpochs))
                .listener(listener)
                .folder(options.out.resolve("teacher"))
                .fit()
                .student();
        return new ActiveTeacher(new LiveTeacher(network), normalize, null);
    }

    private static ActiveTeacher service(URI url, ActiveOptions options, int classes, Price price) throws IOException {
        HttpEndpoint endpoint = HttpEndpoint.at(url).withHeaders(options.headers);
        PaidTeacher paid = PaidTeacher.open(
                endpoint,
                String.valueOf(options.teacherName),
                options.out.resolve("labels.journal"),
                limits(options, price),
                classes);
        boolean reachable = false;
        try {
            requireReachable(endpoint, paid, options);
            reachable = true;
        } finally {
            if (!reachable) {
                paid.close();
            }
        }
        return new ActiveTeacher(paid, Transform.IDENTITY, paid);
    }

    /// Before students are trained for minutes; not if everything was bought by an earlier run.
    private static void requireReachable(HttpEndpoint endpoint, PaidTeacher paid, ActiveOptions options) {
        boolean judged = ActiveDistillation.judgesTeacher(Selectors.of(options.selector), options.method());
        Spending spent = paid.spending();
        if (spent.rows() - spent.unsure() >= options.budget + (judged ? options.validation : 0)) {
            return;
        }
        try {
            endpoint.requireReachable();
        } catch (EndpointException e) {
            throw new CommandException("--teacher-url: expected a service that answers, got " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandException("--teacher-url: interrupted while it was asked for", e);
        }
    }

    private static ActiveTeacher saved(Path file, Dataset labelled, int classes) throws IOException {
        ModelCard.Loaded loaded = ModelCard.load(file).forImages(labelled);
        if (loaded.card().classes().size() != classes) {
            throw new IllegalArgumentException("--teacher-file: expected a model of " + classes + " classes, got "
                    + loaded.card().classes().size());
        }
        Transform inputs = loaded.card().normalization().toTransform();
        return new ActiveTeacher(new LiveTeacher(loaded.model()), inputs, null);
    }

    private static Limits limits(ActiveOptions options, Price price) {
        int rows = options.validation + options.budget;
        int requests = Math.ceilDiv(options.validation, options.teacherBatch)
                + options.rounds * Math.ceilDiv(options.budget, options.teacherBatch);
        String most = options.maxCost == null ? price.of(rows, requests).toPlainString() : options.maxCost;
        // Repetitions that may have been charged count as well: money is the limit where there is a price.
        boolean byMoney = !price.isFree() && options.maxCost != null;
        return Limits.rows(byMoney ? Long.MAX_VALUE / 2 : rows)
                .withPrice(price, most)
                .withRequests(options.teacherBatch, 5, options.perSecond);
    }

    @Override
    public void close() throws IOException {
        if (paid != null) {
            paid.close();
        }
    }
}
