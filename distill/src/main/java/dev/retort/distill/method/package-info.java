/// Distillation methods, one file each, the formula above the code.
@NullMarked
package dev.retort.distill.method;

import org.jspecify.annotations.NullMarked;
