package io.millrace.server.format;

import io.millrace.metadata.MetadataVersion;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What is to be formatted, and how.
 *
 * @param clusterId id of the cluster, the same on all its nodes
 * @param nodeId id of this node, from 0
 * @param isController whether it has the controller role; only then a metadata snapshot is written
 * @param directories its log directories, at least one
 * @param metadataLogDirectory the one that holds the metadata log; it is formatted too if it is not among them
 * @param quorum who votes at first
 * @param metadataVersion decides the levels of all features that are not named
 * @param features levels asked for by name
 * @param ignoreFormatted pass over directories that are formatted already, instead of refusing
 */
public record FormatPlan(
        String clusterId,
        int nodeId,
        boolean isController,
        List<Path> directories,
        Path metadataLogDirectory,
        InitialQuorum quorum,
        MetadataVersion metadataVersion,
        Map<String, Short> features,
        boolean ignoreFormatted) {
    /** Checks the ids. */
    public FormatPlan {
        directories = List.copyOf(directories);
        features = Map.copyOf(features);
        if (clusterId.isBlank()) throw new FormatRefused("the cluster id is empty");
        if (nodeId < 0) throw new FormatRefused("node id " + nodeId + " is negative");
        if (directories.isEmpty()) throw new FormatRefused("there is no log directory to format");
    }
}
