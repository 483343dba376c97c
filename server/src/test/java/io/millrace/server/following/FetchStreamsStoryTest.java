package io.millrace.server.following;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.connection.BufferPool;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Response;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.records.BatchHeader;
import io.millrace.records.TopicPartition;
import io.millrace.replication.PartitionId;
import io.millrace.replication.run.FollowerPartition;
import io.millrace.server.fixture.Batches;
import io.millrace.server.fixture.ManualLane;
import io.millrace.server.fixture.TestBroker;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Broker 2 follows brokers 1 and 3, which lose connections and sessions, hand leaderships to each other, answer wrongly, and send bytes that are no
 * answers. Nothing that a leader did not have gets into a follower's log, and once all goes well again followers have everything.
 */
class FetchStreamsStoryTest {
    private static final long BACKOFF_MS = 300;
    private static final FollowingSettings SETTINGS =
            new FollowingSettings(2, "PLAINTEXT", 100, 1, 1 << 12, 1 << 14, BACKOFF_MS, 5_000, 1 << 16);

    /** Offsets, lengths and epochs stand before it, and no checksum covers them. */
    private static final int MAGIC_AT = 16;

    @Test
    void whateverLeadersDoFollowersEndWithWhatTheyHave() {
        Property.check(120, random -> new Story(random).run());
    }

    private static final class Story {
        private final SeededRandom random;
        private final TestBroker broker = new TestBroker(1);
        private final ManualLane lane = broker.time.lane("following");
        private final PlayedLeader leader = new PlayedLeader();
        private final ModelLeaders model = new ModelLeaders();
        private final Map<PartitionId, FollowedReplica> replicas = new HashMap<>();
        private final Map<PartitionId, FollowerPartition> followers = new HashMap<>();
        private final List<PlayedLeader.Asked> unanswered = new ArrayList<>();
        private final FetchStreams streams;
        private int nextValue;

        Story(SeededRandom random) {
            this.random = random;
            for (int id = 1; id <= 3; id++) broker.register(id, id * 10L, null);
            streams = new FetchStreams(
                    lane,
                    broker.time,
                    random,
                    leader,
                    SETTINGS,
                    broker.home().followerThrottle(),
                    BufferPool.poisoning(1 << 20, 4 << 20));
            lane.as(() -> streams.brokersChanged(broker.image()));
        }

        void run() {
            for (int i = 0; i < 5; i++) {
                PartitionId id = new PartitionId(TestBroker.idOf("t" + i % 2), i);
                TopicPartition name = new TopicPartition("t" + i % 2, i);
                FollowedReplica truth = new FollowedReplica(broker.disk, "truth", name, broker.time);
                model.partitions.put(id, new ModelLeaders.Led(truth, random.nextBoolean() ? 1 : 3, 4));
                replicas.put(id, new FollowedReplica(broker.disk, "own", name, broker.time));
            }
            for (int step = 0; step < 150; step++) {
                happen();
                collect();
                answerSome();
                followersHaveNothingElse();
            }
            heal();
            model.partitions.forEach((id, led) -> {
                FollowedReplica own = own(id);
                assertEquals(led.truth.log.logEndOffset(), own.log.logEndOffset(), () -> id + " is behind");
                assertEquals(led.highWatermark, own.log.highWatermark(), () -> id + " has an old high watermark");
                assertEquals(led.truth.log.logStartOffset(), own.log.logStartOffset(), () -> id + " starts elsewhere");
                sameBytes(id);
            });
            lane.as(streams::close);
            broker.time.advance(20_000);
            assertEquals(0, lane.timerCount());
        }

