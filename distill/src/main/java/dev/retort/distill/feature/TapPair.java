package dev.retort.distill.feature;

/// A layer of the student and the layer of the teacher that it is compared with.
///
/// @param student where in the student
/// @param teacher where in the teacher
public record TapPair(Tap student, Tap teacher) {
    @Override
    public String toString() {
        return student + "=" + teacher;
    }
}
