/**
 * What a log is made of: record batches of format 2 (KIP-98), their headers, records, control records, compression and
 * checksums, and the names of the places they live in. Only values and computations over bytes; nothing here knows where
 * the bytes come from, and nothing believes a length or a count it has not checked.
 */
@NullMarked
package io.millrace.records;

import org.jspecify.annotations.NullMarked;
