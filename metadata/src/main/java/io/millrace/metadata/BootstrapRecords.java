package io.millrace.metadata;

import io.millrace.protocol.messages.FeatureLevelRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** The records a new cluster starts from: what formatting writes into the first snapshot. */
public final class BootstrapRecords {
    private BootstrapRecords() {}

    /** The levels cannot be combined, or are not supported; the message says which. */
    public static final class BadFeatureLevel extends IllegalArgumentException {
        private static final long serialVersionUID = 1;

        BadFeatureLevel(String message) {
            super(message);
        }
    }

    /**
     * The feature levels of a new cluster, {@code metadata.version} first, the others by name.
     *
     * @param metadataVersion the metadata version, as {@code --release-version} gives it; {@link MetadataVersion#latest()} if nobody says
     * @param levels          levels that somebody asked for by name ({@code --feature}); the others follow from the metadata version. {@code kraft.version} is no
     *                        record of the metadata log and is left out
     * @throws BadFeatureLevel if a level is unknown, not supported, or needs a newer metadata version
     */
    public static List<VersionedRecord> of(MetadataVersion metadataVersion, Map<String, Short> levels) {
        SortedMap<String, Short> chosen = new TreeMap<>();
        for (Feature feature : Feature.values())
            if (feature != Feature.METADATA_VERSION)
                chosen.put(feature.featureName(), feature.defaultLevel(metadataVersion));
        MetadataVersion version = metadataVersion;
        for (Map.Entry<String, Short> asked : new TreeMap<>(levels).entrySet()) {
            checkSupported(asked.getKey(), asked.getValue());
            if (asked.getKey().equals(MetadataVersion.FEATURE_NAME))
                version = MetadataVersion.atLevel(asked.getValue()).orElseThrow();
            else chosen.put(asked.getKey(), asked.getValue());
        }
        chosen.remove(Feature.KRAFT_VERSION.featureName());
        List<VersionedRecord> records = new ArrayList<>();
        records.add(level(MetadataVersion.FEATURE_NAME, version.level()));
        for (Map.Entry<String, Short> feature : chosen.entrySet()) {
            checkCombination(feature.getKey(), feature.getValue(), version);
            if (feature.getValue() > 0) records.add(level(feature.getKey(), feature.getValue()));
        }
        return records;
    }

    private static void checkSupported(String name, short level) {
        Feature feature = Feature.named(name).orElseThrow(() -> new BadFeatureLevel("Unsupported feature: " + name));
        if (level < feature.minLevel() || level > feature.maxLevel())
            throw new BadFeatureLevel("No feature:" + name + " with feature level " + level + "; it has levels "
                    + feature.minLevel() + " to " + feature.maxLevel());
    }

    private static void checkCombination(String name, short level, MetadataVersion version) {
        MetadataVersion required = Feature.named(name).orElseThrow().requiredMetadataVersion(level);
        if (!version.isAtLeast(required))
            throw new BadFeatureLevel(name + " could not be set to " + level
                    + " because it depends on metadata.version level " + required.level());
    }

    private static VersionedRecord level(String name, short level) {
        return VersionedRecord.v0(
                FeatureLevelRecord.builder().name(name).featureLevel(level).build());
    }
}
