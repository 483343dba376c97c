package io.millrace.raft.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.ProtocolReader;
import io.millrace.protocol.ProtocolWriter;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.VoteRequest;
import io.millrace.raft.LeaderAndEpoch;
import io.millrace.raft.PeerAnswer;
import io.millrace.raft.PeerRequest;
import io.millrace.raft.ReplicaKey;
import io.millrace.raft.Voter;
import io.millrace.raft.VoterChange;
import io.millrace.records.OffsetAndEpoch;
import io.millrace.testkit.Property;
import io.millrace.testkit.SeededRandom;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class PeerMessagesTest {
    private static final String CLUSTER = "IHEVMEbkRNqHGYz2oy4qAg";

    @Test
    void requestsAreReadAsTheyWereWritten() {
        Property.check(random -> {
            ReplicaKey from = key(random);
            ReplicaKey to = key(random);
            PeerRequest request = request(random);
            var sender = new PeerRequestMessages.Sender(
                    CLUSTER, from, List.of(new Voter.Endpoint("CONTROLLER", "host", 9093)));

            Request message = overTheWire(PeerRequestMessages.write(request, sender, to));

            boolean saysDirectory = !(request instanceof PeerRequest.BeginQuorumEpoch)
                    && !(request instanceof PeerRequest.EndQuorumEpoch);
            boolean saysAddressee =
                    request instanceof PeerRequest.Vote || request instanceof PeerRequest.BeginQuorumEpoch;
            assertEquals(
                    new PeerRequestMessages.Read.Understood(
                            saysDirectory ? from : new ReplicaKey(from.id(), Uuid.ZERO),
                            saysAddressee ? Optional.of(to) : Optional.empty(),
                            request),
                    PeerRequestMessages.read(message, CLUSTER));
        });
    }

    @Test
    void answersAreReadAsTheyWereWritten() {
        Property.check(random -> {
            PeerRequest request = request(random);
            var sender = new PeerRequestMessages.Sender(CLUSTER, key(random), List.of());
            Request message = overTheWire(PeerRequestMessages.write(request, sender, key(random)));
            PeerAnswer answer = answer(request, random);

            Response response = PeerAnswerMessages.write(
                    answer, message, Optional.of(new Voter.Endpoint("CONTROLLER", "host", 9093)));

            ApiKey apiKey = message.apiKey();
            ByteBuffer bytes = ProtocolWriter.toBuffer(response, apiKey.latestStableVersion());
            Response read = apiKey.readResponse(new ProtocolReader(bytes), apiKey.latestStableVersion());
            assertEquals(Optional.of(answer), PeerAnswerMessages.read(read));
        });
    }

    @Test
    void requestsOfAnotherClusterAndOnesThatMakeNoSenseAreWrong() {
        var sender = new PeerRequestMessages.Sender("another", new ReplicaKey(1, Uuid.ZERO), List.of());
        var vote = new PeerRequest.Vote(3, new OffsetAndEpoch(5, 2), true);
        Request ofAnother = PeerRequestMessages.write(vote, sender, new ReplicaKey(2, Uuid.ZERO));
        assertEquals(
                new PeerRequestMessages.Read.Wrong(ErrorCode.INCONSISTENT_CLUSTER_ID),
                PeerRequestMessages.read(ofAnother, CLUSTER));

        var partition = VoteRequest.PartitionData.builder().replicaId(-7).build();
        var topic =
                VoteRequest.TopicData.builder().topicName("__cluster_metadata").partitions(List.of(partition));
        VoteRequest negative =
                VoteRequest.builder().topics(List.of(topic.build())).build();
        assertEquals(
                new PeerRequestMessages.Read.Wrong(ErrorCode.INVALID_REQUEST),
                PeerRequestMessages.read(negative, CLUSTER));
        assertEquals(
                new PeerRequestMessages.Read.Wrong(ErrorCode.INVALID_REQUEST),
                PeerRequestMessages.read(VoteRequest.builder().build(), CLUSTER));
    }

    private static Request overTheWire(Request message) {
        ApiKey apiKey = message.apiKey();
        ByteBuffer bytes = ProtocolWriter.toBuffer(message, apiKey.latestStableVersion());
        return apiKey.readRequest(new ProtocolReader(bytes), apiKey.latestStableVersion());
    }

    private static PeerRequest request(SeededRandom random) {
        int epoch = random.nextInt(100);
        return switch (random.nextInt(5)) {
            case 0 -> new PeerRequest.Vote(epoch, offsetAndEpoch(random), random.nextBoolean());
            case 1 -> new PeerRequest.BeginQuorumEpoch(epoch);
            case 2 -> new PeerRequest.EndQuorumEpoch(epoch, List.of(key(random), key(random)));
            case 3 -> new PeerRequest.Fetch(epoch, offsetAndEpoch(random), random.nextInt(1000), random.nextInt(500));
            default -> new PeerRequest.FetchSnapshot(epoch, offsetAndEpoch(random), random.nextInt(1000));
        };
    }

    private static PeerAnswer answer(PeerRequest request, SeededRandom random) {
        OptionalInt leaderId = random.nextBoolean() ? OptionalInt.of(random.nextInt(5)) : OptionalInt.empty();
        LeaderAndEpoch leader = new LeaderAndEpoch(leaderId, random.nextInt(100));
        if (random.nextInt(4) == 0) return new PeerAnswer.Refused(ErrorCode.FENCED_LEADER_EPOCH, leader);
        return switch (request) {
            case PeerRequest.Vote ignored -> new PeerAnswer.Voted(random.nextBoolean(), leader);
            case PeerRequest.BeginQuorumEpoch ignored -> new PeerAnswer.Acknowledged(leader);
            case PeerRequest.EndQuorumEpoch ignored -> new PeerAnswer.Acknowledged(leader);
            case PeerRequest.Fetch ignored ->
                switch (random.nextInt(3)) {
                    case 0 -> new PeerAnswer.Diverging(offsetAndEpoch(random), leader);
                    case 1 -> new PeerAnswer.SnapshotNeeded(offsetAndEpoch(random), leader);
                    default -> new PeerAnswer.Fetched(bytes(random), random.nextInt(1000), leader);
                };
            case PeerRequest.FetchSnapshot fetch ->
                new PeerAnswer.SnapshotPart(fetch.snapshotId(), 2000, fetch.position(), bytes(random), leader);
            case PeerRequest.ChangeVoters ignored -> new PeerAnswer.Acknowledged(leader);
        };
    }

    @Test
    void changesOfVotersComeAcrossTheWireAsTheyWere() {
        var voter = new Voter(
                new ReplicaKey(4, new Uuid(3, 4)),
                List.of(new Voter.Endpoint("CONTROLLER", "host", 9093)),
                (short) 0,
                (short) 0);
        for (VoterChange change : List.of(
                new VoterChange.Add(voter, false),
                new VoterChange.Remove(voter.key()),
                new VoterChange.Update(7, voter))) {
            Request sent = overTheWire(VoterChangeMessages.write(change, "cluster"));
            var understood = assertInstanceOf(
                    VoterChangeMessages.Read.Understood.class, VoterChangeMessages.read(sent, "cluster"));
            assertEquals(change, understood.change());
            assertInstanceOf(VoterChangeMessages.Read.Wrong.class, VoterChangeMessages.read(sent, "another"));
            for (ErrorCode error : List.of(ErrorCode.NONE, ErrorCode.REQUEST_TIMED_OUT)) {
                var leader = new LeaderAndEpoch(OptionalInt.of(1), 7);
                var read =
                        PeerAnswerMessages.read(VoterChangeMessages.answer(sent, error, "", leader, Optional.empty()));
                assertEquals(
                        error == ErrorCode.NONE,
                        read.orElseThrow() instanceof PeerAnswer.Acknowledged,
                        () -> change + " " + read);
            }
        }
    }

    private static ByteBuffer bytes(SeededRandom random) {
        return ByteBuffer.wrap(random.bytes(1 + random.nextInt(50)));
    }

    private static OffsetAndEpoch offsetAndEpoch(SeededRandom random) {
        return new OffsetAndEpoch(random.nextInt(10_000), random.nextInt(100));
    }

    private static ReplicaKey key(SeededRandom random) {
        return new ReplicaKey(random.nextInt(10), new Uuid(3, random.nextInt(1, 10)));
    }
}
