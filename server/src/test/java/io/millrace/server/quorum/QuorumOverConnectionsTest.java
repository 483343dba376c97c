package io.millrace.server.quorum;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.AddRaftVoterRequest;
import io.millrace.protocol.messages.AddRaftVoterResponse;
import io.millrace.protocol.messages.BeginQuorumEpochRequest;
import io.millrace.protocol.messages.BeginQuorumEpochResponse;
import io.millrace.protocol.messages.DescribeQuorumRequest;
import io.millrace.protocol.messages.DescribeQuorumResponse;
import io.millrace.protocol.messages.FetchRequest;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.protocol.messages.RemoveRaftVoterRequest;
import io.millrace.protocol.messages.RemoveRaftVoterResponse;
import io.millrace.protocol.messages.VoteRequest;
import io.millrace.protocol.messages.VoteResponse;
import io.millrace.raft.QuorumTimeouts;
import io.millrace.raft.Voter;
import io.millrace.raft.VoterAddresses;
import io.millrace.raft.VoterSet;
import io.millrace.raft.run.AppendResult;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Voters that know each other only by sockets and Kafka's messages. */
class QuorumOverConnectionsTest {
    private static final QuorumTimeouts TIMEOUTS = new QuorumTimeouts(300, 600, 300, 20, 200);
    private static final String TOPIC = "__cluster_metadata";

    @TempDir
    Path directory;

    private final List<QuorumVoter> voters = new ArrayList<>();

    @AfterEach
    void end() throws Exception {
        for (QuorumVoter voter : voters) voter.close();
    }

    private VoterSet begin(int count) throws Exception {
        for (int id = 1; id <= count; id++) voters.add(new QuorumVoter(id, QuorumVoter.CLUSTER, 0));
        VoterSet set = QuorumVoter.voters(voters);
        for (QuorumVoter voter : voters) voter.begin(home(voter.id), set, TIMEOUTS);
        return set;
    }

    private Path home(int id) throws Exception {
        Path home = directory.resolve("voter-" + id);
        java.nio.file.Files.createDirectories(home);
        return home;
    }

    private QuorumVoter leader() throws Exception {
        QuorumVoter.await("somebody leads", voters, () -> voters.stream().anyMatch(voter -> voter.ledEpoch() >= 0));
        return voters.stream()
                .filter(voter -> voter.ledEpoch() >= 0)
                .findFirst()
                .orElseGet(voters::getFirst);
    }

    /** Appends until a leader takes it; one may just be gone. */
    private void commit(int number) throws Exception {
        for (int attempt = 0; attempt < 100; attempt++)
            if (leader().append(number) instanceof AppendResult.Appended) return;
        throw new AssertionError("no leader takes " + number);
    }

    private void awaitSeen(int count) throws Exception {
        List<Integer> all = IntStream.range(0, count).boxed().toList();
        QuorumVoter.await(
                "all have seen " + count,
                voters,
                () -> voters.stream().allMatch(voter -> voter.seen().equals(all)));
    }

    @Test
    void threeVotersElectALeaderCommitAndGoOnWhenItIsKilled() throws Exception {
        VoterSet set = begin(3);
        for (int number = 0; number < 50; number++) commit(number);
        awaitSeen(50);

        QuorumVoter killed = leader();
        int itsEpoch = killed.ledEpoch();
        killed.close();
        voters.remove(killed);
        for (int number = 50; number < 100; number++) commit(number);
        awaitSeen(100);
        assertTrue(leader().ledEpoch() > itsEpoch);

        var again = new QuorumVoter(
                killed.id,
                QuorumVoter.CLUSTER,
                set.find(killed.id).orElseThrow().endpoints().getFirst().port());
        voters.add(again);
        again.begin(home(again.id), set, TIMEOUTS);
        for (int number = 100; number < 120; number++) commit(number);
        awaitSeen(120);
    }

