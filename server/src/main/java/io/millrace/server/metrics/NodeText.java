package io.millrace.server.metrics;

import io.millrace.connection.CloseReason;
import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.TopicImage;
import io.millrace.protocol.ApiKey;
import io.millrace.raft.run.QuorumDescription;
import io.millrace.replication.run.ForceNumbers;
import io.millrace.server.metrics.ExpositionText.Kind;
import io.millrace.server.storage.CompactionNumbers;
import io.millrace.server.storage.DirectorySpace;
import io.millrace.server.storage.LogDirectories;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToLongFunction;

/** Puts the numbers of a node's lanes and of its metadata into families, always in the same order. */
final class NodeText {
    private static final double NANOS_PER_SECOND = 1e9;

    private final List<LaneNumbers> lanes;
    private final ExpositionText out = new ExpositionText();

    private NodeText(List<LaneNumbers> lanes) {
        this.lanes = lanes;
    }

    static String render(
            List<LaneNumbers> lanes, NodeMetrics.MetadataFacts facts, Optional<LogDirectories> directories) {
        NodeText text = new NodeText(lanes);
        text.requests();
        text.connections();
        text.partitions();
        text.forces();
        text.compactions();
        directories.ifPresent(text::directories);
        text.groups();
        text.fetchSessions();
        text.metadata(facts);
        text.loads();
        JvmNumbers.write(text.out);
        return text.out.toString();
    }

    private long sum(ToLongFunction<LaneNumbers> number) {
        return lanes.stream().mapToLong(number).sum();
    }

    private void inSync(TopicSums.Sum total) {
        out.single(
                "millrace_partitions_under_replicated",
                Kind.GAUGE,
                "Partitions led here with fewer replicas in sync than they have.",
                total.underReplicated());
        out.single(
                "millrace_partitions_under_min_isr",
                Kind.GAUGE,
                "Partitions led here with fewer replicas in sync than min.insync.replicas asks for.",
                total.underMinIsr());
        out.single(
                "millrace_partitions_at_min_isr",
                Kind.GAUGE,
                "Partitions led here with just as many replicas in sync as that.",
                total.atMinIsr());
        out.single(
                "millrace_isr_expansions_total",
                Kind.COUNTER,
                "In-sync sets of partitions led here that have grown.",
                sum(lane -> lane.inSync().expansions()));
        out.single(
                "millrace_isr_shrinkings_total",
                Kind.COUNTER,
                "In-sync sets of partitions led here that have become smaller.",
                sum(lane -> lane.inSync().shrinkings()));
        out.single(
                "millrace_isr_changes_refused_total",
                Kind.COUNTER,
                "Proposed in-sync sets that the controller, or whoever was asked in its place, did not take.",
                sum(lane -> lane.inSync().refusals()));
    }

    private void followed() {
        out.single(
                "millrace_partitions_followed",
                Kind.GAUGE,
                "Partitions that this broker keeps a replica of, has open, and does not lead.",
                sum(lane -> lane.followed().partitions()));
        out.single(
                "millrace_partitions_followed_without_leader",
                Kind.GAUGE,
                "Those of them that nobody leads.",
                sum(lane -> lane.followed().leaderless()));
        out.single(
                "millrace_follower_max_lag_records",
                Kind.GAUGE,
                "By how many committed offsets the one furthest behind was, when its leader answered last.",
                lanes.stream()
                        .mapToLong(lane -> lane.followed().mostLag())
                        .max()
                        .orElse(0));
        out.single(
                "millrace_followed_log_size_bytes",
                Kind.GAUGE,
                "Bytes of all logs followed here.",
                sum(lane -> lane.followed().sizeBytes()));
    }

