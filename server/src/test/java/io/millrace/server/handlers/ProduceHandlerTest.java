package io.millrace.server.handlers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.records.BatchHeader;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.RecordedExchange;
import io.millrace.server.fixture.TestBroker;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.partitions.ImageChange;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ProduceHandlerTest {
    private static final int BY_NAME = 12;
    private static final int BY_ID = 13;

    private final TestBroker broker = new TestBroker(2);
    private final ProduceHandler handler = new ProduceHandler(broker.home(), broker.view, broker.failures::add);
    private final int here = broker.partitionOn(0, "t", 0);
    private final int there = broker.partitionOn(1, "t", 0);

    ProduceHandlerTest() {
        broker.create("t", 4);
        broker.create("forced", 4, "flush.messages", "1");
    }

    private static ProduceRequest.PartitionProduceData data(int partition, @Nullable ByteBuffer batches) {
        return ProduceRequest.PartitionProduceData.builder()
                .index(partition)
                .records(batches == null ? null : new RecordsPayload.Buffer(batches))
                .build();
    }

    private static ProduceRequest request(int acks, String topic, ProduceRequest.PartitionProduceData... data) {
        return ProduceRequest.builder()
                .acks((short) acks)
                .timeoutMs(1_000)
                .topicData(List.of(ProduceRequest.TopicProduceData.builder()
                        .name(topic)
                        .topicId(TestBroker.idOf(topic))
                        .partitionData(List.of(data))
                        .build()))
                .build();
    }

    private RecordedExchange<ProduceResponse> ask(ProduceRequest request, int version) {
        RecordedExchange<ProduceResponse> exchange = new RecordedExchange<>(ApiKey.PRODUCE, version);
        broker.homeThread().as(() -> handler.handle(request, exchange));
        return exchange;
    }

    private RecordedExchange<ProduceResponse> answered(ProduceRequest request, int version) {
        RecordedExchange<ProduceResponse> exchange = ask(request, version);
        broker.time.run();
        return exchange;
    }

    private static List<ErrorCode> errors(RecordedExchange<ProduceResponse> exchange) {
        List<ErrorCode> errors = new ArrayList<>();
        for (var topic : exchange.reply().responses())
            for (var partition : topic.partitionResponses()) errors.add(ErrorCode.forCode(partition.errorCode()));
        return errors;
    }

    private List<ErrorCode> errorsOf(ProduceRequest request, int version) {
        return errors(answered(request, version));
    }

    @Test
    void partitionsOfTwoLanesAreAnsweredTogetherInTheOrderOfTheRequest() {
        var exchange =
                answered(request(-1, "t", data(there, Batches.of("a", "b")), data(here, Batches.of("c"))), BY_NAME);
        var partitions = exchange.reply().responses().get(0).partitionResponses();
        assertEquals(
                List.of(there, here), partitions.stream().map(p -> p.index()).toList());
        assertEquals(List.of(ErrorCode.NONE, ErrorCode.NONE), errors(exchange));
        assertEquals(2, broker.partition("t", there).highWatermark());
        assertEquals(1, broker.partition("t", here).highWatermark());
        assertEquals(1, broker.home().partitions().appendedBatches());
    }

    @Test
    void whatDoesNotExistIsUnknownByTheMeansItWasNamedWith() {
        var missing = request(1, "missing", data(0, Batches.of("a")));
        assertEquals(List.of(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION), errorsOf(missing, BY_NAME));
        assertEquals(List.of(ErrorCode.UNKNOWN_TOPIC_ID), errorsOf(missing, BY_ID));
        for (int index : List.of(-1, 4, Integer.MAX_VALUE))
            assertEquals(
                    List.of(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
                    errorsOf(request(1, "t", data(index, Batches.of("a"))), BY_NAME));
    }

    @Test
    void oneRefusedPartitionDoesNotCostTheOthers() {
        assertEquals(
                List.of(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.NONE),
                errorsOf(request(-1, "t", data(9, Batches.of("a")), data(here, Batches.of("b"))), BY_NAME));
    }

    @Test
    void acknowledgementsOtherThanNoneOneAndAllAreRefused() {
        assertEquals(
                List.of(ErrorCode.INVALID_REQUIRED_ACKS),
                errorsOf(request(2, "t", data(here, Batches.of("a"))), BY_NAME));
        assertEquals(0, broker.partition("t", here).log().logEndOffset());
    }

    @Test
    void aRequestCarriesExactlyOneWholeBatchPerPartition() {
        ByteBuffer one = Batches.of("a");
        ByteBuffer two = ByteBuffer.allocate(2 * one.remaining())
                .put(one.duplicate())
                .put(one.duplicate())
                .flip();
        ByteBuffer cut = Batches.of("a").limit(70);
        ByteBuffer corrupt = Batches.of("a");
        corrupt.put(corrupt.limit() - 1, (byte) (corrupt.get(corrupt.limit() - 1) + 1));
        assertEquals(List.of(ErrorCode.INVALID_RECORD), errorsOf(request(1, "t", data(here, two)), BY_NAME));
        assertEquals(List.of(ErrorCode.INVALID_RECORD), errorsOf(request(1, "t", data(here, null)), BY_NAME));
        assertEquals(List.of(ErrorCode.INVALID_RECORD), errorsOf(request(1, "t", data(here, cut)), BY_NAME));
        assertEquals(List.of(ErrorCode.CORRUPT_MESSAGE), errorsOf(request(1, "t", data(here, corrupt)), BY_NAME));
        assertEquals(0, broker.partition("t", here).log().logEndOffset());
    }

    @Test
    void aTopicsCodecIsTheOneThatIsStoredAndTheOrderStays() {
        broker.create("packed", 4, "compression.type", "zstd");
        int partition = broker.partitionOn(1, "packed", 0);
        List<RecordedExchange<ProduceResponse>> asked = new ArrayList<>();
        for (int i = 0; i < 3; i++)
            asked.add(ask(request(-1, "packed", data(partition, Batches.of(7, i, false, "value"))), BY_NAME));
        broker.time.run();
        for (int i = 0; i < 3; i++) {
            assertEquals(List.of(ErrorCode.NONE), errors(asked.get(i)));
            assertEquals(
                    i,
                    asked.get(i)
                            .reply()
                            .responses()
                            .get(0)
                            .partitionResponses()
                            .get(0)
                            .baseOffset());
        }
        var partitions = broker.lanes.get(1).partitions();
        assertEquals(3, partitions.appendOrder().recompressedBatches());
        assertTrue(partitions.appendOrder().bytesAfter() > 0);
        assertEquals(3, partitions.appendedBatches());
    }

    @Test
    void recordsThatDoNotUnpackAreRefusedBeforeTheyAreStored() {
        broker.create("packed", 4, "compression.type", "zstd");
        int partition = broker.partitionOn(0, "packed", 0);
        ByteBuffer batch = Batches.of("value");
        batch.putShort(21, (short) 1);
        batch.putInt(17, (int) BatchHeader.computeCrc(batch, 0));
        assertEquals(
                List.of(ErrorCode.INVALID_RECORD), errorsOf(request(1, "packed", data(partition, batch)), BY_NAME));
        assertEquals(0, broker.partition("packed", partition).log().logEndOffset());
    }

    @Test
    void aBatchSentAgainIsAnsweredWithItsFirstOffset() {
        for (int i = 0; i < 2; i++) {
            var exchange = answered(request(-1, "t", data(here, Batches.of(7, 0, false, "a", "b"))), BY_NAME);
            assertEquals(List.of(ErrorCode.NONE), errors(exchange));
            assertEquals(
                    0,
                    exchange.reply()
                            .responses()
                            .get(0)
                            .partitionResponses()
                            .get(0)
                            .baseOffset());
        }
        assertEquals(2, broker.partition("t", here).log().logEndOffset());
        assertEquals(
                List.of(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER),
                errorsOf(request(-1, "t", data(here, Batches.of(7, 9, false, "c"))), BY_NAME));
    }

    @Test
    void whereAcknowledgementsWaitForTheDiskABatchSentAgainWaitsToo() {
        int index = broker.partitionOn(0, "forced", 0);
        var first = ask(request(-1, "forced", data(index, Batches.of(7, 0, false, "a"))), BY_NAME);
        var second = ask(request(-1, "forced", data(index, Batches.of(7, 1, false, "b"))), BY_NAME);
        var again = ask(request(-1, "forced", data(index, Batches.of(7, 0, false, "a"))), BY_NAME);
        assertFalse(first.isAnswered() || second.isAnswered() || again.isAnswered());
        broker.time.run();
        for (var exchange : List.of(first, second, again)) assertEquals(List.of(ErrorCode.NONE), errors(exchange));
        assertEquals(2, broker.partition("forced", index).highWatermark());
    }

    @Test
    void anAppendThatIsNotAcknowledgedInTimeSaysSo() {
        int index = broker.partitionOn(0, "forced", 0);
        var request = request(-1, "forced", data(index, Batches.of("a")));
        RecordedExchange<ProduceResponse> exchange = new RecordedExchange<>(ApiKey.PRODUCE, BY_NAME);
        ProduceAnswers waiting = new ProduceAnswers(request, exchange, broker.home(), broker.view);
        broker.homeThread().as(waiting::begun);
        broker.time.advance(999);
        assertFalse(exchange.isAnswered());
        broker.time.advance(1);
        assertEquals(List.of(ErrorCode.REQUEST_TIMED_OUT), errors(exchange));
        broker.homeThread().as(() -> waiting.answer(0, ProduceAnswers.refusal(index, ErrorCode.NONE, null)));
        assertEquals(List.of(ErrorCode.REQUEST_TIMED_OUT), errors(exchange));
    }

    @Test
    void theTimeDoesNotRunWhileAnotherLaneUsesTheRequestsBytes() {
        var request = request(-1, "t", data(there, Batches.of("a")));
        RecordedExchange<ProduceResponse> exchange = new RecordedExchange<>(ApiKey.PRODUCE, BY_NAME);
        ProduceAnswers answers = new ProduceAnswers(request, exchange, broker.home(), broker.view);
        broker.homeThread().as(answers::appendsElsewhere);
        broker.homeThread().as(answers::begun);
        broker.time.advance(10_000);
        assertFalse(exchange.isAnswered());
        broker.homeThread().as(answers::appendedElsewhere);
        broker.time.advance(1_000);
        assertEquals(List.of(ErrorCode.REQUEST_TIMED_OUT), errors(exchange));
    }

    @Test
    void withoutAcknowledgementsSuccessIsSilentAndFailureClosesTheConnection() {
        var good = answered(request(0, "t", data(here, Batches.of("a")), data(there, Batches.of("b"))), BY_NAME);
        assertEquals(1, good.nothings());
        var bad = answered(request(0, "t", data(there, Batches.of("a")), data(9, Batches.of("b"))), BY_NAME);
        String closed = bad.closed();
        assertNotNull(closed);
        assertTrue(closed.startsWith("UNKNOWN_TOPIC_OR_PARTITION"), closed);
        assertEquals(0, bad.nothings());
    }

    @Test
    void anEmptyRequestIsAnsweredEmpty() {
        var exchange = answered(ProduceRequest.builder().acks((short) 1).build(), BY_NAME);
        assertEquals(List.of(), exchange.reply().responses());
    }

    @Test
    void transactionsAreRefusedInTermsThatEndThem() {
        var withId = request(-1, "t", data(here, Batches.of("a"))).toBuilder()
                .transactionalId("tx")
                .build();
        assertEquals(List.of(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED), errorsOf(withId, BY_NAME));
        assertEquals(
                List.of(ErrorCode.INVALID_TXN_STATE),
                errorsOf(request(-1, "t", data(here, Batches.of(7, 0, true, "a"))), BY_NAME));
    }

    @Test
    void coordinatorsTopicsAreNotForClientsToWriteTo() {
        broker.create("__consumer_offsets", 1);
        assertEquals(
                List.of(ErrorCode.INVALID_TOPIC_EXCEPTION),
                errorsOf(request(-1, "__consumer_offsets", data(0, Batches.of("a"))), BY_NAME));
    }

    @Test
    void aFailedDirectoryIsAnsweredAndReported() {
        broker.disk.fail();
        assertEquals(
                List.of(ErrorCode.KAFKA_STORAGE_ERROR),
                errorsOf(request(-1, "t", data(here, Batches.of("a"))), BY_NAME));
        assertEquals(1, broker.failures.size());
    }

    @Test
    void whatIsMeantForATopicMadeAnewDoesNotGoIntoTheOldOnesLog() {
        Uuid again = new Uuid(12, 12);
        List<io.millrace.protocol.MetadataRecord> records = new ArrayList<>();
        records.add(io.millrace.protocol.messages.RemoveTopicRecord.builder()
                .topicId(TestBroker.idOf("t"))
                .build());
        records.addAll(List.of(TestBroker.topicRecords("t", again, 4)));
        ImageChange change = broker.change(records.toArray(io.millrace.protocol.MetadataRecord[]::new));
        BrokerLane home = broker.home();
        broker.homeThread().as(() -> home.applier().apply(change));
        var forNew = request(-1, "t", data(there, Batches.of("a"))).toBuilder()
                .topicData(List.of(ProduceRequest.TopicProduceData.builder()
                        .topicId(again)
                        .partitionData(List.of(data(there, Batches.of("a"))))
                        .build()))
                .build();
        assertEquals(List.of(ErrorCode.NOT_LEADER_OR_FOLLOWER), errorsOf(forNew, BY_ID));
        BrokerLane other = broker.lanes.get(1);
        other.run(() -> other.applier().apply(change));
        broker.time.run();
        assertEquals(List.of(ErrorCode.NONE), errorsOf(forNew, BY_ID));
        assertEquals(1, broker.partition("t", there).log().logEndOffset());
    }
}
