/**
 * The consumer as applications see it: {@link io.millrace.client.consumer.Consumer}, its options and its records. What it
 * decides and how it talks to brokers is in {@code fetching}; here are the application's thread, where records are checked,
 * unpacked and deserialized, and the lane of the real environment.
 */
@NullMarked
package io.millrace.client.consumer;

import org.jspecify.annotations.NullMarked;
