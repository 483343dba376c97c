package io.millrace.client.fetching.run;

import io.millrace.client.fetching.FetchRules;
import io.millrace.client.fetching.PartitionFetch;
import io.millrace.records.TopicPartition;

/** What a {@link FetcherLane} keeps of one partition. Touched on its lane only. */
public final class FetchLine {
    final TopicPartition partition;
    final FetchSink sink;
    final PartitionFetch fetch;
    boolean isPaused;
    boolean isRemoved;
    /** Fetched and not released yet. */
    long bufferedBytes;

    FetchLine(TopicPartition partition, FetchSink sink, FetchRules rules) {
        this.partition = partition;
        this.sink = sink;
        this.fetch = new PartitionFetch(partition.toString(), rules);
    }
}
