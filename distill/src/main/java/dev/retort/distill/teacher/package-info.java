/// Sources of teacher outputs: live networks and caches.
@NullMarked
package dev.retort.distill.teacher;

import org.jspecify.annotations.NullMarked;
