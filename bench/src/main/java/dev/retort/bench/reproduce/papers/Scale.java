package dev.retort.bench.reproduce.papers;

import dev.retort.bench.reproduce.Size;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// How large networks, data and training of an experiment are.
///
/// @param teacher       as the command line writes it
/// @param student       as the command line writes it
/// @param validation    labelled images held out to judge the teacher
/// @param pool          images without labels
/// @param teacherSteps  training steps of a teacher, however few labelled images there are
/// @param epochs        passes of a student over labelled images and pool
/// @param labels        three numbers of labelled samples: few, some, many
/// @param seeds         how many, if the user asks for no number
record Scale(
        String teacher,
        String student,
        int validation,
        int pool,
        int teacherSteps,
        int epochs,
        Labels labels,
        int seeds) {
    private static final Labels EASY = new Labels(100, 300, 1000);
    private static final Labels HARD = new Labels(500, 1000, 4000);

    /// Numbers of labelled samples; what differs in few labels is asked with `few`, one more question with `some`.
    record Labels(int few, int some, int many) {
        List<Integer> all() {
            return List.of(few, some, many);
        }

        /// All and two larger numbers, rising.
        List<Integer> more() {
            return IntStream.of(few, some, many, 3000, 7500).sorted().boxed().toList();
        }
    }

    /// The sizes of the three settings for small grey pictures such as Fashion-MNIST.
    static Scale grey(Size size) {
        return switch (size) {
            case QUICK -> new Scale("resnet8:8,16,32", "cnn:8,16,32", 300, 2000, 300, 8, EASY, 2);
            case SMALL -> new Scale("resnet8:8,16,32", "cnn:8,16,32", 500, 3000, 500, 12, EASY, 5);
            case FULL -> new Scale("resnet20:16,32,64", "resnet8:16,32,64", 1000, 40000, 4000, 30, EASY, 5);
        };
    }

    /// The sizes for small coloured pictures such as CIFAR-10, which need more labels and a larger teacher.
    static Scale coloured(Size size) {
        return switch (size) {
            case QUICK -> new Scale("resnet8:8,16,32", "cnn:8,16,32", 300, 2000, 300, 8, HARD, 2);
            case SMALL -> new Scale("resnet8:16,32,64", "cnn:8,16,32", 500, 3000, 1000, 12, HARD, 3);
            case FULL -> new Scale("resnet20:16,32,64", "resnet8:16,32,64", 1000, 40000, 4000, 30, HARD, 5);
        };
    }

    /// The sizes for short texts.
    static Scale text(Size size) {
        return switch (size) {
            case QUICK -> new Scale("bert:1x32", "bag:32", 300, 2000, 200, 8, EASY, 2);
            case SMALL -> new Scale("bert:2x64", "bag:32", 500, 4000, 400, 12, EASY, 5);
            case FULL -> new Scale("bert:4x128", "bert:1x64", 500, 4500, 1500, 20, EASY, 5);
        };
    }

    /// The same with another pool.
    Scale withPool(int images) {
        return new Scale(teacher, student, validation, images, teacherSteps, epochs, labels, seeds);
    }

    /// For the configuration of an experiment.
    Map<String, String> words() {
        Map<String, String> words = new LinkedHashMap<>();
        words.put("teacher", teacher);
        words.put("student", student);
        words.put("validation", String.valueOf(validation));
        words.put("pool", String.valueOf(pool));
        words.put("teacher steps", String.valueOf(teacherSteps));
        words.put("epochs", String.valueOf(epochs));
        words.put("training", PoolTrial.TRAINING);
        return words;
    }
}
