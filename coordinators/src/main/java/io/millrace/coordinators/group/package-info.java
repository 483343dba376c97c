/**
 * The group coordinator of one partition of {@code __consumer_offsets}: classic groups (KIP-62, 134, 345, 394, 429, 559,
 * 800, 814) and committed offsets, in Kafka's record formats. Deciding code: every request is a method that reads, changes
 * at most what is not replicated (sessions, who waits), and leaves its records and answers in a {@code Turn}. Knows no
 * clock, log, lane or authorization, and nothing of topics beyond what requests and records say.
 */
@NullMarked
package io.millrace.coordinators.group;

import org.jspecify.annotations.NullMarked;
