/// Teachers that are far away and cost money: batches, retries, budgets, and a journal of everything paid.
@NullMarked
package dev.retort.distill.remote;

import org.jspecify.annotations.NullMarked;
