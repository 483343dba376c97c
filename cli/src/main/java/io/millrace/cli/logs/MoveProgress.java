package io.millrace.cli.logs;

import io.millrace.client.LogDirListing;
import io.millrace.records.TopicPartition;
import java.util.List;
import java.util.Optional;

/**
 * How the move of a replica to another log directory stands.
 *
 * @param to the wanted directory
 * @param at the directory that the replica is in; empty if it is in none that can be used
 * @param replica the replica there
 * @param copy the copy that is being made in the wanted directory
 */
record MoveProgress(
        TopicPartition partition,
        String to,
        Optional<String> at,
        Optional<LogDirListing.Replica> replica,
        Optional<LogDirListing.Replica> copy) {
    static MoveProgress of(List<LogDirListing> directories, TopicPartition partition, String to) {
        Optional<String> at = Optional.empty();
        Optional<LogDirListing.Replica> replica = Optional.empty();
        Optional<LogDirListing.Replica> copy = Optional.empty();
        for (LogDirListing directory : directories) {
            if (directory.replicaOf(partition).isPresent()) {
                at = Optional.of(directory.path());
                replica = directory.replicaOf(partition);
            }
            if (directory.path().equals(to)) copy = directory.copyOf(partition);
        }
        return new MoveProgress(partition, to, at, replica, copy);
    }

    boolean isUnderWay() {
        return copy.isPresent();
    }

    boolean isDone() {
        return !isUnderWay() && at.equals(Optional.of(to));
    }

    String sentence() {
        if (copy.isPresent())
            return partition + ": " + copy.get().sizeBytes() + " of "
                    + replica.map(LogDirListing.Replica::sizeBytes).orElse(0L) + " bytes, "
                    + copy.get().offsetLag() + " offsets behind";
        return partition + ": in " + at.orElse("no directory");
    }
}
