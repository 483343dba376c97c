package io.millrace.coordinators.group;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.coordinators.group.run.GroupShard;
import io.millrace.coordinators.shard.run.ManualLane;
import io.millrace.coordinators.shard.run.ShardLimits;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.DescribeGroupsResponse;
import io.millrace.protocol.messages.JoinGroupResponse;
import io.millrace.protocol.messages.OffsetCommitResponse;
import io.millrace.protocol.messages.OffsetFetchRequest;
import io.millrace.protocol.messages.OffsetFetchResponse;
import io.millrace.protocol.messages.SyncGroupResponse;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A group of clients that come, go, fall silent and lose answers, under a coordinator that moves and a log that refuses. */
class GroupLifePropertyTest {
    /** One consumer process, as far as the protocol shows it. */
    private static final class Client {
        private final @Nullable String instanceId;
        private String memberId = "";
        private int generation = -1;
        private boolean isLeader;
        private List<String> roster = List.of();
        private @Nullable Told<JoinGroupResponse> joining;
        private @Nullable Told<SyncGroupResponse> syncing;

        Client(@Nullable String instanceId) {
            this.instanceId = instanceId;
        }

        boolean isWaiting() {
            return joining != null || syncing != null;
        }
    }

    private record Commit(int partition, long offset, Told<OffsetCommitResponse> told) {}

    private static final class Life {
        private final SeededRandom random;
        private final GroupBench bench = new GroupBench();
        private final List<Client> clients = new ArrayList<>();
        private final List<Told<?>> asked = new ArrayList<>();
        private final Map<Integer, Long> acknowledged = new HashMap<>();
        private final List<Commit> commits = new ArrayList<>();
        private boolean isRefusing;
        /** Too few replicas fetch: what is appended is not committed. */
        private boolean isHolding;

        private long nextOffset = 1;

        Life(SeededRandom random) {
            this.random = random;
            for (int i = 0; i < 5; i++) clients.add(new Client(i < 2 ? "i-" + i : null));
        }

        void step() {
            Client client = random.pick(clients);
            switch (random.nextInt(15)) {
                case 0, 1, 2 -> join(client);
                case 3, 4, 5 -> sync(client);
                case 6, 7 -> bench.heartbeatTold(client.memberId, client.instanceId, client.generation);
                case 8 -> commit(client);
                case 9 -> bench.lane.advance(random.nextInt(8_000));
                case 10 -> {
                    if (random.chance(0.3)) leave(client);
                }
                case 11 -> {
                    // Its process dies; another takes the place.
                    if (random.chance(0.3)) clients.set(clients.indexOf(client), new Client(client.instanceId));
                }
                case 12 -> {
                    isRefusing = random.chance(0.2);
                    bench.log.refuse(isRefusing ? ErrorCode.NOT_ENOUGH_REPLICAS : null);
                }
                case 13 -> {
                    if (random.chance(0.5)) hold(!isHolding);
                }
                default -> {
                    if (!isRefusing && random.chance(0.2)) failOver();
                }
            }
            for (Client one : clients) hear(one);
            hearCommits();
        }

        private void hold(boolean holding) {
            isHolding = holding;
            if (holding) {
                bench.log.holdCommits();
                return;
            }
            bench.log.commitAtOnce();
            bench.commit();
        }

        /** To a replica that has what is committed, and perhaps some of what is not. */
        private void failOver() {
            int uncommitted = (int) (bench.log.endOffset() - bench.log.highWatermark());
            bench.failOverTo(bench.log.highWatermark() + random.nextInt(uncommitted + 1));
            hold(isHolding);
        }

        private void hearCommits() {
            for (Commit commit : commits) {
                if (!commit.told.isTold() || GroupBench.error(commit.told) != ErrorCode.NONE) continue;
                acknowledged.merge(commit.partition, commit.offset, Math::max);
            }
            commits.removeIf(commit -> commit.told.isTold());
        }

        private void join(Client client) {
            if (client.isWaiting() && random.chance(0.9)) return;
            String[] protocols = random.chance(0.2) ? new String[] {"sticky", "range"} : new String[] {"range"};
            int version = random.pick(3, 5, 9);
            client.joining = bench.join(
                    version,
                    GroupBench.joinRequest(client.memberId, version < 5 ? null : client.instanceId, protocols));
            client.syncing = null;
            asked.add(client.joining);
        }

        private void sync(Client client) {
            if (client.generation < 0 || client.isWaiting()) return;
            Map<String, String> assignments = new HashMap<>();
            if (client.isLeader) {
                for (String memberId : client.roster) assignments.put(memberId, client.generation + "|" + memberId);
            }
            client.syncing = bench.sync(client.memberId, client.instanceId, client.generation, assignments);
            asked.add(client.syncing);
        }

        private void commit(Client client) {
            int partition = random.nextInt(3);
            long offset = nextOffset++;
            var told = bench.commit(
                    9,
                    bench.commitRequest("t", partition, offset)
                            .memberId(client.memberId)
                            .groupInstanceId(client.instanceId)
                            .generationIdOrMemberEpoch(client.generation)
                            .build());
            commits.add(new Commit(partition, offset, told));
            asked.add(told);
        }

        private void leave(Client client) {
            bench.leave(GroupBench.identity(client.memberId, client.instanceId));
        }

