package io.millrace.server.handlers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.DescribeProducersRequest;
import io.millrace.protocol.messages.DescribeProducersResponse;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.ListOffsetsRequest;
import io.millrace.protocol.messages.ListOffsetsResponse;
import io.millrace.protocol.messages.WriteTxnMarkersRequest;
import io.millrace.protocol.messages.WriteTxnMarkersResponse;
import io.millrace.records.BatchHeader;
import io.millrace.records.TopicPartition;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.RecordedExchange;
import io.millrace.server.fixture.TestBroker;
import io.millrace.server.partitions.PartitionRead;
import io.millrace.storage.AppendOrigin;
import io.millrace.storage.FileRecords;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Transactions that are only in the log, as another broker left them, and how markers end them. */
class CommittedFetchTest {
    private final TestBroker broker = new TestBroker(2);
    private final int here = broker.partitionOn(0, "t", 0);
    private final int there = broker.partitionOn(1, "t", 0);

    CommittedFetchTest() {
        broker.create("t", 4);
        broker.create("forced", 4, "flush.messages", "1");
        broker.create("__consumer_offsets", 1);
    }

    private void append(int partition, long producerId, int sequence, boolean isTransactional, String... values) {
        var batch = Batches.of(producerId, sequence, isTransactional, values);
        broker.home()
                .ownerOf(new TopicPartition("t", partition))
                .run(() -> broker.partition("t", partition).append(batch, AppendOrigin.CLIENT));
        broker.time.run();
    }

    private static WriteTxnMarkersRequest.WritableTxnMarker marker(
            long producerId, boolean isCommit, int coordinatorEpoch, String topic, Integer... partitions) {
        return WriteTxnMarkersRequest.WritableTxnMarker.builder()
                .producerId(producerId)
                .producerEpoch((short) 0)
                .transactionResult(isCommit)
                .coordinatorEpoch(coordinatorEpoch)
                .topics(List.of(WriteTxnMarkersRequest.WritableTxnMarkerTopic.builder()
                        .name(topic)
                        .partitionIndexes(List.of(partitions))
                        .build()))
                .build();
    }

    private RecordedExchange<WriteTxnMarkersResponse> send(WriteTxnMarkersRequest.WritableTxnMarker... markers) {
        RecordedExchange<WriteTxnMarkersResponse> exchange = new RecordedExchange<>(ApiKey.WRITE_TXN_MARKERS, 2);
        WriteTxnMarkersRequest request =
                WriteTxnMarkersRequest.builder().markers(List.of(markers)).build();
        broker.homeThread()
                .as(() -> new WriteTxnMarkersHandler(broker.home(), broker.failures::add).handle(request, exchange));
        return exchange;
    }

    private List<ErrorCode> write(WriteTxnMarkersRequest.WritableTxnMarker... markers) {
        RecordedExchange<WriteTxnMarkersResponse> exchange = send(markers);
        broker.time.run();
        List<ErrorCode> errors = new ArrayList<>();
        for (var marker : exchange.reply().markers())
            for (var topic : marker.topics())
                for (var partition : topic.partitions()) errors.add(ErrorCode.forCode(partition.errorCode()));
        return errors;
    }

    private FetchResponse.PartitionData read(int partition, long from, boolean readCommitted) {
        TopicPartition name = new TopicPartition("t", partition);
        PartitionRead wanted = new PartitionRead(
                0, name, new PartitionRead.Wanted(from, 1 << 20, -1, -1, readCommitted), ErrorCode.NONE);
        PartitionRead result = broker.home().ownerOf(name).partitions().read(wanted, false, 1 << 20, true);
        FetchResponse.PartitionData data = result.toPartitionData(partition);
        result.release();
        return data;
    }

    private long listed(int partition, int isolationLevel, long timestamp) {
        return lookedUp(partition, isolationLevel, timestamp).offset();
    }

    private ListOffsetsResponse.ListOffsetsPartitionResponse lookedUp(
            int partition, int isolationLevel, long timestamp) {
        RecordedExchange<ListOffsetsResponse> exchange = new RecordedExchange<>(ApiKey.LIST_OFFSETS, 11);
        ListOffsetsRequest request = ListOffsetsRequest.builder()
                .replicaId(-1)
                .isolationLevel((byte) isolationLevel)
                .topics(List.of(ListOffsetsRequest.ListOffsetsTopic.builder()
                        .name("t")
                        .partitions(List.of(ListOffsetsRequest.ListOffsetsPartition.builder()
                                .partitionIndex(partition)
                                .timestamp(timestamp)
                                .build()))
                        .build()))
                .build();
        broker.homeThread()
                .as(() -> new ListOffsetsHandler(broker.home(), broker.failures::add).handle(request, exchange));
        broker.time.run();
        return exchange.reply().topics().get(0).partitions().get(0);
    }

    private DescribeProducersResponse.ProducerState producer(int partition) {
        RecordedExchange<DescribeProducersResponse> exchange = new RecordedExchange<>(ApiKey.DESCRIBE_PRODUCERS, 0);
        DescribeProducersRequest request = DescribeProducersRequest.builder()
                .topics(List.of(DescribeProducersRequest.TopicRequest.builder()
                        .name("t")
                        .partitionIndexes(List.of(partition))
                        .build()))
                .build();
        broker.homeThread().as(() -> new DescribeProducersHandler(broker.home()).handle(request, exchange));
        broker.time.run();
        return exchange.reply()
                .topics()
                .get(0)
                .partitions()
                .get(0)
                .activeProducers()
                .get(0);
    }

