package io.millrace.server.controller;

import io.millrace.environment.Disk;
import io.millrace.metadata.Feature;
import io.millrace.metadata.MetadataVersion;
import io.millrace.protocol.MalformedMessage;
import io.millrace.protocol.MetadataRecordFrame;
import io.millrace.protocol.messages.FeatureLevelRecord;
import io.millrace.protocol.messages.MetadataRecordType;
import io.millrace.raft.run.StoredMetadata;
import io.millrace.server.config.BadConfig;
import io.millrace.server.config.ServerConfig;
import io.millrace.storage.CorruptLog;
import io.millrace.storage.MetaProperties;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Whether a node's directories are of versions this program knows, found out before anything is written, locked or renamed
 * in them: a directory that a newer program left is refused as it is.
 *
 * <p>A feature's level counts as it stands at the end of the log, so that a cluster whose newer program has lowered it is
 * taken. Every record that would be replayed has to be of a known type and version.
 */
public final class KnownMetadata {
    private static final String NOTHING_CHANGED = "; nothing was changed";

    private KnownMetadata() {}

    /**
     * Looks. Blocks; costs a read of the metadata log behind its latest snapshot.
     *
     * @throws BadConfig if a version is unknown; one sentence, with what was found, what is known and what to do
     * @throws CorruptLog if something that would be replayed cannot be read
     * @throws IOException if the disk of the metadata log fails
     */
    public static void require(Disk disk, ServerConfig config) throws IOException {
        Set<Path> directories = new LinkedHashSet<>(config.logDirs());
        directories.add(config.metadataLogDir());
        for (Path directory : directories) {
            try {
                MetaProperties.read(disk, directory);
            } catch (MetaProperties.UnknownVersion unknown) {
                throw new BadConfig(String.valueOf(unknown.getMessage()));
            } catch (CorruptLog damaged) {
                if (directory.equals(config.metadataLogDir())) throw damaged;
            } catch (IOException failed) {
                // A disk that fails costs its directory only: whoever takes the directories into use finds it again and
                // says so.
                if (directory.equals(config.metadataLogDir())) return;
            }
        }
        Levels levels = new Levels();
        StoredMetadata.visit(disk, config.metadataLogDir(), levels);
        levels.requireKnown();
    }

    /** What the log says of levels, the last word of each feature. */
    private static final class Levels implements StoredMetadata.Visitor {
        private record Level(Path file, short level) {}

        private final Map<String, Level> byFeature = new TreeMap<>();

        @Override
        public void record(Path file, ByteBuffer value) {
            try {
                MetadataRecordFrame.Head head = MetadataRecordFrame.head(value);
                if (!head.isKnown()) throw new BadConfig(sentence(file, head));
                if (head.recordType() != MetadataRecordType.FEATURE_LEVEL_RECORD.id()) return;
                FeatureLevelRecord record =
                        (FeatureLevelRecord) MetadataRecordFrame.read(value).record();
                byFeature.put(record.name(), new Level(file, record.featureLevel()));
            } catch (MalformedMessage malformed) {
                throw new CorruptLog(file, 0, "a record of the metadata log: " + malformed.getMessage());
            }
        }

        @Override
        public void kraftVersion(Path file, short level) {
            byFeature.put(Feature.KRAFT_VERSION.featureName(), new Level(file, level));
        }

        void requireKnown() {
            byFeature.forEach((name, last) -> {
                Feature feature = Feature.named(name).orElse(null);
                if (feature == null) {
                    if (last.level() != 0) throw new BadConfig(ofUnknownFeature(name, last));
                } else if (last.level() != 0
                        && (last.level() < feature.minLevel() || last.level() > feature.maxLevel())) {
                    throw new BadConfig(ofUnknownLevel(feature, last));
                }
            });
        }

        private static String ofUnknownFeature(String name, Level last) {
            return last.file() + " has the feature " + name + " at level " + last.level()
                    + ", and known here are only " + knownFeatures()
                    + ": start the newer program that turned it on, or turn it off there first (kafka-features.sh disable --feature "
                    + name + ")" + NOTHING_CHANGED;
        }

        private static String knownFeatures() {
            Set<String> names = new LinkedHashSet<>();
            for (Feature feature : Feature.values()) names.add(feature.featureName());
            return String.join(", ", names);
        }

        private static String ofUnknownLevel(Feature feature, Level last) {
            String known = feature.minLevel() + " to " + feature.maxLevel();
            if (feature == Feature.METADATA_VERSION)
                known += " (" + MetadataVersion.lowest() + " to " + MetadataVersion.latest() + ")";
            String found = last.file() + " has " + feature.featureName() + " " + last.level()
                    + ", and known here are the levels " + known;
            return last.level() > feature.maxLevel()
                    ? found + ": start the newer program that raised it, or lower it there first (kafka-features.sh"
                            + " downgrade --feature " + feature.featureName() + "=" + feature.maxLevel() + ")"
                            + NOTHING_CHANGED
                    : found + ": start the older program that wrote it, and raise it there first" + NOTHING_CHANGED;
        }

        private static String sentence(Path file, MetadataRecordFrame.Head head) {
            String found;
            if (head.frameVersion() != 1) {
                found = "a metadata record of frame version " + head.frameVersion() + ", and known here is 1 only";
            } else {
                found = MetadataRecordType.forId(head.recordType())
                        .map(type -> "a " + type + " of version " + head.recordVersion()
                                + ", and known here are its versions " + type.lowestSupportedVersion() + " to "
                                + type.highestSupportedVersion())
                        .orElseGet(() -> "a metadata record of type " + head.recordType()
                                + ", and the newest type known here is " + newestType());
            }
            return file + " holds " + found + ", those up to metadata.version "
                    + MetadataVersion.latest().level() + " (" + MetadataVersion.latest()
                    + "): start the newer program that wrote it" + NOTHING_CHANGED;
        }

        private static int newestType() {
            int newest = 0;
            for (MetadataRecordType type : MetadataRecordType.values()) newest = Math.max(newest, type.id());
            return newest;
        }
    }
}