        private void happen() {
            PartitionId id = pick();
            ModelLeaders.Led led = led(id);
            FollowerPartition follower = followers.get(id);
            switch (random.nextInt(14)) {
                case 0 -> lane.as(() -> leader.cut(null));
                case 1 -> lane.as(() -> leader.cut("127.0.0." + (random.nextBoolean() ? 1 : 3)));
                case 2 -> leader.refusesConnections = random.nextBoolean();
                case 3 -> model.loseSessions();
                case 4 -> model.givesSessions = random.nextBoolean();
                case 5 -> {
                    led.leader = 4 - led.leader;
                    led.epoch++;
                }
                case 6 -> {
                    if (follower == null) return;
                    lane.as(() -> streams.leave(follower));
                    if (random.nextBoolean()) return;
                    follower.resign();
                    followers.remove(id);
                }
                case 7, 8, 9 -> learn(id);
                case 10 -> led.highWatermark = led.truth.log.logEndOffset();
                case 11 -> {
                    led.truth.log.advanceHighWatermark(led.highWatermark);
                    led.truth.log.advanceLogStartOffset(
                            Math.max(led.truth.log.logStartOffset(), led.highWatermark - random.nextInt(3)));
                }
                default ->
                    led.truth.append(led.epoch, Batches.of("v" + nextValue++, "w".repeat(random.nextInt(3_000))));
            }
            broker.time.advance(random.nextInt(200));
        }

        private ModelLeaders.Led led(PartitionId id) {
            return Objects.requireNonNull(model.partitions.get(id));
        }

        private FollowedReplica own(PartitionId id) {
            return Objects.requireNonNull(replicas.get(id));
        }

        private PartitionId pick() {
            return List.copyOf(model.partitions.keySet()).get(random.nextInt(model.partitions.size()));
        }

        /** The follower hears who leads. */
        private void learn(PartitionId id) {
            ModelLeaders.Led led = led(id);
            lane.as(() -> {
                FollowerPartition follower = followers.get(id);
                if (follower == null) {
                    follower = own(id).follow(led.epoch, BACKOFF_MS, lane);
                    followers.put(id, follower);
                } else follower.followIn(led.epoch);
                streams.follow(id.topicId(), follower, led.leader);
            });
        }

        private void collect() {
            for (int i = 0; i < 3; i++) {
                broker.time.run();
                lane.as(() -> unanswered.addAll(leader.take()));
            }
        }

        private void answerSome() {
            List<PlayedLeader.Asked> now = List.copyOf(unanswered);
            for (PlayedLeader.Asked asked : now) {
                if (random.nextInt(3) == 0) continue;
                unanswered.remove(asked);
                lane.as(() -> answer(asked));
            }
        }

        private void answer(PlayedLeader.Asked asked) {
            int from = asked.host().charAt(asked.host().length() - 1) - '0';
            switch (random.nextInt(20)) {
                case 0 -> leader.deliver(asked, ByteBuffer.allocate(8).putInt(0, random.nextInt(-5, 100)));
                case 1 -> leader.deliver(asked, ByteBuffer.allocate(4).putInt(0, Integer.MAX_VALUE));
                case 2 -> {
                    byte[] junk = random.bytes(4 + random.nextInt(200));
                    ByteBuffer frame = ByteBuffer.wrap(junk).putInt(0, junk.length - 4);
                    if (junk.length >= 8) frame.putInt(4, asked.correlationId());
                    leader.deliver(asked, frame);
                }
                case 3 -> {
                    if (!(asked.request() instanceof FetchRequest)) return;
                    leader.answer(
                            asked,
                            FetchResponse.builder()
                                    .errorCode(random.pick(List.of(
                                                    ErrorCode.UNKNOWN_SERVER_ERROR,
                                                    ErrorCode.INVALID_FETCH_SESSION_EPOCH,
                                                    ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
                                                    ErrorCode.INCONSISTENT_TOPIC_ID,
                                                    ErrorCode.KAFKA_STORAGE_ERROR))
                                            .code())
                                    .build());
                }
                case 4, 5 -> {
                    Response response = model.answer(from, asked.request());
                    leader.answer(asked, response instanceof FetchResponse fetch ? spoilt(fetch) : response);
                }
                case 6 -> {
                    model.answer(from, asked.request());
                    leader.cut(asked.host());
                }
                default -> leader.answer(asked, model.answer(from, asked.request()));
            }
        }

