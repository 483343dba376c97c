package io.millrace.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.metadata.BootstrapRecords;
import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.MetadataProvenance;
import io.millrace.metadata.MetadataVersion;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.VersionedRecord;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.AllocateProducerIdsRequest;
import io.millrace.protocol.messages.AssignReplicasToDirsRequest;
import io.millrace.protocol.messages.BeginTransactionRecord;
import io.millrace.protocol.messages.BrokerHeartbeatRequest;
import io.millrace.protocol.messages.BrokerHeartbeatResponse;
import io.millrace.protocol.messages.BrokerRegistrationRequest;
import io.millrace.protocol.messages.PartitionChangeRecord;
import io.millrace.protocol.messages.UnregisterBrokerRequest;
import io.millrace.protocol.messages.UpdateFeaturesRequest;
import io.millrace.testkit.SeededRandom;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What happens to a broker and to what it leads; the records are those Apache Kafka 4.4.0 writes in the same story. */
class BrokerLifeTest {
    private final TestCluster cluster = TestCluster.ofOne();

    @Test
    void aNewClusterBeginsWithItsFeatureLevelsInOneTransaction() {
        TestCluster fresh = new TestCluster(new SeededRandom(1), Map.of("min.insync.replicas", "2"), Map.of());
        assertEquals(
                List.of(
                        "BEGIN_TRANSACTION_RECORD",
                        "FEATURE_LEVEL_RECORD",
                        "FEATURE_LEVEL_RECORD",
                        "FEATURE_LEVEL_RECORD",
                        "FEATURE_LEVEL_RECORD",
                        "FEATURE_LEVEL_RECORD",
                        "FEATURE_LEVEL_RECORD",
                        "CONFIG_RECORD",
                        "END_TRANSACTION_RECORD"),
                types(fresh.log));
        assertEquals(
                Map.of("min.insync.replicas", "2"),
                fresh.image().configs().of(io.millrace.metadata.ConfigResource.BROKER_DEFAULT));
        assertEquals(
                List.of(),
                fresh.controller
                        .activate(BootstrapRecords.of(MetadataVersion.latest(), Map.of()), fresh.context())
                        .records());
    }

    @Test
    void aNewLeaderEndsTheTransactionItsPredecessorLeftOpen() {
        cluster.controller.replay(
                List.of(VersionedRecord.v0(BeginTransactionRecord.builder().build())), new MetadataProvenance(99, 1));
        assertEquals(
                List.of("ABORT_TRANSACTION_RECORD"),
                types(cluster.controller.activate(List.of(), cluster.context()).records()));
    }

    @Test
    void aCleanStopAndStartLosesNothingAndElectsAgain() {
        cluster.create("t", 1, 1);
        int size = cluster.log.size();
        BrokerHeartbeatResponse handingOver = cluster.heartbeat(1, false, true);
        assertFalse(handingOver.shouldShutDown());
        assertEquals(
                List.of("BROKER_REGISTRATION_CHANGE_RECORD", "PARTITION_CHANGE_RECORD"),
                types(cluster.recordsSince(size)));
        PartitionImage silent = cluster.partition("t", 0);
        assertEquals(PartitionImage.NO_LEADER, silent.leader());
        assertEquals(List.of(), silent.isr());
        assertEquals(List.of(1), silent.elr());
        assertEquals(List.of(1), silent.lastKnownElr());
        assertTrue(cluster.heartbeat(1, false, true).shouldShutDown());
        assertTrue(broker(1).isFenced());

        cluster.start(1, null);
        PartitionImage back = cluster.partition("t", 0);
        assertEquals(1, back.leader());
        assertEquals(List.of(1), back.isr());
        assertEquals(List.of(), back.elr());
        assertEquals(List.of(), back.lastKnownElr());
        assertFalse(back.isLeaderRecovering());
        assertEquals(2, back.leaderEpoch());
    }

