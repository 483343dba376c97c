package io.millrace.metadata;

import java.util.Optional;

/** A feature whose level the cluster agrees on (KIP-584, KIP-1022): the levels a 4.4.0 node supports and the level a release starts a cluster with. */
public enum Feature {
    METADATA_VERSION(MetadataVersion.FEATURE_NAME, 7, 33),
    /** Whether the set of voters can change (KIP-853); it is kept in the quorum's own control records. */
    KRAFT_VERSION("kraft.version", 0, 1),
    /** 1 flexible records, 2 stronger producer fencing (KIP-890). */
    TRANSACTION_VERSION("transaction.version", 0, 2),
    /** 1 the consumer protocol (KIP-848). */
    GROUP_VERSION("group.version", 0, 1),
    /** 1 eligible leader replicas (KIP-966). */
    ELR_VERSION("eligible.leader.replicas.version", 0, 1),
    /** 1 share groups (KIP-932), 2 their dead letter queues. */
    SHARE_VERSION("share.version", 0, 2),
    /** 1 streams groups (KIP-1071). */
    STREAMS_VERSION("streams.version", 0, 1);

    private final String featureName;
    private final short minLevel;
    private final short maxLevel;

    Feature(String featureName, int minLevel, int maxLevel) {
        this.featureName = featureName;
        this.minLevel = (short) minLevel;
        this.maxLevel = (short) maxLevel;
    }

    /** The feature of this name, if this version knows it. */
    public static Optional<Feature> named(String name) {
        for (Feature feature : values()) if (feature.featureName.equals(name)) return Optional.of(feature);
        return Optional.empty();
    }

    /** The name on the wire. */
    public String featureName() {
        return featureName;
    }

    /** The lowest level supported; 0 means the feature is off. */
    public short minLevel() {
        return minLevel;
    }

    /** The highest level supported. */
    public short maxLevel() {
        return maxLevel;
    }

    /** The level a new cluster of that metadata version has if nobody says otherwise. */
    public short defaultLevel(MetadataVersion metadataVersion) {
        return switch (this) {
            case METADATA_VERSION -> metadataVersion.level();
            case KRAFT_VERSION -> level(metadataVersion.isAtLeast(MetadataVersion.IBP_3_9_IV0), 1);
            case TRANSACTION_VERSION -> level(metadataVersion.isAtLeast(MetadataVersion.IBP_4_0_IV2), 2);
            case GROUP_VERSION -> level(metadataVersion.isAtLeast(MetadataVersion.IBP_4_0_IV0), 1);
            case ELR_VERSION -> level(metadataVersion.isAtLeast(MetadataVersion.IBP_4_1_IV0), 1);
            case SHARE_VERSION ->
                level(
                        metadataVersion.isAtLeast(MetadataVersion.IBP_4_2_IV0),
                        metadataVersion.isAtLeast(MetadataVersion.IBP_4_4_IV0) ? 2 : 1);
            case STREAMS_VERSION -> level(metadataVersion.isAtLeast(MetadataVersion.IBP_4_2_IV1), 1);
        };
    }

    private static short level(boolean isOn, int level) {
        return (short) (isOn ? level : 0);
    }

    /** The oldest metadata version the level can be combined with. */
    public MetadataVersion requiredMetadataVersion(int level) {
        return this == ELR_VERSION && level > 0 ? MetadataVersion.IBP_4_0_IV1 : MetadataVersion.lowest();
    }
}
