/// What a validation set tells about a teacher: how often it is right, given how sure it is.
@NullMarked
package dev.retort.distill.estimate;

import org.jspecify.annotations.NullMarked;
