package io.millrace.cli.topic;

import io.millrace.client.TopicDescription.PartitionDescription;

/** Which partitions are shown: all, or those in one of the kinds of trouble asked for. */
record PartitionFilter(boolean underReplicated, boolean unavailable, boolean underMinIsr, boolean atMinIsr) {
    boolean isSet() {
        return underReplicated || unavailable || underMinIsr || atMinIsr;
    }

    boolean accepts(PartitionDescription partition, int minIsr) {
        if (!isSet()) return true;
        int inSync = partition.isr().size();
        return (underReplicated && partition.isUnderReplicated())
                || (unavailable && partition.isUnavailable())
                || (underMinIsr && inSync < minIsr)
                || (atMinIsr && inSync == minIsr);
    }
}
