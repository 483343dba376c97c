/**
 * A disk in memory that loses, tears, refuses and rots as real ones do, from a seed; for tests of every room and for the
 * simulator. Knows nothing of Kafka.
 */
@NullMarked
package io.millrace.testkit.disk;

import org.jspecify.annotations.NullMarked;