    private void throttled() {
        out.single(
                "millrace_leader_replication_throttled_bytes_per_second",
                Kind.GAUGE,
                "What throttled followers that catch up were sent from here in the last windows of"
                        + " replication.quota.window.num.",
                Math.round(lanes.getFirst().throttled().sentPerSecond()));
        out.single(
                "millrace_follower_replication_throttled_bytes_per_second",
                Kind.GAUGE,
                "What throttled followers here fetched to catch up in the last of these windows.",
                Math.round(lanes.getFirst().throttled().fetchedPerSecond()));
    }

    private void directories(LogDirectories directories) {
        out.single(
                "millrace_log_directories_offline",
                Kind.GAUGE,
                "Log directories that failed, at start or since.",
                directories.offlinePaths().size());
        out.single(
                "millrace_partitions_offline",
                Kind.GAUGE,
                "Partitions of this broker whose log directory failed or whose log could not be opened.",
                sum(LaneNumbers::partitionsOffline));
        space(
                directories,
                "millrace_log_directory_usable_bytes",
                "Bytes that can still be written to the file system of a log directory.",
                DirectorySpace.Look::usableBytes);
        space(
                directories,
                "millrace_log_directory_reserve_bytes",
                "Bytes of these that are kept in reserve.",
                DirectorySpace.Look::reserveBytes);
        space(
                directories,
                "millrace_log_directory_read_only",
                "0 while a log directory takes records; 1 while it takes none from clients, 2 while it takes none at all.",
                look -> look.state().refusedKinds());
        out.single(
                "millrace_appends_without_space_total",
                Kind.COUNTER,
                "Appends refused because the log directory was full.",
                sum(lane -> lane.appends().withoutSpace()));
    }

    private void space(
            LogDirectories directories, String name, String help, ToLongFunction<DirectorySpace.Look> number) {
        out.family(name, Kind.GAUGE, help);
        for (LogDirectories.InUse use : directories.online())
            out.sample(
                    number.applyAsLong(directories.spaceOf(use).now()),
                    "directory",
                    use.directory().path().toString());
    }

    private void requests() {
        out.family(
                "millrace_request_duration_seconds",
                Kind.SUMMARY,
                "Requests answered, by API, and the time from their arrival to their answer.");
        for (ApiKey api : ApiKey.values()) {
            long count = sum(lane -> lane.requests().counts().get(api.code()));
            if (count == 0) continue;
            long nanos = sum(lane -> lane.requests().totalNanos().get(api.code()));
            out.summary(count, nanos / NANOS_PER_SECOND, "api", nameOf(api));
        }
        out.single(
                "millrace_requests_failed_total",
                Kind.COUNTER,
                "Requests whose handler broke; each has an error in the log.",
                sum(lane -> lane.requests().failed()));
    }

    /** The API's name as Kafka's own metrics have it: {@code OFFSET_COMMIT} is {@code OffsetCommit}. */
    static String nameOf(ApiKey api) {
        StringBuilder name = new StringBuilder();
        for (String word : api.name().split("_", -1))
            name.append(word.charAt(0)).append(word.substring(1).toLowerCase(Locale.ROOT));
        return name.toString();
    }

    private void connections() {
        out.single(
                "millrace_connections_open",
                Kind.GAUGE,
                "Client connections open.",
                sum(lane -> lane.connections().connectionsOpen()));
        out.single(
                "millrace_connections_opened_total",
                Kind.COUNTER,
                "Client connections accepted.",
                sum(lane -> lane.connections().connectionsOpened()));
        out.family("millrace_connections_closed_total", Kind.COUNTER, "Client connections that ended, by the reason.");
        for (CloseReason.Kind kind : CloseReason.Kind.values())
            out.sample(
                    sum(lane -> lane.closed().getOrDefault(kind, 0L)),
                    "reason",
                    kind.name().toLowerCase(Locale.ROOT));
        out.single(
                "millrace_network_received_bytes_total",
                Kind.COUNTER,
                "Bytes read from client connections.",
                sum(lane -> lane.connections().bytesIn()));
        out.single(
                "millrace_network_sent_bytes_total",
                Kind.COUNTER,
                "Bytes written to client connections.",
                sum(lane -> lane.connections().bytesOut()));
    }