        private void hear(Client client) {
            if (client.joining != null && client.joining.isTold()) {
                hearJoined(client, client.joining.response());
                client.joining = null;
            }
            if (client.syncing != null && client.syncing.isTold()) {
                hearSynced(client, client.syncing.response());
                client.syncing = null;
            }
        }

        private void hearJoined(Client client, JoinGroupResponse told) {
            switch (ErrorCode.forCode(told.errorCode())) {
                case NONE -> {
                    client.memberId = told.memberId();
                    client.generation = told.generationId();
                    client.isLeader = told.leader().equals(told.memberId()) && !told.skipAssignment();
                    client.roster =
                            told.members().stream().map(one -> one.memberId()).toList();
                    assertTrue(!client.isLeader || client.roster.contains(client.memberId), client.roster::toString);
                }
                case MEMBER_ID_REQUIRED -> client.memberId = told.memberId();
                case UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID -> {
                    client.memberId = "";
                    client.generation = -1;
                }
                case NOT_COORDINATOR,
                        COORDINATOR_NOT_AVAILABLE,
                        REBALANCE_IN_PROGRESS,
                        INCONSISTENT_GROUP_PROTOCOL -> {}
                default -> throw new AssertionError(told.toString());
            }
        }

        private static void hearSynced(Client client, SyncGroupResponse told) {
            if (told.errorCode() != ErrorCode.NONE.code()) return;
            String assignment = new String(told.assignment(), StandardCharsets.UTF_8);
            if (assignment.isEmpty()) return;
            assertTrue(assignment.startsWith(client.generation + "|"), () -> assignment + " for " + client.generation);
            // A static member takes over what its former self was assigned, as does one whose leader knew that one.
            String owner = client.instanceId == null ? client.memberId : client.instanceId;
            boolean joinedWithoutInstance = assignment.endsWith("|" + client.memberId);
            assertTrue(joinedWithoutInstance || assignment.contains("|" + owner), () -> assignment + " for " + owner);
        }

        /** Whoever loads the log now knows what the coordinator knows. */
        void compareWithALoad() {
            if (isRefusing || bench.log.highWatermark() < bench.log.endOffset()) return;
            ManualLane lane = new ManualLane();
            var log = bench.log.committedCopy();
            GroupShard loaded =
                    new GroupShard("copy", lane, lane, new SeededRandom(1), ShardLimits.DEFAULT, GroupLimits.DEFAULT);
            loaded.becomeLeader(log, log);
            lane.run();
            assertEquals(offsets(bench.shard, bench.lane), offsets(loaded, lane));
            var live = describe(bench.shard, bench.lane);
            var copy = describe(loaded, lane);
            if (live.groupState().equals("Stable")) {
                assertEquals(live.protocolData(), copy.protocolData());
                assertEquals(members(live), members(copy));
            }
            assertEquals(live.groupState().equals("Dead"), copy.groupState().equals("Dead"));
        }

        private static List<OffsetFetchResponse.OffsetFetchResponseTopics> offsets(GroupShard shard, ManualLane lane) {
            Told<OffsetFetchResponse.OffsetFetchResponseGroup> told = new Told<>();
            shard.fetchOffsets(
                    OffsetFetchRequest.OffsetFetchRequestGroup.builder()
                            .groupId(GroupBench.GROUP)
                            .topics(null)
                            .build(),
                    false,
                    told);
            lane.run();
            return told.response().topics();
        }

        private static DescribeGroupsResponse.DescribedGroup describe(GroupShard shard, ManualLane lane) {
            Told<DescribeGroupsResponse.DescribedGroup> told = new Told<>();
            shard.describeGroup(6, GroupBench.GROUP, told);
            lane.run();
            return told.response();
        }

        private static List<String> members(DescribeGroupsResponse.DescribedGroup group) {
            return group.members().stream()
                    .map(one -> one.memberId() + " " + one.groupInstanceId() + " "
                            + new String(one.memberAssignment(), StandardCharsets.UTF_8) + " "
                            + one.memberMetadata().length)
                    .sorted()
                    .toList();
        }

        void offsetsAreThoseAcknowledged() {
            hold(false);
            hearCommits();
            acknowledged.forEach((partition, offset) -> {
                long fetched = bench.fetch("t", Uuid.ZERO, false, partition)
                        .response()
                        .topics()
                        .getFirst()
                        .partitions()
                        .getFirst()
                        .committedOffset();
                // A later one may have been kept whose client was not told so.
                assertTrue(fetched >= offset, () -> "partition " + partition + " is at " + fetched + ", not " + offset);
            });
        }

        /** When everybody falls silent, everyone is answered and the group is empty, within bounded time. */
        void end() {
            bench.log.refuse(null);
            bench.lane.advance(400_000);
            for (Told<?> told : asked) assertTrue(told.isTold());
            String state = bench.state();
            assertTrue(state.equals("Empty") || state.equals("Dead"), state);
        }
    }

    @Test
    void groupsStaySoundWhateverHappens() {
        Property.check(150, random -> {
            Life life = new Life(random);
            for (int step = 0; step < 150; step++) {
                life.step();
                if (step % 5 == 0) life.compareWithALoad();
            }
            life.offsetsAreThoseAcknowledged();
            life.end();
        });
    }
}
