package io.millrace.server.metrics;

import io.millrace.connection.CloseReason;
import io.millrace.connection.ConversationCounters;
import io.millrace.coordinators.group.run.GroupShard;
import io.millrace.replication.run.ForceNumbers;
import io.millrace.server.fetch.FetchSessions;
import io.millrace.server.network.LaneNetwork;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.partitions.LaneFollowers;
import io.millrace.server.storage.CompactionNumbers;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What one lane says of itself at one moment: copies, so that they can be added up elsewhere.
 *
 * @param closed connections that ended, by reason
 * @param fetchSessions sessions, and the partitions they follow; null if not known
 * @param compactions null if not known
 * @param load null if not known
 */
record LaneNumbers(
        String lane,
        Requests requests,
        ConversationCounters.Snapshot connections,
        Map<CloseReason.Kind, Long> closed,
        Appends appends,
        ForceNumbers forces,
        Conversions conversions,
        TopicSums topics,
        InSync inSync,
        Followed followed,
        Throttled throttled,
        long partitionsOffline,
        Groups groups,
        @Nullable Sessions fetchSessions,
        @Nullable CompactionNumbers compactions,
        @Nullable Load load) {

    /** By the code of the API. */
    record Requests(List<Long> counts, List<Long> totalNanos, long failed) {}

    record Appends(
            long bytes,
            long batches,
            long recompressed,
            long recompressedFrom,
            long recompressedTo,
            long withoutSpace) {}

    /** Of old formats, for fetches. */
    record Conversions(long answers, long records, long bytes) {}

    /** Changes of in-sync sets of partitions led here. */
    record InSync(long expansions, long shrinkings, long refusals) {}

    /** Partitions that follow a leader elsewhere. */
    record Followed(long partitions, long leaderless, long mostLag, long sizeBytes) {}

    /** Bytes per second of replicas that keep to the throttles, on all lanes. */
    record Throttled(double sentPerSecond, double fetchedPerSecond) {}

    record Groups(long shardsActive, long shardsLoading, long groups, long offsets) {}

    record Sessions(long sessions, long partitions) {}

    record Load(long turns, long tasksRun, long asleepNanos) {}

    /** Asks the lane; called on it. */
    static LaneNumbers of(BrokerLane lane, LaneNetwork network, MetricSources sources) {
        Optional<FetchSessions> sessions = sources.fetchSessions(lane);
        Optional<LaneLoad> load = sources.load(lane.lane());
        return new LaneNumbers(
                lane.lane().name(),
                new Requests(
                        Arrays.stream(network.counters().counts()).boxed().toList(),
                        Arrays.stream(network.counters().totalNanos()).boxed().toList(),
                        network.counters().failedRequests()),
                network.shared().counters().snapshot(),
                closed(network.shared().counters()),
                new Appends(
                        lane.partitions().appendedBytes(),
                        lane.partitions().appendedBatches(),
                        lane.partitions().appendOrder().recompressedBatches(),
                        lane.partitions().appendOrder().bytesBefore(),
                        lane.partitions().appendOrder().bytesAfter(),
                        lane.applier().appendsWithoutSpace()),
                lane.forces().numbers(),
                new Conversions(
                        lane.partitions().oldFormats().conversions(),
                        lane.partitions().oldFormats().convertedRecords(),
                        lane.partitions().oldFormats().convertedBytes()),
                TopicSums.of(lane),
                new InSync(
                        lane.applier().inSync().expansions(),
                        lane.applier().inSync().shrinkings(),
                        lane.applier().inSync().refusals()),
                followed(lane),
                new Throttled(
                        lane.leaderThrottle().measuredBytesPerSecond(),
                        lane.followerThrottle().measuredBytesPerSecond()),
                lane.partitions().offlineCount(),
                groups(lane),
                sessions.map(known -> new Sessions(known.size(), known.followedCount()))
                        .orElse(null),
                sources.compactions(lane).orElse(null),
                load.map(known -> new Load(known.turns(), known.tasksRun(), known.asleepNanos()))
                        .orElse(null));
    }

    private static Map<CloseReason.Kind, Long> closed(ConversationCounters counters) {
        Map<CloseReason.Kind, Long> closed = new EnumMap<>(CloseReason.Kind.class);
        for (CloseReason.Kind kind : CloseReason.Kind.values()) closed.put(kind, counters.closedBecause(kind));
        return closed;
    }

    private static Followed followed(BrokerLane lane) {
        LaneFollowers followers = lane.applier().followers();
        return new Followed(followers.count(), followers.leaderless(), followers.mostLag(), followers.sizeBytes());
    }

    private static Groups groups(BrokerLane lane) {
        long active = 0;
        long loading = 0;
        long groups = 0;
        long offsets = 0;
        for (GroupShard shard : lane.groups().all()) {
            if (shard.isActive()) active++;
            if (shard.isLoading()) loading++;
            groups += shard.groupCount();
            offsets += shard.offsetCount();
        }
        return new Groups(active, loading, groups, offsets);
    }
}
