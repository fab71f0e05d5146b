/// Self-contained HTML reports: inline SVG charts, tables, and pictures as data URIs; no script, no
/// network.
@NullMarked
package dev.retort.bench.report;

import org.jspecify.annotations.NullMarked;