    @Test
    void anUncleanStopMakesTheLastLeaderLeadAgainAsRecovering() {
        cluster.create("t", 1, 1);
        cluster.nowMs += TestCluster.SESSION_TIMEOUT_MS;
        assertEquals(1, cluster.commit(cluster.controller.fenceExpiredBrokers(cluster.context())));
        assertEquals(List.of(1), cluster.partition("t", 0).elr());

        int size = cluster.log.size();
        assertEquals(
                ErrorCode.NONE.code(),
                cluster.register(cluster.registration(1).build()).errorCode());
        assertEquals(List.of("PARTITION_CHANGE_RECORD", "REGISTER_BROKER_RECORD"), types(cluster.recordsSince(size)));
        PartitionChangeRecord cleared =
                (PartitionChangeRecord) cluster.recordsSince(size).get(0).message();
        assertEquals(
                PartitionChangeRecord.builder()
                        .partitionId(0)
                        .topicId(cleared.topicId())
                        .eligibleLeaderReplicas(List.of())
                        .build(),
                cleared);
        cluster.heartbeat(1, false, false);
        PartitionImage back = cluster.partition("t", 0);
        assertEquals(1, back.leader());
        assertEquals(List.of(1), back.isr());
        assertEquals(List.of(), back.lastKnownElr());
        assertTrue(back.isLeaderRecovering());
    }

    @Test
    void withoutElrTheLastReplicaStaysInSync() {
        TestCluster plain =
                new TestCluster(new SeededRandom(3), Map.of(), Map.of("eligible.leader.replicas.version", (short) 0));
        plain.start(1, null);
        plain.create("t", 1, 1);
        plain.heartbeat(1, true, false);
        assertEquals(PartitionImage.NO_LEADER, plain.partition("t", 0).leader());
        assertEquals(List.of(1), plain.partition("t", 0).isr());
        assertEquals(List.of(), plain.partition("t", 0).elr());
        plain.heartbeat(1, false, false);
        assertEquals(1, plain.partition("t", 0).leader());
        assertFalse(plain.partition("t", 0).isLeaderRecovering());
    }

    @Test
    void aRegistrationIsCheckedBeforeItIsBelieved() {
        assertRegistration(
                ErrorCode.INCONSISTENT_CLUSTER_ID, cluster.registration(2).clusterId("x"));
        assertRegistration(ErrorCode.DUPLICATE_BROKER_REGISTRATION, cluster.registration(1));
        assertRegistration(
                ErrorCode.INVALID_REGISTRATION, cluster.registration(2).logDirs(List.of()));
        Uuid directory = TestCluster.directory(2);
        assertRegistration(
                ErrorCode.INVALID_REGISTRATION, cluster.registration(2).logDirs(List.of(directory, directory)));
        assertRegistration(
                ErrorCode.INVALID_REGISTRATION, cluster.registration(2).logDirs(List.of(new Uuid(0, 2))));
        assertRegistration(
                ErrorCode.INVALID_REGISTRATION, cluster.registration(2).logDirs(List.of(TestCluster.directory(1))));
        assertRegistration(
                ErrorCode.INVALID_REGISTRATION, cluster.registration(2).listeners(List.of()));
        assertRegistration(
                ErrorCode.UNSUPPORTED_VERSION,
                cluster.registration(2)
                        .features(List.of(BrokerRegistrationRequest.Feature.builder()
                                .name("metadata.version")
                                .minSupportedVersion((short) 7)
                                .maxSupportedVersion((short) 20)
                                .build())));
        assertEquals(1, cluster.image().cluster().brokers().size());
    }

    @Test
    void theControllersOwnBrokerNeedNotWaitForItsFormerSession() {
        TestCluster combined = new TestCluster(new SeededRandom(4), Map.of(), Map.of());
        combined.start(100, null);
        combined.create("t", 1, 1);
        Controller next = new Controller(TestCluster.settings(Map.of()), combined.image());
        combined.controller = next;
        combined.commit(next.activate(List.of(), combined.context()));
        assertEquals(
                ErrorCode.NONE.code(),
                combined.register(combined.registration(100).build()).errorCode());
        combined.heartbeat(100, false, false);
        assertEquals(100, combined.partition("t", 0).leader());
    }

    @Test
    void theSameLifeKeepsItsEpoch() {
        BrokerRegistrationRequest request = cluster.registration(2).build();
        long epoch = cluster.register(request).brokerEpoch();
        assertEquals(epoch, cluster.register(request).brokerEpoch());
        assertTrue(cluster.register(cluster.registration(2).build()).brokerEpoch() > epoch);
    }