    private void partitions() {
        out.single(
                "millrace_produced_bytes_total",
                Kind.COUNTER,
                "Bytes of batches that Produce requests asked to append.",
                sum(lane -> lane.appends().bytes()));
        out.single(
                "millrace_produced_batches_total",
                Kind.COUNTER,
                "Batches that Produce requests asked to append.",
                sum(lane -> lane.appends().batches()));
        out.single(
                "millrace_recompressed_batches_total",
                Kind.COUNTER,
                "Batches packed anew for compression.type.",
                sum(lane -> lane.appends().recompressed()));
        out.single(
                "millrace_recompressed_from_bytes_total",
                Kind.COUNTER,
                "Bytes of these batches as they came.",
                sum(lane -> lane.appends().recompressedFrom()));
        out.single(
                "millrace_recompressed_to_bytes_total",
                Kind.COUNTER,
                "Bytes of these batches as they are stored.",
                sum(lane -> lane.appends().recompressedTo()));
        out.single(
                "millrace_fetch_converted_answers_total",
                Kind.COUNTER,
                "Answers to fetches, by partition, in which batches of formats 0 and 1 were converted.",
                sum(lane -> lane.conversions().answers()));
        out.single(
                "millrace_fetch_converted_records_total",
                Kind.COUNTER,
                "Records converted in them.",
                sum(lane -> lane.conversions().records()));
        out.single(
                "millrace_fetch_converted_bytes_total",
                Kind.COUNTER,
                "Bytes of these answers.",
                sum(lane -> lane.conversions().bytes()));
        TopicSums topics = new TopicSums();
        for (LaneNumbers lane : lanes) topics.add(lane.topics());
        TopicSums.Sum total = topics.total();
        out.single(
                "millrace_open_transactions",
                Kind.GAUGE,
                "Transactions open on partitions led here, counted once for each partition.",
                total.openTransactions());
        out.single(
                "millrace_late_transactions",
                Kind.GAUGE,
                "Those of them whose producer has been silent for twenty minutes.",
                total.lateTransactions());
        inSync(total);
        followed();
        throttled();
        out.single("millrace_partitions_led", Kind.GAUGE, "Partitions this broker leads.", total.partitions());
        out.single("millrace_log_size_bytes", Kind.GAUGE, "Bytes of all logs led here.", total.sizeBytes());
        out.single("millrace_topics_led", Kind.GAUGE, "Topics with a partition led here.", topics.topicCount());
        out.single(
                "millrace_topics_without_series",
                Kind.GAUGE,
                "Topics too many for series of their own; the largest " + TopicSums.MAX_TOPICS_SHOWN + " have them.",
                topics.topicCount() - topics.shown().size());
        topic(topics, "millrace_topic_partitions_led", "Partitions led here, by topic.", TopicSums.Sum::partitions);
        topic(
                topics,
                "millrace_topic_log_end_offset_sum",
                "Log end offsets of the partitions led here, added up by topic; grows with each record.",
                TopicSums.Sum::logEndOffsets);
        topic(
                topics,
                "millrace_topic_log_start_offset_sum",
                "Log start offsets of the partitions led here, added up by topic.",
                TopicSums.Sum::logStartOffsets);
        topic(
                topics,
                "millrace_topic_log_size_bytes",
                "Bytes of the logs led here, by topic.",
                TopicSums.Sum::sizeBytes);
    }

    private void topic(TopicSums topics, String name, String help, ToLongFunction<TopicSums.Sum> number) {
        out.family(name, Kind.GAUGE, help);
        for (Map.Entry<String, TopicSums.Sum> entry : topics.shown().entrySet())
            out.sample(number.applyAsLong(entry.getValue()), "topic", entry.getKey());
    }