    @Test
    void whoReadsCommittedStopsAtTheFirstOpenTransactionAndSeesWhereItsRecordsEnd() {
        append(here, -1, -1, false, "plain");
        append(here, 7, 0, true, "in", "in");
        append(here, -1, -1, false, "plain");
        assertEquals(4, read(here, 0, false).highWatermark());
        assertEquals(1, read(here, 0, true).lastStableOffset());
        assertFalse(read(here, 1, true).records() instanceof FileRecords found && found.sizeBytes() > 0);
        assertEquals(4, listed(here, 0, -1));
        assertEquals(1, listed(here, 1, -1));
        assertEquals(0, listed(here, 1, 1_700_000_000_000L));
        assertEquals(-1, listed(here, 1, 1_700_000_000_001L));
        assertEquals(1, producer(here).currentTxnStartOffset());

        assertEquals(List.of(ErrorCode.NONE), write(marker(7, false, 3, "t", here)));
        var committed = read(here, 0, true);
        assertEquals(5, committed.lastStableOffset());
        assertEquals(
                List.of(FetchResponse.AbortedTransaction.builder()
                        .producerId(7)
                        .firstOffset(1)
                        .build()),
                committed.abortedTransactions());
        assertEquals(5, listed(here, 1, -1));
        assertEquals(-1, producer(here).currentTxnStartOffset());
        assertEquals(3, producer(here).coordinatorEpoch());
    }

    @Test
    void theAbortedTransactionsOfOtherSegmentsAndOffsetsAreLeftOut() {
        for (int i = 0; i < 3; i++) {
            append(here, 7, i, true, "value " + i);
            assertEquals(List.of(ErrorCode.NONE), write(marker(7, false, 0, "t", here)));
            broker.partition("t", here).log().roll(0);
        }
        for (int i = 0; i < 3; i++) {
            var aborted = read(here, 2L * i, true).abortedTransactions();
            assertEquals(1, aborted == null ? 0 : aborted.size());
            assertEquals(2L * i, aborted == null ? -1 : aborted.get(0).firstOffset());
        }
    }

    @Test
    void markersForPartitionsOfManyLanesAreAnsweredInTheOrderOfTheRequest() {
        append(here, 7, 0, true, "a");
        append(there, 7, 0, true, "b");
        assertEquals(
                List.of(
                        ErrorCode.NONE,
                        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
                        ErrorCode.NONE,
                        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
                        ErrorCode.INVALID_TOPIC_EXCEPTION,
                        ErrorCode.INVALID_REQUEST),
                write(
                        marker(7, true, 0, "t", here, 4, there),
                        marker(7, true, 0, "missing", 0),
                        marker(7, true, 0, "__consumer_offsets", 0),
                        marker(-1, true, 0, "t", here)));
        assertEquals(2, read(here, 0, true).lastStableOffset());
        assertEquals(2, read(there, 0, true).lastStableOffset());
        assertEquals(1, broker.partition("t", here).log().activeProducers().size());
    }

    @Test
    void markersOfFencedCoordinatorsAndProducersAreRefused() {
        append(here, 7, 0, true, "a");
        assertEquals(List.of(ErrorCode.NONE), write(marker(7, true, 5, "t", here)));
        assertEquals(List.of(ErrorCode.TRANSACTION_COORDINATOR_FENCED), write(marker(7, true, 4, "t", here)));
        var old = marker(7, true, 6, "t", here).toBuilder()
                .producerEpoch((short) 3)
                .build();
        assertEquals(List.of(ErrorCode.NONE), write(old));
        assertEquals(List.of(ErrorCode.INVALID_PRODUCER_EPOCH), write(marker(7, true, 7, "t", here)));
        append(here, 8, 0, true, "a");
        var sameEpoch = marker(8, false, 0, "t", here).toBuilder()
                .transactionVersion((byte) 2)
                .build();
        assertEquals(List.of(ErrorCode.INVALID_PRODUCER_EPOCH), write(sameEpoch));
    }

    @Test
    void aMarkerThatHasToBeForcedIsAnsweredAfterTheForce() {
        int partition = broker.partitionOn(0, "forced", 0);
        RecordedExchange<WriteTxnMarkersResponse> exchange = send(marker(7, true, 0, "forced", partition));
        assertFalse(exchange.isAnswered());
        broker.time.run();
        assertTrue(exchange.isAnswered());
        assertEquals(1, broker.partition("forced", partition).highWatermark());
    }

    @Test
    void aTimeIsNotLookedUpInRecordsThatDoNotUnpack() {
        var batch = Batches.of("value");
        batch.putShort(21, (short) 1);
        batch.putInt(17, (int) BatchHeader.computeCrc(batch, 0));
        broker.home().run(() -> broker.partition("t", here).append(batch, AppendOrigin.CLIENT));
        broker.time.run();
        assertEquals(1, broker.partition("t", here).log().logEndOffset());
        assertEquals(ErrorCode.INVALID_RECORD.code(), lookedUp(here, 0, 5).errorCode());
        assertEquals(ErrorCode.INVALID_RECORD.code(), lookedUp(here, 0, -3).errorCode());
    }

    @Test
    void noMarkersGetNoAnswers() {
        assertEquals(List.of(), write());
    }
}