    @Test
    void aLeaderThatStopsInOrderIsSucceededAtOnce() throws Exception {
        // Long timeouts: only word of the leader's end can bring the next election about in time.
        var slow = new QuorumTimeouts(1_000, 60_000, 300, 20, 200);
        for (int id = 1; id <= 3; id++) voters.add(new QuorumVoter(id, QuorumVoter.CLUSTER, 0));
        VoterSet set = QuorumVoter.voters(voters);
        for (QuorumVoter voter : voters) voter.begin(home(voter.id), set, slow);
        commit(0);
        awaitSeen(1);

        QuorumVoter stopped = leader();
        voters.remove(stopped);
        stopped.stop();
        commit(1);
        awaitSeen(2);
    }

    @Test
    void theLeaderSaysWhoVotesAndHowFarTheyAre() throws Exception {
        begin(3);
        for (int number = 0; number < 10; number++) commit(number);
        awaitSeen(10);
        QuorumVoter leader = leader();
        QuorumVoter other =
                voters.stream().filter(voter -> voter != leader).findFirst().orElseThrow();

        DescribeQuorumResponse.PartitionData described = other.ask(
                        leader, describe(TOPIC), DescribeQuorumResponse.class)
                .topics()
                .getFirst()
                .partitions()
                .getFirst();
        assertEquals(leader.id, described.leaderId());
        assertEquals(leader.ledEpoch(), described.leaderEpoch());
        assertTrue(described.highWatermark() >= 11, described::toString);
        assertEquals(
                List.of(1, 2, 3),
                described.currentVoters().stream()
                        .map(DescribeQuorumResponse.ReplicaState::replicaId)
                        .toList());
        for (var voter : described.currentVoters()) {
            assertTrue(voter.logEndOffset() >= 10, voter::toString);
            assertTrue(voter.lastCaughtUpTimestamp() > 0, voter::toString);
        }
        assertEquals(List.of(), described.observers());

        DescribeQuorumResponse notLeading = leader.ask(other, describe(TOPIC), DescribeQuorumResponse.class);
        assertEquals(ErrorCode.NOT_LEADER_OR_FOLLOWER.code(), notLeading.errorCode());
        DescribeQuorumResponse unknown = other.ask(leader, describe("t"), DescribeQuorumResponse.class);
        assertEquals(
                ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.code(),
                unknown.topics().getFirst().partitions().getFirst().errorCode());
    }

    private static DescribeQuorumRequest describe(String topic) {
        var partition = DescribeQuorumRequest.PartitionData.builder().partitionIndex(0);
        return DescribeQuorumRequest.builder()
                .topics(List.of(DescribeQuorumRequest.TopicData.builder()
                        .topicName(topic)
                        .partitions(List.of(partition.build()))
                        .build()))
                .build();
    }

    @Test
    void anotherClustersVoterIsToldSoAndDoesNoHarm() throws Exception {
        for (int id = 1; id <= 2; id++) voters.add(new QuorumVoter(id, QuorumVoter.CLUSTER, 0));
        var stranger = new QuorumVoter(3, "MkU3OEVBNTcwNTJENDM2Qg", 0);
        voters.add(stranger);
        VoterSet set = QuorumVoter.voters(voters);
        for (QuorumVoter voter : voters) voter.begin(home(voter.id), set, TIMEOUTS);
        voters.remove(stranger);
        try {
            commit(0);
            awaitSeen(1);
            assertEquals(-1, stranger.ledEpoch());
            assertEquals(List.of(), stranger.seen());

            FetchRequest fetch =
                    FetchRequest.builder().clusterId("MkU3OEVBNTcwNTJENDM2Qg").build();
            FetchResponse refused = stranger.ask(leader(), fetch, FetchResponse.class);
            assertEquals(ErrorCode.INCONSISTENT_CLUSTER_ID.code(), refused.errorCode());
        } finally {
            stranger.close();
        }
    }

