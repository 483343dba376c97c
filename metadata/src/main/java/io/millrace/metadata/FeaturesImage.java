package io.millrace.metadata;

import io.millrace.protocol.messages.FeatureLevelRecord;
import io.millrace.protocol.messages.ZkMigrationStateRecord;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * The levels the cluster agreed on.
 *
 * @param levels            levels above 0, by name, {@code metadata.version} included once it is known
 * @param zkMigrationState  what the last ZkMigrationStateRecord said, 0 if there was none; kept because logs from before 4.0 hold it
 */
public record FeaturesImage(SortedMap<String, Short> levels, byte zkMigrationState) {
    static final FeaturesImage EMPTY = new FeaturesImage(Collections.emptySortedMap(), (byte) 0);

    /** The level of a feature; 0 if it is off. */
    public short level(String feature) {
        return levels.getOrDefault(feature, (short) 0);
    }

    /** The level of a feature; 0 if it is off. */
    public short level(Feature feature) {
        return level(feature.featureName());
    }

    /** The metadata version; the oldest there is while no record has said it. */
    public MetadataVersion metadataVersion() {
        short level = level(MetadataVersion.FEATURE_NAME);
        if (level == 0) return MetadataVersion.lowest();
        return MetadataVersion.atLevel(level)
                .orElseThrow(() -> new IllegalStateException("the metadata log has metadata.version " + level
                        + ", this version knows " + MetadataVersion.lowest().level() + " to "
                        + MetadataVersion.latest().level()));
    }

    /** Whether eligible leader replicas are on. */
    public boolean isElrEnabled() {
        return level(Feature.ELR_VERSION) > 0 && metadataVersion().hasElr();
    }

    FeaturesImage with(FeatureLevelRecord record) {
        SortedMap<String, Short> changed = new TreeMap<>(levels);
        if (record.featureLevel() == 0) changed.remove(record.name());
        else changed.put(record.name(), record.featureLevel());
        return new FeaturesImage(Collections.unmodifiableSortedMap(changed), zkMigrationState);
    }

    FeaturesImage withZkMigrationState(byte state) {
        return new FeaturesImage(levels, state);
    }

    void writeTo(Consumer<VersionedRecord> out) {
        if (levels.containsKey(MetadataVersion.FEATURE_NAME)) out.accept(record(MetadataVersion.FEATURE_NAME));
        for (String name : levels.keySet()) if (!name.equals(MetadataVersion.FEATURE_NAME)) out.accept(record(name));
        if (zkMigrationState != 0)
            out.accept(VersionedRecord.v0(ZkMigrationStateRecord.builder()
                    .zkMigrationState(zkMigrationState)
                    .build()));
    }

    private VersionedRecord record(String name) {
        return VersionedRecord.v0(FeatureLevelRecord.builder()
                .name(name)
                .featureLevel(level(name))
                .build());
    }
}
