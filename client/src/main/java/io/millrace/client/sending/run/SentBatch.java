package io.millrace.client.sending.run;

import io.millrace.client.sending.Batch;

/** One batch of a request, and whose it is. */
record SentBatch(PartitionLine line, Batch batch) {}
