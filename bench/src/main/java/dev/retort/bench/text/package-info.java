/// Text on the command line: sentence embeddings and search, language models and their texts.
@NullMarked
package dev.retort.bench.text;

import org.jspecify.annotations.NullMarked;