    private void forces() {
        out.family(
                "millrace_log_force_duration_seconds",
                Kind.SUMMARY,
                "Forces of partitions' logs to stable storage, and the time they took.");
        out.summary(
                sum(lane -> lane.forces().forces()), sum(lane -> lane.forces().totalNanos()) / NANOS_PER_SECOND);
        List<Long> byAppends = new ArrayList<>();
        for (int i = 0; i <= ForceNumbers.BOUNDS.size(); i++) {
            int bucket = i;
            byAppends.add(sum(lane -> lane.forces().byAppends().get(bucket)));
        }
        out.family("millrace_log_force_appends", Kind.HISTOGRAM, "Appends that a force made safe: how many shared it.");
        out.histogram(ForceNumbers.BOUNDS, byAppends, sum(lane -> lane.forces().appends()));
        out.single(
                "millrace_log_forces_waiting",
                Kind.GAUGE,
                "Logs that wait for their turn to be forced.",
                sum(lane -> lane.forces().waiting()));
    }

    private void compactions() {
        List<CompactionNumbers> all = lanes.stream()
                .flatMap(lane -> Optional.ofNullable(lane.compactions()).stream())
                .toList();
        if (all.isEmpty()) return;
        compaction("runs_total", Kind.COUNTER, "Compactions of a log that came to their end.", all, one -> one.runs());
        compaction(
                "failures_total",
                Kind.COUNTER,
                "Compactions that met something they could not go on from.",
                all,
                one -> one.failed());
        compaction("read_bytes_total", Kind.COUNTER, "Bytes of segments they read.", all, one -> one.bytesRead());
        compaction(
                "written_bytes_total", Kind.COUNTER, "Bytes of segments they wrote.", all, one -> one.bytesWritten());
        compaction("read_records_total", Kind.COUNTER, "Records they looked at.", all, one -> one.recordsRead());
        compaction("kept_records_total", Kind.COUNTER, "Records of these that stayed.", all, one -> one.recordsKept());
        compaction("running", Kind.GAUGE, "Logs being compacted.", all, one -> one.running());
        compaction("uncleanable_partitions", Kind.GAUGE, "Logs that cannot be compacted.", all, one -> one.setAside());
        compaction("uncleanable_bytes", Kind.GAUGE, "Bytes of these logs.", all, one -> one.setAsideBytes());
        out.family(
                "millrace_compaction_max_dirty_ratio",
                Kind.GAUGE,
                "The largest share of a compacted log that is still to be compacted.");
        out.sample(all.stream()
                .mapToDouble(CompactionNumbers::largestDirtyRatio)
                .max()
                .orElse(0));
    }

    private void compaction(
            String name,
            Kind kind,
            String help,
            List<CompactionNumbers> all,
            ToLongFunction<CompactionNumbers> number) {
        out.single(
                "millrace_compaction_" + name,
                kind,
                help,
                all.stream().mapToLong(number).sum());
    }

    private void groups() {
        out.family("millrace_group_shards", Kind.GAUGE, "Partitions of __consumer_offsets led here, by state.")
                .sample(sum(lane -> lane.groups().shardsActive()), "state", "active")
                .sample(sum(lane -> lane.groups().shardsLoading()), "state", "loading");
        out.single(
                "millrace_groups",
                Kind.GAUGE,
                "Groups this broker coordinates.",
                sum(lane -> lane.groups().groups()));
        out.single(
                "millrace_group_offsets",
                Kind.GAUGE,
                "Committed offsets this broker keeps.",
                sum(lane -> lane.groups().offsets()));
    }

    private void fetchSessions() {
        long sessions = 0;
        long partitions = 0;
        for (LaneNumbers lane : lanes) {
            LaneNumbers.Sessions known = lane.fetchSessions();
            if (known == null) return;
            sessions += known.sessions();
            partitions += known.partitions();
        }
        out.single("millrace_fetch_sessions", Kind.GAUGE, "Fetch sessions kept (KIP-227).", sessions);
        out.single(
                "millrace_fetch_session_partitions",
                Kind.GAUGE,
                "Partitions that the fetch sessions follow together.",
                partitions);
    }