    @Test
    void requestsThatMakeNoSenseAreRefusedAndALoneVoterIsNotTalkedOutOfLeading() throws Exception {
        begin(1);
        QuorumVoter lone = leader();
        int epoch = lone.ledEpoch();
        var outside = new QuorumVoter(9, QuorumVoter.CLUSTER, 0);
        try {
            outside.begin(home(9), QuorumVoter.voters(List.of(lone)), TIMEOUTS);
            VoteResponse later = outside.ask(lone, vote(epoch + 1), VoteResponse.class);
            assertEquals(
                    ErrorCode.INVALID_REQUEST.code(),
                    later.topics().getFirst().partitions().getFirst().errorCode());
            VoteResponse last = outside.ask(lone, vote(Integer.MAX_VALUE), VoteResponse.class);
            assertEquals(ErrorCode.INVALID_REQUEST.code(), last.errorCode());
            var begin = BeginQuorumEpochRequest.builder().topics(List.of()).build();
            BeginQuorumEpochResponse nothing = outside.ask(lone, begin, BeginQuorumEpochResponse.class);
            assertEquals(ErrorCode.INVALID_REQUEST.code(), nothing.errorCode());

            assertEquals(epoch, lone.ledEpoch());
            assertInstanceOf(AppendResult.Appended.class, lone.append(0));
            // The one outside the voters follows as an observer.
            voters.add(outside);
            awaitSeen(1);
            var observers = outside.ask(lone, describe(TOPIC), DescribeQuorumResponse.class)
                    .topics()
                    .getFirst()
                    .partitions()
                    .getFirst()
                    .observers();
            assertEquals(
                    List.of(9),
                    observers.stream()
                            .map(DescribeQuorumResponse.ReplicaState::replicaId)
                            .toList());
            assertFalse(outside.ledEpoch() >= 0);
        } finally {
            outside.close();
        }
    }

    @Test
    void anObserverToldOnlyAddressesTakesASnapshotFollowsAndFindsTheNextLeader() throws Exception {
        begin(3);
        for (int number = 0; number < 600; number++) {
            commit(number);
            if (number % 200 == 199) {
                awaitSeen(number + 1);
                leader().snapshot();
            }
        }
        awaitSeen(600);
        var observer = new QuorumVoter(9, QuorumVoter.CLUSTER, 0);
        List<QuorumVoter> all = new ArrayList<>(voters);
        voters.add(observer);
        List<String> addresses = new ArrayList<>();
        try (var nobodyListens = new java.net.ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
            addresses.add("127.0.0.1:" + nobodyListens.getLocalPort());
        }
        for (QuorumVoter voter : all) addresses.add("127.0.0.1:" + voter.port());
        observer.begin(home(9), VoterSet.NONE, TIMEOUTS, addresses);
        awaitSeen(600);
        assertTrue(observer.snapshotsLoaded() > 0);

        QuorumVoter killed = leader();
        killed.close();
        voters.remove(killed);
        for (int number = 600; number < 620; number++) commit(number);
        awaitSeen(620);
        assertEquals(-1, observer.ledEpoch());
        String state = java.nio.file.Files.readString(home(9).resolve("__cluster_metadata-0/quorum-state"));
        assertTrue(state.contains("\"votedId\":-1"), state);
        assertTrue(state.contains("\"leaderId\":" + leader().id + ","), state);

        // A later life begins with what it holds, and need not be told again.
        observer.close();
        voters.remove(observer);
        commit(620);
        var again = new QuorumVoter(9, QuorumVoter.CLUSTER, 0);
        voters.add(again);
        again.begin(home(9), VoterSet.NONE, TIMEOUTS, addresses);
        awaitSeen(621);
    }

