/// Several methods on the same data, teacher and initial students, over several seeds.
@NullMarked
package dev.retort.distill.compare;

import org.jspecify.annotations.NullMarked;
