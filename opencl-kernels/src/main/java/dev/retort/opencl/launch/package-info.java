/// One launcher a family of ops: which kernels run, on which sizes.
@NullMarked
package dev.retort.opencl.launch;

import org.jspecify.annotations.NullMarked;
