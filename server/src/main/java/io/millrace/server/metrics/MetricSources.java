package io.millrace.server.metrics;

import io.millrace.environment.Lane;
import io.millrace.server.fetch.FetchSessions;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.storage.CompactionNumbers;
import io.millrace.server.storage.LogDirectories;
import java.util.Optional;

/**
 * Where the numbers are that a lane's partitions, groups and connections do not keep themselves. Asked on the lane in
 * question; what is not there is left out of the text.
 */
public interface MetricSources {
    /** Says nothing. */
    MetricSources NONE = new MetricSources() {};

    /** The fetch sessions of a lane's connections. */
    default Optional<FetchSessions> fetchSessions(BrokerLane lane) {
        return Optional.empty();
    }

    /** What a lane's compactions have done. */
    default Optional<CompactionNumbers> compactions(BrokerLane lane) {
        return Optional.empty();
    }

    /** The node's log directories; asked on any thread. */
    default Optional<LogDirectories> logDirectories() {
        return Optional.empty();
    }

    /** How busy a lane's thread is. */
    default Optional<LaneLoad> load(Lane lane) {
        return Optional.empty();
    }
}
