/**
 * What {@code /metrics} shows: each lane is asked for its numbers by message, and they become Prometheus text off the lanes.
 * Names and meanings are listed in {@code docs/metrics.md}. Nothing here is touched before the first scrape.
 */
@NullMarked
package io.millrace.server.metrics;

import org.jspecify.annotations.NullMarked;
