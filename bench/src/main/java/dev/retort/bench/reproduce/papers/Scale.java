package dev.retort.bench.reproduce.papers;

import dev.retort.bench.reproduce.Size;
import java.util.LinkedHashMap;
import java.util.Map;

/// How large networks, data and training of an experiment are.
///
/// @param teacher       as the command line writes it
/// @param student       as the command line writes it
/// @param validation    labelled images held out to judge the teacher
/// @param pool          images without labels
/// @param teacherSteps  training steps of a teacher, however few labelled images there are
/// @param epochs        passes of a student over labelled images and pool
/// @param seeds         how many, if the user asks for no number
record Scale(String teacher, String student, int validation, int pool, int teacherSteps, int epochs, int seeds) {
    /// The sizes of the three settings.
    static Scale of(Size size) {
        return switch (size) {
            case QUICK -> new Scale("resnet8:8,16,32", "cnn:8,16,32", 300, 2000, 300, 8, 2);
            case SMALL -> new Scale("resnet8:8,16,32", "cnn:8,16,32", 500, 3000, 500, 12, 5);
            case FULL -> new Scale("resnet20:16,32,64", "resnet8:16,32,64", 1000, 40000, 4000, 30, 5);
        };
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