    private void metadata(NodeMetrics.MetadataFacts facts) {
        MetadataImage image = facts.image();
        long partitions = 0;
        long[] offline = {0};
        for (TopicImage topic : image.topics().inOrder()) {
            partitions += topic.partitionCount();
            topic.forEachPartition((index, partition) -> {
                if (!partition.hasLeader()) offline[0]++;
            });
        }
        long fenced = 0;
        List<BrokerImage> brokers = image.cluster().brokersInOrder();
        for (BrokerImage broker : brokers) if (broker.isFenced()) fenced++;
        out.single("millrace_serving", Kind.GAUGE, "1 while the node's listeners are open.", facts.isServing() ? 1 : 0);
        out.single(
                "millrace_metadata_offset",
                Kind.GAUGE,
                "The last offset of the metadata log that the broker knows.",
                image.provenance().lastOffset());
        out.single(
                "millrace_metadata_epoch",
                Kind.GAUGE,
                "The epoch of that offset.",
                image.provenance().lastEpoch());
        out.single(
                "millrace_metadata_topics",
                Kind.GAUGE,
                "Topics in the cluster.",
                image.topics().size());
        out.single("millrace_metadata_partitions", Kind.GAUGE, "Partitions in the cluster.", partitions);
        out.single(
                "millrace_metadata_partitions_offline",
                Kind.GAUGE,
                "Partitions in the cluster without a leader.",
                offline[0]);
        out.family("millrace_metadata_brokers", Kind.GAUGE, "Registered brokers, by state.")
                .sample(brokers.size() - fenced, "state", "unfenced")
                .sample(fenced, "state", "fenced");
        NodeMetrics.QuorumFacts quorum = facts.quorum();
        if (quorum != null) quorum(quorum);
    }

    private void quorum(NodeMetrics.QuorumFacts facts) {
        QuorumDescription quorum = facts.quorum();
        out.single(
                "millrace_quorum_leader_id",
                Kind.GAUGE,
                "The active controller's node id; -1 if it is not known.",
                quorum.leaderId());
        out.single("millrace_quorum_leader_epoch", Kind.GAUGE, "The quorum's epoch.", quorum.leaderEpoch());
        out.single(
                "millrace_quorum_high_watermark",
                Kind.GAUGE,
                "The metadata log is committed below this offset.",
                quorum.highWatermark());
        out.single(
                "millrace_quorum_log_end_offset",
                Kind.GAUGE,
                "The next offset of this node's metadata log.",
                facts.logEndOffset());
        out.single(
                "millrace_quorum_snapshot_offset",
                Kind.GAUGE,
                "The end offset of the latest metadata snapshot; -1 if there is none.",
                facts.snapshotOffset());
    }

    private void loads() {
        if (lanes.stream().anyMatch(lane -> lane.load() == null)) return;
        load("millrace_lane_turns_total", "Turns of a lane's loop.", LaneNumbers.Load::turns);
        load("millrace_lane_tasks_total", "Tasks a lane has run.", LaneNumbers.Load::tasksRun);
        out.family("millrace_lane_asleep_seconds_total", Kind.COUNTER, "Time a lane has waited for something to do.");
        for (LaneNumbers lane : lanes) {
            LaneNumbers.Load load = lane.load();
            if (load != null) out.sample(load.asleepNanos() / NANOS_PER_SECOND, "lane", lane.lane());
        }
    }

    private void load(String name, String help, ToLongFunction<LaneNumbers.Load> number) {
        out.family(name, Kind.COUNTER, help);
        for (LaneNumbers lane : lanes) {
            LaneNumbers.Load load = lane.load();
            if (load != null) out.sample(number.applyAsLong(load), "lane", lane.lane());
        }
    }
}
