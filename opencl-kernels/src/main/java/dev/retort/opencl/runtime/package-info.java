/// OpenCL devices, memory, programs and launches, without knowledge of any op.
@NullMarked
package dev.retort.opencl.runtime;

import org.jspecify.annotations.NullMarked;