        /** With damaged or cut records, partitions left out, named twice or unknown, or errors of partitions. */
        private FetchResponse spoilt(FetchResponse sound) {
            List<FetchResponse.FetchableTopicResponse> topics = new ArrayList<>();
            for (var topic : sound.responses()) {
                FetchResponse.PartitionData data = topic.partitions().get(0);
                FetchResponse.PartitionData.Builder changed = data.toBuilder();
                switch (random.nextInt(6)) {
                    case 0 -> {
                        continue;
                    }
                    case 1 ->
                        changed.errorCode(random.pick(List.of(
                                        ErrorCode.UNKNOWN_TOPIC_ID,
                                        ErrorCode.INCONSISTENT_TOPIC_ID,
                                        ErrorCode.KAFKA_STORAGE_ERROR,
                                        ErrorCode.OFFSET_OUT_OF_RANGE,
                                        ErrorCode.UNKNOWN_LEADER_EPOCH))
                                .code());
                    case 2 -> topics.add(topic);
                    case 3 -> changed.partitionIndex(random.nextInt(-3, 40));
                    case 4 -> changed.records(damaged(data.records()));
                    default ->
                        changed.divergingEpoch(FetchResponse.EpochEndOffset.builder()
                                .epoch(1_000)
                                .endOffset(random.nextBoolean() ? -random.nextInt(9) - 1 : 1L << 40)
                                .build());
                }
                topics.add(
                        topic.toBuilder().partitions(List.of(changed.build())).build());
            }
            FetchResponse.FetchableTopicResponse stranger = FetchResponse.FetchableTopicResponse.builder()
                    .topicId(new Uuid(9, 9))
                    .build();
            if (random.nextBoolean()) topics.add(stranger);
            return sound.toBuilder().responses(topics).build();
        }

        private RecordsPayload damaged(@Nullable RecordsPayload records) {
            if (!(records instanceof RecordsPayload.Buffer(ByteBuffer bytes)) || !bytes.hasRemaining())
                return RecordsPayload.EMPTY;
            ByteBuffer copy = ByteBuffer.allocate(bytes.remaining())
                    .put(bytes.duplicate())
                    .flip();
            if (random.nextBoolean()) copy.limit(random.nextInt(copy.limit()));
            else {
                int firstBytes = Math.min(copy.limit(), BatchHeader.LOG_OVERHEAD + copy.getInt(Long.BYTES));
                int at = random.nextInt(MAGIC_AT, firstBytes);
                copy.put(at, (byte) (copy.get(at) ^ (1 + random.nextInt(255))));
            }
            return new RecordsPayload.Buffer(copy);
        }

        private void followersHaveNothingElse() {
            replicas.forEach((id, own) -> {
                FollowedReplica truth = led(id).truth;
                assertTrue(own.log.logEndOffset() <= truth.log.logEndOffset(), () -> id + " has what nobody wrote");
                assertTrue(own.log.highWatermark() <= own.log.logEndOffset(), () -> id + " committed what it has not");
            });
        }

        private void sameBytes(PartitionId id) {
            FollowedReplica own = own(id);
            long from = own.log.logStartOffset();
            if (from < own.log.logEndOffset())
                assertEquals(led(id).truth.read(from, 1 << 24), own.read(from, 1 << 24), id::toString);
        }

        private void heal() {
            leader.refusesConnections = false;
            model.givesSessions = true;
            lane.as(() -> leader.cut(null));
            unanswered.clear();
            for (PartitionId id : model.partitions.keySet()) {
                ModelLeaders.Led led = led(id);
                led.epoch++;
                led.highWatermark = led.truth.log.logEndOffset();
                learn(id);
            }
            for (int i = 0; i < 60; i++) {
                broker.time.advance(BACKOFF_MS);
                collect();
                for (PlayedLeader.Asked asked : List.copyOf(unanswered)) {
                    unanswered.remove(asked);
                    int from = asked.host().charAt(asked.host().length() - 1) - '0';
                    lane.as(() -> leader.answer(asked, model.answer(from, asked.request())));
                }
            }
        }
    }
}
