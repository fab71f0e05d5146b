/// Where the images of an experiment come from: embedded, installed, downloaded, or a folder.
@NullMarked
package dev.retort.bench.data;

import org.jspecify.annotations.NullMarked;
