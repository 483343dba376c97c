/**
 * How records become batches and batches become acknowledged: what is added to which batch, what may be sent when, with
 * which sequence, what is sent again and what has failed. Decides only: records, answers and the time come in; batches to be
 * sent and results come out. Knows {@code records} and error codes; must not know connections, threads or who waits.
 */
@NullMarked
package io.millrace.client.sending;

import org.jspecify.annotations.NullMarked;
