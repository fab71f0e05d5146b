/// Networks prepared for answering: captured once, simplified, with planned memory.
@NullMarked
package dev.retort.nn.inference;

import org.jspecify.annotations.NullMarked;
