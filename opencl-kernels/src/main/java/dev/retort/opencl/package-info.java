/// The OpenCL backend.
@NullMarked
package dev.retort.opencl;

import org.jspecify.annotations.NullMarked;
