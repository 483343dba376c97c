package io.millrace.records;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.ProtocolWriter;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.KRaftVersionRecord;
import io.millrace.protocol.messages.LeaderChangeMessage;
import io.millrace.protocol.messages.SnapshotFooterRecord;
import io.millrace.protocol.messages.SnapshotHeaderRecord;
import io.millrace.protocol.messages.VotersRecord;
import io.millrace.testkit.Property;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.junit.jupiter.api.Test;

class ControlRecordsTest {
    private static final ByteBuffer ONE = ByteBuffer.allocate(0);

    @Test
    void transactionMarkersAreTheOfficialBytes() {
        Property.check(random -> {
            boolean commit = random.nextBoolean();
            long offset = random.nextLong(0, 1L << 40);
            int leaderEpoch = random.nextInt(0, 1000);
            long timestamp = random.nextLong(0, 1L << 42);
            long producerId = random.nextLong(0, 1L << 40);
            short producerEpoch = (short) random.nextInt(0, Short.MAX_VALUE);
            int coordinatorEpoch = random.nextInt(0, 1000);
            ControlRecord.EndTransaction end = new ControlRecord.EndTransaction(commit, coordinatorEpoch);
            ByteBuffer ours =
                    ControlRecords.endTransactionBatch(offset, leaderEpoch, timestamp, producerId, producerEpoch, end);
            MemoryRecords official = MemoryRecords.withEndTransactionMarker(
                    offset,
                    timestamp,
                    leaderEpoch,
                    producerId,
                    producerEpoch,
                    new EndTransactionMarker(
                            commit
                                    ? org.apache.kafka.common.record.internal.ControlRecordType.COMMIT
                                    : org.apache.kafka.common.record.internal.ControlRecordType.ABORT,
                            coordinatorEpoch));
            assertEquals(official.buffer(), ours);
            assertTrue(BatchHeader.isControl(ours, 0) && BatchHeader.isTransactional(ours, 0));
            assertEquals(end, ControlRecords.read(only(ours)));
        });
    }

    @Test
    void leaderChangesAreTheOfficialBytes() {
        LeaderChangeMessage message = leaderChange(0, Uuid.ZERO);
        ByteBuffer ours = ControlRecords.batch(9, 5, 1234, new ControlRecord.LeaderChange(message));
        var official = new org.apache.kafka.common.message.LeaderChangeMessage()
                .setLeaderId(3)
                .setVoters(List.of(officialVoter(3), officialVoter(4)))
                .setGrantingVoters(List.of(officialVoter(4)));
        assertEquals(
                MemoryRecords.withLeaderChangeMessage(9, 1234, 5, ByteBuffer.allocate(200), official)
                        .buffer(),
                ours);
        assertEquals(new ControlRecord.LeaderChange(message), ControlRecords.read(only(ours)));
        assertFalse(BatchHeader.isTransactional(ours, 0));
    }

    @Test
    void leaderChangesWithDirectoriesAreReadButNotWrittenForApacheCannotReadThem() {
        LeaderChangeMessage message = leaderChange(1, new Uuid(17, 4));
        assertThrows(
                IllegalArgumentException.class,
                () -> ControlRecords.batch(9, 5, 1234, new ControlRecord.LeaderChange(message)));
        ByteBuffer key = ByteBuffer.allocate(4).putShort(2, ControlRecordType.LEADER_CHANGE.id());
        ByteBuffer value = ProtocolWriter.toBuffer(message, 1);
        assertEquals(
                new ControlRecord.LeaderChange(message), ControlRecords.read(new Record(0, 0, key, value, List.of())));
    }

    @Test
    void snapshotHeadersAndFootersAreTheOfficialBytes() {
        SnapshotHeaderRecord header =
                SnapshotHeaderRecord.builder().lastContainedLogTimestamp(99).build();
        assertEquals(
                MemoryRecords.withSnapshotHeaderRecord(
                                0,
                                7,
                                1,
                                ByteBuffer.allocate(200),
                                new org.apache.kafka.common.message.SnapshotHeaderRecord()
                                        .setLastContainedLogTimestamp(99))
                        .buffer(),
                ControlRecords.batch(0, 1, 7, new ControlRecord.SnapshotHeader(header)));
        assertEquals(
                MemoryRecords.withSnapshotFooterRecord(
                                12,
                                7,
                                1,
                                ByteBuffer.allocate(200),
                                new org.apache.kafka.common.message.SnapshotFooterRecord())
                        .buffer(),
                ControlRecords.batch(
                        12,
                        1,
                        7,
                        new ControlRecord.SnapshotFooter(
                                SnapshotFooterRecord.builder().build())));
    }