    @Test
    void aHeartbeatFromAnotherLifeIsRefused() {
        BrokerHeartbeatResponse stale = cluster.heartbeat(
                BrokerHeartbeatRequest.builder().brokerId(1).brokerEpoch(0).build());
        assertEquals(ErrorCode.STALE_BROKER_EPOCH.code(), stale.errorCode());
        assertTrue(stale.isFenced());
        assertEquals(
                ErrorCode.STALE_BROKER_EPOCH.code(),
                cluster.heartbeat(BrokerHeartbeatRequest.builder()
                                .brokerId(9)
                                .brokerEpoch(1)
                                .build())
                        .errorCode());
    }

    @Test
    void aBrokerWakesOnlyOnceItHasReadItsOwnRegistration() {
        long epoch = cluster.register(cluster.registration(2).build()).brokerEpoch();
        BrokerHeartbeatResponse early = cluster.heartbeat(BrokerHeartbeatRequest.builder()
                .brokerId(2)
                .brokerEpoch(epoch)
                .currentMetadataOffset(epoch - 1)
                .build());
        assertTrue(early.isFenced());
        assertFalse(early.isCaughtUp());
        BrokerHeartbeatResponse later = cluster.heartbeat(BrokerHeartbeatRequest.builder()
                .brokerId(2)
                .brokerEpoch(epoch)
                .currentMetadataOffset(epoch)
                .build());
        assertFalse(later.isFenced());
        assertTrue(cluster.image().cluster().isActive(2));
    }

    @Test
    void aSilentBrokerIsFencedWhenItsSessionEndsAndNotBefore() {
        assertEquals(
                cluster.nowMs + TestCluster.SESSION_TIMEOUT_MS,
                cluster.controller.nextSessionExpiryMs().orElseThrow());
        cluster.nowMs += TestCluster.SESSION_TIMEOUT_MS - 1;
        assertEquals(0, cluster.commit(cluster.controller.fenceExpiredBrokers(cluster.context())));
        assertFalse(broker(1).isFenced());
        cluster.nowMs += 1;
        assertEquals(1, cluster.commit(cluster.controller.fenceExpiredBrokers(cluster.context())));
        assertTrue(broker(1).isFenced());
        assertTrue(cluster.controller.nextSessionExpiryMs().isEmpty());
    }

    @Test
    void aLostDirectoryTakesItsReplicasOutOfTheIsr() {
        Uuid first = new Uuid(2000, 1);
        Uuid second = new Uuid(2000, 2);
        cluster.register(cluster.registration(2).logDirs(List.of(first, second)).build());
        cluster.heartbeat(2, false, false);
        cluster.create("t", 4, 2);
        for (int i = 0; i < 4; i++) {
            assertEquals(new Uuid(0, 1), cluster.partition("t", i).directoryOf(2));
            cluster.commit(cluster.controller.assignReplicasToDirs(assign("t", i, i < 2 ? first : second)));
        }
        cluster.heartbeat(BrokerHeartbeatRequest.builder()
                .brokerId(2)
                .brokerEpoch(broker(2).epoch())
                .currentMetadataOffset(cluster.log.size())
                .offlineLogDirs(List.of(first))
                .build());
        assertEquals(List.of(second), broker(2).logDirs());
        for (int i = 0; i < 4; i++) {
            assertEquals(i >= 2, cluster.partition("t", i).isr().contains(2), "partition " + i);
            assertEquals(
                    i < 2 ? 1 : cluster.partition("t", i).leader(),
                    cluster.partition("t", i).leader());
        }
    }

    private AssignReplicasToDirsRequest assign(String topic, int partition, Uuid directory) {
        var image = cluster.image().topics().topic(topic);
        if (image == null) throw new AssertionError(topic);
        return AssignReplicasToDirsRequest.builder()
                .brokerId(2)
                .brokerEpoch(broker(2).epoch())
                .directories(List.of(AssignReplicasToDirsRequest.DirectoryData.builder()
                        .id(directory)
                        .topics(List.of(AssignReplicasToDirsRequest.TopicData.builder()
                                .topicId(image.id())
                                .partitions(List.of(AssignReplicasToDirsRequest.PartitionData.builder()
                                        .partitionIndex(partition)
                                        .build()))
                                .build()))
                        .build()))
                .build();
    }

