package io.millrace.compatibility;

import java.io.IOException;
import java.util.List;
import java.util.TreeSet;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;

/** Looks at batches as the broker sends them, which a consumer does not show. */
final class StoredBatches {
    private static final int FETCH_VERSION = 12; // the last one that names topics
    private static final int MAX_BYTES = 64 << 20;

    private StoredBatches() {}

    /** Names of the codecs of all batches in partition 0, sorted, each once. */
    static List<String> codecs(int port, String topic) throws IOException {
        var codecs = new TreeSet<String>();
        try (var connection = new RawConnection(port)) {
            long offset = 0;
            while (true) {
                long before = offset;
                for (MutableRecordBatch batch : fetch(connection, topic, offset).batches()) {
                    codecs.add(batch.compressionType().name);
                    offset = batch.nextOffset();
                }
                if (offset == before) return List.copyOf(codecs);
            }
        }
    }

    /** Whole batches of partition 0 from an offset on; none at its end. */
    static MemoryRecords fetch(RawConnection connection, String topic, long offset) throws IOException {
        var partition = new FetchRequestData.FetchPartition()
                .setPartition(0)
                .setFetchOffset(offset)
                .setPartitionMaxBytes(MAX_BYTES);
        var wanted = new FetchRequestData.FetchTopic()
                .setTopic(topic)
                .setTopicId(Uuid.ZERO_UUID)
                .setPartitions(List.of(partition));
        var request = new FetchRequestData()
                .setMaxWaitMs(0)
                .setMinBytes(0)
                .setMaxBytes(MAX_BYTES)
                .setTopics(List.of(wanted));
        var answer = (FetchResponseData) connection.ask(request, FETCH_VERSION);
        var found = answer.responses().getFirst().partitions().getFirst();
        if (found.errorCode() != 0) throw new AssertionError("fetch of " + topic + ": error " + found.errorCode());
        return (MemoryRecords) found.records();
    }
}
