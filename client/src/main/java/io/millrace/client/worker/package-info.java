/**
 * Many threads that handle the records of one consumer: {@link io.millrace.client.worker.RecordWorkers}, its options, and what
 * becomes of records that fail. What is handled when, and how far it may be committed, is decided in {@code dispatch}.
 */
@NullMarked
package io.millrace.client.worker;

import org.jspecify.annotations.NullMarked;
