package io.millrace.server.following;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.connection.BufferPool;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.ListOffsetsRequest;
import io.millrace.protocol.messages.ListOffsetsResponse;
import io.millrace.protocol.messages.ProduceRequest;
import io.millrace.protocol.messages.ProduceResponse;
import io.millrace.records.TopicPartition;
import io.millrace.replication.run.FollowerPartition;
import io.millrace.replication.run.LeaderPartition;
import io.millrace.server.fetch.FetchSessions;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.ManualLane;
import io.millrace.server.fixture.RecordedExchange;
import io.millrace.server.fixture.TestBroker;
import io.millrace.server.handlers.FetchHandler;
import io.millrace.server.handlers.ListOffsetsHandler;
import io.millrace.server.handlers.ProduceHandler;
import io.millrace.storage.FileRecords;
import io.millrace.testkit.SeededRandom;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Broker 2 follows broker 1, whose handlers answer: what both say of each other goes over the wire in between. */
class FollowersOfARealLeaderTest {
    private static final FollowingSettings SETTINGS =
            new FollowingSettings(2, "PLAINTEXT", 500, 1, 1 << 16, 1 << 20, 1_000, 30_000, 1 << 20);

    private final TestBroker broker = new TestBroker(1);
    private final ManualLane lane = broker.time.lane("following");
    private final PlayedLeader wire = new PlayedLeader();
    private int nextSession = 700;
    private FetchHandler fetch = fetchHandler();
    private final ListOffsetsHandler list = new ListOffsetsHandler(broker.home(), broker.failures::add);
    private final ProduceHandler produce = new ProduceHandler(broker.home(), broker.view, broker.failures::add);
    private final List<FollowerPartition> followers = new ArrayList<>();
    private final FetchStreams streams = new FetchStreams(
            lane,
            broker.time,
            new SeededRandom(3),
            wire,
            SETTINGS,
            broker.home().followerThrottle(),
            BufferPool.poisoning(1 << 20, 4 << 20));

    private FetchHandler fetchHandler() {
        return new FetchHandler(broker.home(), broker.view, new FetchSessions(10, () -> nextSession++), 1 << 20);
    }

    private record Open(PlayedLeader.Asked asked, RecordedExchange<?> exchange) {}

    private final List<Open> open = new ArrayList<>();

    private void follow(int topics) {
        broker.register(1, 10, null);
        broker.register(2, 20, null);
        lane.as(() -> streams.brokersChanged(broker.image()));
        for (int i = 0; i < topics; i++) {
            String topic = "t" + i;
            broker.createReplicated(topic, List.of(1, 2), List.of(1));
            FollowedReplica own = new FollowedReplica(broker.disk, "own", new TopicPartition(topic, 0), broker.time);
            FollowerPartition follower = own.follow(4, SETTINGS.backoffMs(), lane);
            followers.add(follower);
            lane.as(() -> streams.follow(TestBroker.idOf(topic), follower, 1));
        }
    }

    /** Carries requests and answers back and forth until nobody has anything to say. */
    private void settle() {
        for (int quiet = 0; quiet < 3; quiet++) {
            broker.time.run();
            List<PlayedLeader.Asked> asked = new ArrayList<>();
            lane.as(() -> asked.addAll(wire.take()));
            for (PlayedLeader.Asked each : asked) {
                Open one = new Open(each, new RecordedExchange<>(each.request().apiKey(), each.version()));
                open.add(one);
                handle(one);
            }
            broker.time.run();
            for (Open each : List.copyOf(open)) {
                if (!each.exchange().isAnswered()) continue;
                open.remove(each);
                lane.as(() -> wire.answer(each.asked(), inMemory(each.exchange().reply())));
                broker.onHome(each.exchange()::sent);
                quiet = 0;
            }
            if (!asked.isEmpty()) quiet = 0;
        }
    }

    @SuppressWarnings("unchecked") // the exchange is made for the API of the request
    private void handle(Open one) {
        Request request = one.asked().request();
        broker.onHome(() -> {
            if (request instanceof FetchRequest wanted)
                fetch.handle(wanted, (RecordedExchange<FetchResponse>) one.exchange());
            else list.handle((ListOffsetsRequest) request, (RecordedExchange<ListOffsetsResponse>) one.exchange());
        });
    }

    private static Response inMemory(Response response) {
        if (!(response instanceof FetchResponse fetched)) return response;
        return fetched.toBuilder()
                .responses(fetched.responses().stream()
                        .map(topic -> topic.toBuilder()
                                .partitions(topic.partitions().stream()
                                        .map(data -> data.toBuilder()
                                                .records(inMemory(data.records()))
                                                .build())
                                        .toList())
                                .build())
                        .toList())
                .build();
    }

    private static @Nullable RecordsPayload inMemory(@Nullable RecordsPayload records) {
        return records instanceof FileRecords file ? new RecordsPayload.Buffer(file.toBuffer()) : records;
    }

    private RecordedExchange<ProduceResponse> produce(int topic, int acks, String value) {
        RecordedExchange<ProduceResponse> exchange = new RecordedExchange<>(ApiKey.PRODUCE, 13);
        ProduceRequest request = ProduceRequest.builder()
                .acks((short) acks)
                .timeoutMs(1_000_000)
                .topicData(List.of(ProduceRequest.TopicProduceData.builder()
                        .name("t" + topic)
                        .topicId(TestBroker.idOf("t" + topic))
                        .partitionData(List.of(ProduceRequest.PartitionProduceData.builder()
                                .index(0)
                                .records(new RecordsPayload.Buffer(Batches.of(value)))
                                .build()))
                        .build()))
                .build();
        broker.onHome(() -> produce.handle(request, exchange));
        return exchange;
    }

    @Test
    void aFollowerGetsInSyncAndThenProducersOfAllReplicasAreAnsweredWhenItHasTheRecords() {
        follow(1);
        produce(0, 1, "a");
        settle();
        assertEquals(1, followers.get(0).log().logEndOffset());
        assertEquals(1, broker.proposals.size());
        broker.onHome(broker.proposals.get(0)::commit);
        LeaderPartition led = broker.partition("t0", 0);
        assertEquals(2, led.isr().size());
        RecordedExchange<ProduceResponse> all = produce(0, -1, "b");
        settle();
        assertTrue(all.isAnswered());
        assertEquals(2, led.highWatermark());
        // A fetch that waits is answered when its time is over; only records end the wait.
        broker.time.advance(SETTINGS.waitMaxMs());
        settle();
        assertEquals(2, followers.get(0).highWatermark());
    }

    @Test
    void aHighWatermarkThatMovesReachesFollowersThatHaveAllRecordsAlready() {
        follow(3);
        for (int i = 0; i < 3; i++) produce(i, 1, "a" + i);
        settle();
        broker.time.advance(SETTINGS.waitMaxMs());
        settle();
        for (int i = 0; i < 3; i++) assertEquals(1, followers.get(i).highWatermark(), "of t" + i);
    }

    @Test
    void aLeaderThatLostItsSessionsIsToldEverythingAgain() {
        follow(3);
        settle();
        fetch = fetchHandler();
        open.clear();
        lane.as(() -> wire.cut(null));
        broker.time.advance(100);
        produce(1, 1, "x");
        settle();
        assertEquals(1, followers.get(1).log().logEndOffset());
    }
}
