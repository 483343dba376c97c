package io.millrace.server.format;

import io.millrace.storage.MetaProperties;
import java.nio.file.Path;
import java.util.List;

/**
 * What formatting did.
 *
 * @param formatted directories that are formatted now, in order
 * @param alreadyFormatted directories that were so before, for the same node
 */
public record FormatReport(List<Formatted> formatted, List<Path> alreadyFormatted) {
    /**
     * A directory.
     *
     * @param kind in words, such as {@code metadata directory}
     */
    public record Formatted(Path directory, String kind, MetaProperties properties) {}
}
