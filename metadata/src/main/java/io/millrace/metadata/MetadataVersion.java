package io.millrace.metadata;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The levels of the feature {@code metadata.version} that a 4.4.0 node can run at: which records there are, and in which versions (KIP-584, KIP-778). */
public enum MetadataVersion {
    IBP_3_3_IV3(7, "3.3", 3),
    IBP_3_4_IV0(8, "3.4", 0),
    IBP_3_5_IV0(9, "3.5", 0),
    IBP_3_5_IV1(10, "3.5", 1),
    /** SCRAM credentials. */
    IBP_3_5_IV2(11, "3.5", 2),
    /** The leader epoch stays when the ISR shrinks. */
    IBP_3_6_IV0(12, "3.6", 0),
    /** Transactions in the metadata log. */
    IBP_3_6_IV1(13, "3.6", 1),
    /** Delegation tokens. */
    IBP_3_6_IV2(14, "3.6", 2),
    /** Controllers register themselves. */
    IBP_3_7_IV0(15, "3.7", 0),
    IBP_3_7_IV1(16, "3.7", 1),
    /** Directory ids (KIP-858). */
    IBP_3_7_IV2(17, "3.7", 2),
    IBP_3_7_IV3(18, "3.7", 3),
    IBP_3_7_IV4(19, "3.7", 4),
    IBP_3_8_IV0(20, "3.8", 0),
    IBP_3_9_IV0(21, "3.9", 0),
    IBP_4_0_IV0(22, "4.0", 0),
    /** Eligible leader replicas in the records (KIP-966). */
    IBP_4_0_IV1(23, "4.0", 1),
    IBP_4_0_IV2(24, "4.0", 2),
    IBP_4_0_IV3(25, "4.0", 3),
    IBP_4_1_IV0(26, "4.1", 0),
    IBP_4_1_IV1(27, "4.1", 1),
    IBP_4_2_IV0(28, "4.2", 0),
    IBP_4_2_IV1(29, "4.2", 1),
    /** Cordoned log directories (KIP-1066). */
    IBP_4_3_IV0(30, "4.3", 0),
    IBP_4_4_IV0(31, "4.4", 0),
    IBP_4_4_IV1(32, "4.4", 1),
    /** Controllers unregister. */
    IBP_4_4_IV2(33, "4.4", 2);

    /** The feature's name. */
    public static final String FEATURE_NAME = "metadata.version";

    private static final MetadataVersion[] ALL = values();

    private final short level;
    private final String release;
    private final int iteration;

    MetadataVersion(int level, String release, int iteration) {
        this.level = (short) level;
        this.release = release;
        this.iteration = iteration;
    }

    /** The oldest. */
    public static MetadataVersion lowest() {
        return ALL[0];
    }

    /** The newest, which a fresh 4.4.0 cluster runs at. */
    public static MetadataVersion latest() {
        return ALL[ALL.length - 1];
    }

    /** The version at a feature level, from 7 to 33; empty outside. */
    public static Optional<MetadataVersion> atLevel(int level) {
        for (MetadataVersion version : ALL) if (version.level == level) return Optional.of(version);
        return Optional.empty();
    }

    /**
     * The version a text names: an exact one ({@code 4.0-IV3}), or a release ({@code 4.0}, {@code 4.0.1}), which stands for its last.
     *
     * @return empty if no version is called that
     */
    public static Optional<MetadataVersion> named(String text) {
        String[] parts = text.split("\\.", -1);
        String release = parts.length == 3 && parts[2].chars().allMatch(Character::isDigit) && !parts[2].isEmpty()
                ? parts[0] + "." + parts[1]
                : text;
        for (int i = ALL.length - 1; i >= 0; i--) {
            if (ALL[i].toString().equals(text) || ALL[i].release.equals(release)) return Optional.of(ALL[i]);
        }
        return Optional.empty();
    }

    /** The names of all, oldest first, for a message. */
    public static String names() {
        List<String> names = new ArrayList<>();
        for (MetadataVersion version : ALL) names.add(version.toString());
        return String.join(", ", names);
    }

    /** The feature level, from 7 to 33. */
    public short level() {
        return level;
    }

    /** The release it came with, such as {@code 4.4}. */
    public String release() {
        return release;
    }

    /** Whether this is {@code other} or newer. */
    public boolean isAtLeast(MetadataVersion other) {
        return compareTo(other) >= 0;
    }

    /** Versions that brought records, or fields of records, an older one does not know. */
    private boolean changedMetadata() {
        return switch (this) {
            case IBP_3_3_IV3,
                    IBP_3_4_IV0,
                    IBP_3_5_IV2,
                    IBP_3_6_IV1,
                    IBP_3_6_IV2,
                    IBP_3_7_IV0,
                    IBP_3_7_IV2,
                    IBP_4_0_IV1,
                    IBP_4_3_IV0,
                    IBP_4_4_IV1,
                    IBP_4_4_IV2 -> true;
            default -> false;
        };
    }

    /** Whether metadata written at this version may hold something that {@code older} does not know. */
    public boolean hasOtherMetadataThan(MetadataVersion older) {
        for (MetadataVersion version : ALL)
            if (version.isAtLeast(older) && version != older && isAtLeast(version) && version.changedMetadata())
                return true;
        return false;
    }

    /** Whether partitions and brokers have directory ids. */
    public boolean hasDirectories() {
        return isAtLeast(IBP_3_7_IV2);
    }

    /** Whether partitions may have eligible leader replicas. */
    public boolean hasElr() {
        return isAtLeast(IBP_4_0_IV1);
    }

    /** Whether brokers may cordon log directories. */
    public boolean hasCordonedDirectories() {
        return isAtLeast(IBP_4_3_IV0);
    }

    /** Whether users may have SCRAM credentials. */
    public boolean hasScram() {
        return isAtLeast(IBP_3_5_IV2);
    }

    /** Whether records may come in transactions. */
    public boolean hasTransactions() {
        return isAtLeast(IBP_3_6_IV1);
    }

    /** Whether controllers have registrations. */
    public boolean hasControllerRegistrations() {
        return isAtLeast(IBP_3_7_IV0);
    }

    /** Whether a partition needs a new leader epoch when its ISR shrinks and its leader stays. */
    public boolean bumpsLeaderEpochOnIsrShrink() {
        return compareTo(IBP_3_6_IV0) < 0;
    }

    /** The version of RegisterBrokerRecord to write. */
    public int registerBrokerRecordVersion() {
        if (hasCordonedDirectories()) return 4;
        if (hasDirectories()) return 3;
        return isAtLeast(IBP_3_4_IV0) ? 2 : 1;
    }

    /** The version of PartitionRecord and PartitionChangeRecord to write. */
    public int partitionRecordVersion() {
        if (hasElr()) return 2;
        return hasDirectories() ? 1 : 0;
    }

    /** Such as {@code 4.4-IV2}. */
    @Override
    public String toString() {
        return release + "-IV" + iteration;
    }
}
