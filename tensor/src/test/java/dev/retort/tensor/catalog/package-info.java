/// The op catalogue: sample inputs, flags and error inputs of every op, from which the tests of all
/// modules are generated. Shipped as the test-jar of the tensor artifact.
@NullMarked
package dev.retort.tensor.catalog;

import org.jspecify.annotations.NullMarked;