    @Test
    void quorumVersionAndVotersAreTheOfficialBytes() {
        KRaftVersionRecord version =
                KRaftVersionRecord.builder().kRaftVersion((short) 1).build();
        assertEquals(
                MemoryRecords.withKRaftVersionRecord(
                                0,
                                7,
                                1,
                                ByteBuffer.allocate(200),
                                new org.apache.kafka.common.message.KRaftVersionRecord().setKRaftVersion((short) 1))
                        .buffer(),
                ControlRecords.batch(0, 1, 7, new ControlRecord.KRaftVersion(version)));
        VotersRecord voters = VotersRecord.builder()
                .voters(List.of(VotersRecord.Voter.builder()
                        .voterId(1)
                        .voterDirectoryId(new Uuid(5, 6))
                        .endpoints(List.of(VotersRecord.Endpoint.builder()
                                .name("CONTROLLER")
                                .host("localhost")
                                .port(9093)
                                .build()))
                        .kRaftVersionFeature(VotersRecord.KRaftVersionFeature.builder()
                                .minSupportedVersion((short) 0)
                                .maxSupportedVersion((short) 1)
                                .build())
                        .build()))
                .build();
        var endpoints = new org.apache.kafka.common.message.VotersRecord.EndpointCollection();
        endpoints.add(new org.apache.kafka.common.message.VotersRecord.Endpoint()
                .setName("CONTROLLER")
                .setHost("localhost")
                .setPort(9093));
        var official = new org.apache.kafka.common.message.VotersRecord()
                .setVoters(List.of(new org.apache.kafka.common.message.VotersRecord.Voter()
                        .setVoterId(1)
                        .setVoterDirectoryId(new org.apache.kafka.common.Uuid(5, 6))
                        .setEndpoints(endpoints)
                        .setKRaftVersionFeature(new org.apache.kafka.common.message.VotersRecord.KRaftVersionFeature()
                                .setMinSupportedVersion((short) 0)
                                .setMaxSupportedVersion((short) 1))));
        ByteBuffer ours = ControlRecords.batch(0, 1, 7, new ControlRecord.KRaftVoters(voters));
        assertEquals(
                MemoryRecords.withVotersRecord(0, 7, 1, ByteBuffer.allocate(200), official)
                        .buffer(),
                ours);
        assertEquals(new ControlRecord.KRaftVoters(voters), ControlRecords.read(only(ours)));
    }

    @Test
    void severalRecordsShareABatch() {
        ByteBuffer batch = ControlRecords.batch(
                5,
                2,
                100,
                List.of(
                        new ControlRecord.SnapshotHeader(
                                SnapshotHeaderRecord.builder().build()),
                        new ControlRecord.KRaftVersion(KRaftVersionRecord.builder()
                                .kRaftVersion((short) 1)
                                .build())));
        RecordIterator records = new RecordIterator(batch, 0, DecompressionLimit.DEFAULT);
        assertTrue(ControlRecords.read(records.next()) instanceof ControlRecord.SnapshotHeader);
        assertTrue(ControlRecords.read(records.next()) instanceof ControlRecord.KRaftVersion);
        assertFalse(records.hasNext());
    }

    @Test
    void typesOfLaterVersionsAreUnknownAndNotAnError() {
        ByteBuffer key =
                ByteBuffer.allocate(4).putShort((short) 0).putShort((short) 900).flip();
        assertEquals(new ControlRecord.Unknown(900), ControlRecords.read(new Record(0, 0, key, null, List.of())));
        assertThrows(
                IllegalArgumentException.class, () -> ControlRecords.batch(0, 0, 0, new ControlRecord.Unknown(900)));
    }

    @Test
    void brokenKeysAndValuesAreRefused() {
        assertThrows(InvalidBatch.class, () -> ControlRecords.read(new Record(0, 0, null, ONE, List.of())));
        assertThrows(InvalidBatch.class, () -> ControlRecords.read(new Record(0, 0, ONE, ONE, List.of())));
        for (ControlRecordType type : ControlRecordType.values()) {
            ByteBuffer key = ByteBuffer.allocate(4)
                    .putShort((short) 0)
                    .putShort(type.id())
                    .flip();
            assertThrows(InvalidBatch.class, () -> ControlRecords.read(new Record(0, 0, key, null, List.of())));
            ByteBuffer cut = ByteBuffer.allocate(2);
            assertThrows(InvalidBatch.class, () -> ControlRecords.read(new Record(0, 0, key, cut, List.of())));
            ByteBuffer negative = ByteBuffer.allocate(50).putShort(0, (short) -1);
            assertThrows(InvalidBatch.class, () -> ControlRecords.read(new Record(0, 0, key, negative, List.of())));
        }
    }

    private static Record only(ByteBuffer batch) {
        return new RecordIterator(batch, 0, DecompressionLimit.DEFAULT).next();
    }

    private static LeaderChangeMessage leaderChange(int version, Uuid directory) {
        return LeaderChangeMessage.builder()
                .version((short) version)
                .leaderId(3)
                .voters(List.of(voter(3, directory), voter(4, directory)))
                .grantingVoters(List.of(voter(4, directory)))
                .build();
    }

    private static LeaderChangeMessage.Voter voter(int id, Uuid directory) {
        return LeaderChangeMessage.Voter.builder()
                .voterId(id)
                .voterDirectoryId(directory)
                .build();
    }

    private static org.apache.kafka.common.message.LeaderChangeMessage.Voter officialVoter(int id) {
        return new org.apache.kafka.common.message.LeaderChangeMessage.Voter().setVoterId(id);
    }
}
