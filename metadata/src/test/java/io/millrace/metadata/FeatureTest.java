package io.millrace.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Levels against Kafka's own classes of the same version. */
class FeatureTest {
    private static org.apache.kafka.server.common.MetadataVersion official(MetadataVersion version) {
        return org.apache.kafka.server.common.MetadataVersion.fromFeatureLevel(version.level());
    }

    @Test
    void metadataVersionsAreThoseOfKafka() {
        assertEquals(7, MetadataVersion.lowest().level());
        assertEquals(33, MetadataVersion.latest().level());
        for (MetadataVersion version : MetadataVersion.values()) {
            var expected = official(version);
            assertEquals(expected.toString(), version.toString());
            assertEquals(expected.shortVersion(), version.release());
            assertEquals(expected.registerBrokerRecordVersion(), version.registerBrokerRecordVersion());
            assertEquals(expected.partitionRecordVersion(), version.partitionRecordVersion());
            assertEquals(expected.partitionChangeRecordVersion(), version.partitionRecordVersion());
            assertEquals(expected.isElrSupported(), version.hasElr());
            assertEquals(expected.isDirectoryAssignmentSupported(), version.hasDirectories());
            assertEquals(expected.isCordonedLogDirsSupported(), version.hasCordonedDirectories());
            assertEquals(expected.isMetadataTransactionSupported(), version.hasTransactions());
            assertEquals(expected.isControllerRegistrationSupported(), version.hasControllerRegistrations());
            assertEquals(expected.isLeaderEpochBumpRequiredOnIsrShrink(), version.bumpsLeaderEpochOnIsrShrink());
            for (MetadataVersion older : MetadataVersion.values())
                if (version.isAtLeast(older))
                    assertEquals(
                            org.apache.kafka.server.common.MetadataVersion.checkIfMetadataChanged(
                                    expected, official(older)),
                            version.hasOtherMetadataThan(older),
                            version + " to " + older);
        }
    }

    @Test
    void aReleaseNamesItsLastVersion() {
        for (String name : List.of("3.3", "3.9", "3.9.1", "4.0", "4.0-IV0", "4.4", "4.4.0", "3.5-IV1"))
            assertEquals(
                    org.apache.kafka.server.common.MetadataVersion.fromVersionString(name, true)
                            .toString(),
                    MetadataVersion.named(name).orElseThrow().toString());
        for (String name : List.of("2.8", "foo", "", "4.4-IV9", "4.4.x"))
            assertEquals(Optional.empty(), MetadataVersion.named(name), name);
    }

    @Test
    void featureLevelsAreThoseOfKafka() {
        for (Feature feature : Feature.values()) {
            if (feature == Feature.METADATA_VERSION) continue;
            var expected = org.apache.kafka.server.common.Feature.featureFromName(feature.featureName());
            assertEquals(expected.latestProduction(), feature.maxLevel());
            for (MetadataVersion version : MetadataVersion.values())
                assertEquals(
                        expected.defaultLevel(official(version)),
                        feature.defaultLevel(version),
                        feature + " at " + version);
        }
    }

    @Test
    void aNewClusterStartsWithTheLevelsThatKafkasFormatWrites() {
        assertEquals(
                List.of(
                        "metadata.version=33",
                        "eligible.leader.replicas.version=1",
                        "group.version=1",
                        "share.version=2",
                        "streams.version=1",
                        "transaction.version=2"),
                levels(BootstrapRecords.of(MetadataVersion.latest(), Map.of())));
        assertEquals(
                List.of("metadata.version=21"), levels(BootstrapRecords.of(MetadataVersion.IBP_3_9_IV0, Map.of())));
        assertEquals(
                List.of(
                        "metadata.version=33",
                        "group.version=1",
                        "share.version=1",
                        "streams.version=1",
                        "transaction.version=2"),
                levels(BootstrapRecords.of(
                        MetadataVersion.latest(),
                        Map.of("eligible.leader.replicas.version", (short) 0, "share.version", (short) 1))));
    }

    @Test
    void levelsThatDoNotGoTogetherAreRefusedByName() {
        var tooHigh = assertThrows(
                BootstrapRecords.BadFeatureLevel.class,
                () -> BootstrapRecords.of(MetadataVersion.latest(), Map.of("group.version", (short) 9)));
        assertTrue(String.valueOf(tooHigh.getMessage()).contains("group.version"));
        var dependent = assertThrows(
                BootstrapRecords.BadFeatureLevel.class,
                () -> BootstrapRecords.of(
                        MetadataVersion.IBP_3_9_IV0, Map.of("eligible.leader.replicas.version", (short) 1)));
        assertTrue(String.valueOf(dependent.getMessage()).contains("metadata.version level 23"));
        assertThrows(
                BootstrapRecords.BadFeatureLevel.class,
                () -> BootstrapRecords.of(MetadataVersion.latest(), Map.of("no.such.feature", (short) 1)));
    }

    private static List<String> levels(List<VersionedRecord> records) {
        return records.stream()
                .map(record -> (io.millrace.protocol.messages.FeatureLevelRecord) record.message())
                .map(record -> record.name() + "=" + record.featureLevel())
                .toList();
    }
}