    @Test
    void votersJoinAreAddedAndAreRemovedWhileTheQuorumGoesOn() throws Exception {
        var first = new QuorumVoter(1, QuorumVoter.CLUSTER, 0);
        var added = new QuorumVoter(2, QuorumVoter.CLUSTER, 0);
        var joining = new QuorumVoter(3, QuorumVoter.CLUSTER, 0).thatJoins();
        voters.addAll(List.of(first, added, joining));
        List<String> addresses = List.of("127.0.0.1:" + first.port());
        first.format(home(1), new VoterSet(List.of(first.asVoter())));
        added.format(home(2), VoterSet.NONE);
        joining.format(home(3), VoterSet.NONE);
        first.begin(home(1), VoterSet.NONE, TIMEOUTS);
        added.begin(home(2), VoterSet.NONE, TIMEOUTS, addresses);
        joining.begin(home(3), VoterSet.NONE, TIMEOUTS, addresses);
        for (int number = 0; number < 10; number++) commit(number);
        awaitSeen(10);

        Voter second = added.asVoter();
        Voter.Endpoint at = second.endpoints().getFirst();
        var add = AddRaftVoterRequest.builder()
                .clusterId(null)
                .voterId(2)
                .voterDirectoryId(second.key().directoryId())
                .listeners(List.of(new AddRaftVoterRequest.Listener(at.listener(), at.host(), at.port())))
                .timeoutMs(5_000);
        assertTrue(
                granted(() -> added.ask(first, add.build(), AddRaftVoterResponse.class)
                        .errorCode()),
                "2 is added");
        assertEquals(
                ErrorCode.DUPLICATE_VOTER.code(),
                added.ask(first, add.build(), AddRaftVoterResponse.class).errorCode());
        until("3 has joined", () -> voterIds(first).equals(List.of(1, 2, 3)));
        for (int number = 10; number < 20; number++) commit(number);
        awaitSeen(20);

        int itsEpoch = first.ledEpoch();
        var remove = RemoveRaftVoterRequest.builder()
                .clusterId(null)
                .voterId(1)
                .voterDirectoryId(first.key().directoryId())
                .build();
        assertTrue(
                granted(() ->
                        added.ask(first, remove, RemoveRaftVoterResponse.class).errorCode()),
                "1 is removed");
        for (int number = 20; number < 30; number++) commit(number);
        awaitSeen(30);
        assertTrue(leader().ledEpoch() > itsEpoch);
        assertTrue(leader() != first, "who was removed leads no more");
        assertEquals(List.of(2, 3), voterIds(leader()));
        until("1 is seen as an observer", () -> observerIds(leader()).contains(1));
    }

    /** Asks again while it is not the time yet. */
    private static boolean granted(java.util.concurrent.Callable<Short> change) throws Exception {
        long untilNanos = System.nanoTime() + 20_000_000_000L;
        while (System.nanoTime() < untilNanos) {
            short error = change.call();
            if (error == ErrorCode.NONE.code()) return true;
            if (error != ErrorCode.REQUEST_TIMED_OUT.code()) throw new AssertionError(ErrorCode.forCode(error));
        }
        return false;
    }

    private static void until(String what, java.util.concurrent.Callable<Boolean> isSo) throws Exception {
        long untilNanos = System.nanoTime() + 20_000_000_000L;
        while (!isSo.call())
            if (System.nanoTime() > untilNanos) throw new AssertionError("it did not come about that " + what);
    }

    private static List<Integer> voterIds(QuorumVoter leader) throws Exception {
        return leader.describe().voters().stream()
                .map(voter -> voter.voter().key().id())
                .toList();
    }

    private static List<Integer> observerIds(QuorumVoter leader) throws Exception {
        return leader.describe().observers().stream()
                .map(observer -> observer.key().id())
                .toList();
    }

    @Test
    void aPeerThatKnowsNoPreVotesIsAskedForItsVoteAtOnce() throws Exception {
        try (OlderPeer older = new OlderPeer()) {
            var voter = new QuorumVoter(1, QuorumVoter.CLUSTER, 0);
            voters.add(voter);
            VoterSet set = VoterAddresses.ofQuorumVoters(
                    List.of("1@127.0.0.1:" + voter.port(), "2@127.0.0.1:" + older.port()), "CONTROLLER");
            voter.begin(home(1), set, TIMEOUTS);

            VoteRequest asked = older.firstVote.get(30, TimeUnit.SECONDS);
            assertFalse(asked.topics().getFirst().partitions().getFirst().preVote());
            assertEquals(1, asked.topics().getFirst().partitions().getFirst().replicaEpoch());
        }
    }

    private static VoteRequest vote(int epoch) {
        var partition = VoteRequest.PartitionData.builder()
                .replicaEpoch(epoch)
                .replicaId(9)
                .lastOffset(1_000)
                .lastOffsetEpoch(1)
                .build();
        var topic = VoteRequest.TopicData.builder().topicName(TOPIC).partitions(List.of(partition));
        return VoteRequest.builder()
                .clusterId(QuorumVoter.CLUSTER)
                .topics(List.of(topic.build()))
                .build();
    }
}