    @Test
    void anUnregisteredBrokerIsForgotten() {
        var unknown = cluster.commit(cluster.controller.unregisterBroker(
                UnregisterBrokerRequest.builder().brokerId(9).build()));
        assertEquals(ErrorCode.BROKER_ID_NOT_REGISTERED.code(), unknown.errorCode());
        assertEquals("Broker ID 9 is not currently registered", unknown.errorMessage());
        cluster.start(2, null);
        cluster.commit(cluster.controller.unregisterBroker(
                UnregisterBrokerRequest.builder().brokerId(2).build()));
        assertEquals(1, cluster.image().cluster().brokers().size());
    }

    @Test
    void producerIdsComeInBlocksThatDoNotOverlap() {
        AllocateProducerIdsRequest request = AllocateProducerIdsRequest.builder()
                .brokerId(1)
                .brokerEpoch(broker(1).epoch())
                .build();
        for (long first : List.of(0L, 1000L, 2000L)) {
            var response = cluster.commit(cluster.controller.allocateProducerIds(request));
            assertEquals(first, response.producerIdStart());
            assertEquals(1000, response.producerIdLen());
        }
        assertEquals(
                ErrorCode.STALE_BROKER_EPOCH.code(),
                cluster.commit(cluster.controller.allocateProducerIds(
                                request.toBuilder().brokerEpoch(99).build()))
                        .errorCode());
    }

    @Test
    void featureLevelsChangeOnlyWhereKafkaLetsThem() {
        assertEquals(
                "INVALID_UPDATE_VERSION The update failed for all features since the following feature had an error: Invalid"
                        + " update version 1 for feature foo. Local controller 100 does not support this feature.",
                update("foo", 1, 1));
        assertEquals(
                "INVALID_UPDATE_VERSION The update failed for all features since the following feature had an error: Invalid"
                        + " update version 34 for feature metadata.version. Local controller 100 only supports versions 7-33",
                update("metadata.version", 34, 1));
        assertEquals(
                "INVALID_UPDATE_VERSION The update failed for all features since the following feature had an error: Invalid"
                        + " update version 30 for feature metadata.version. Can't downgrade the version of this feature without"
                        + " setting the upgrade type to either safe or unsafe downgrade.",
                update("metadata.version", 30, 1));
        assertEquals(
                "INVALID_UPDATE_VERSION The update failed for all features since the following feature had an error:"
                        + " Unsupported metadata.version downgrade from 33 to 32. Refusing to perform the requested downgrade"
                        + " because it might delete metadata information.",
                update("metadata.version", 32, 2));
        assertEquals(
                "INVALID_UPDATE_VERSION The update failed for all features since the following feature had an error: Invalid"
                        + " update version -1 for feature group.version. A feature version cannot be less than 0.",
                update("group.version", -1, 2));
        assertEquals(
                "INVALID_UPDATE_VERSION The update failed for all features since the following feature had an error: Invalid"
                        + " update version 0 for feature kraft.version. Can't downgrade the version of this feature.",
                update("kraft.version", 0, 2));
        assertEquals("NONE null", update("kraft.version", 1, 1));
        assertEquals("NONE null", update("transaction.version", 1, 2));
        assertEquals(1, cluster.image().features().level("transaction.version"));
    }

    private String update(String feature, int level, int type) {
        var response = cluster.commit(cluster.controller.updateFeatures(
                UpdateFeaturesRequest.builder()
                        .featureUpdates(List.of(UpdateFeaturesRequest.FeatureUpdateKey.builder()
                                .feature(feature)
                                .maxVersionLevel((short) level)
                                .upgradeType((byte) type)
                                .build()))
                        .build(),
                2,
                1));
        return ErrorCode.forCode(response.errorCode()) + " " + response.errorMessage();
    }

    private void assertRegistration(ErrorCode error, BrokerRegistrationRequest.Builder request) {
        var response = cluster.register(request.build());
        assertEquals(error, ErrorCode.forCode(response.errorCode()));
        assertEquals(-1, response.brokerEpoch());
    }

    private BrokerImage broker(int id) {
        MetadataImage image = cluster.image();
        BrokerImage broker = image.cluster().broker(id);
        if (broker == null) throw new AssertionError("broker " + id + " is not there");
        return broker;
    }

    private static List<String> types(List<VersionedRecord> records) {
        return records.stream()
                .map(record -> record.message().recordType().name())
                .toList();
    }
}
