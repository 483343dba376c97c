package io.millrace.controller;

import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.metadata.VersionedRecord;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.ElectLeadersRequest;
import io.millrace.protocol.messages.ElectLeadersRequest.TopicPartitions;
import io.millrace.protocol.messages.ElectLeadersResponse;
import io.millrace.protocol.messages.ElectLeadersResponse.PartitionResult;
import io.millrace.protocol.messages.ElectLeadersResponse.ReplicaElectionResult;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Elections that somebody asks for (ElectLeaders, KIP-460) or that are due by the clock: the preferred leader takes its partition back, and a partition without a
 * leader gets an unclean one where its topic allows that.
 */
final class LeaderElections {
    /** Elections of one round by the clock, so that one round stays within a batch and a lane's turn; the next follows at once. */
    static final int MAX_ELECTIONS_PER_ROUND = 1_000;

    private static final byte PREFERRED = 0;
    private static final byte UNCLEAN = 1;
    private static final Refusal DONE = new Refusal(ErrorCode.NONE, null);

    private final Electorate electorate;

    LeaderElections(Electorate electorate) {
        this.electorate = electorate;
    }

    Decision<ElectLeadersResponse> handle(ElectLeadersRequest request) {
        byte type = request.electionType();
        if (type != PREFERRED && type != UNCLEAN)
            return Decision.answer(refused(request, ErrorCode.INVALID_REQUEST, "Unknown election type " + type));
        List<VersionedRecord> records = new ArrayList<>();
        List<ReplicaElectionResult> results = new ArrayList<>();
        List<TopicPartitions> wanted = request.topicPartitions();
        if (wanted == null) {
            for (TopicImage topic : electorate.image().topics().inOrder())
                results.add(result(topic.name(), electAll(topic, type, records)));
        } else {
            Set<String> seen = new HashSet<>();
            for (TopicPartitions each : wanted)
                if (seen.add(each.topic())) results.add(result(each.topic(), elect(each, type, records)));
        }
        if (records.size() > Decision.MAX_RECORDS_PER_USER_OPERATION)
            return Decision.answer(refused(
                    request,
                    ErrorCode.POLICY_VIOLATION,
                    records.size() + " elections at once, at most " + Decision.MAX_RECORDS_PER_USER_OPERATION
                            + "; name the partitions in several requests"));
        return Decision.inParts(
                records,
                ElectLeadersResponse.builder().replicaElectionResults(results).build());
    }

    /** The answer if nothing of the request is done: the error for each partition it names. */
    static ElectLeadersResponse refused(ElectLeadersRequest request, ErrorCode error, @Nullable String message) {
        List<ReplicaElectionResult> results = new ArrayList<>();
        List<TopicPartitions> wanted = request.topicPartitions();
        if (wanted != null)
            for (TopicPartitions each : wanted)
                results.add(result(
                        each.topic(),
                        each.partitions().stream()
                                .map(id -> result(id, new Refusal(error, message)))
                                .toList()));
        return ElectLeadersResponse.builder()
                .errorCode(error.code())
                .replicaElectionResults(results)
                .build();
    }

    private static ReplicaElectionResult result(String topic, List<PartitionResult> partitions) {
        return ReplicaElectionResult.builder()
                .topic(topic)
                .partitionResult(partitions)
                .build();
    }

    private static PartitionResult result(int partitionId, Refusal refusal) {
        return PartitionResult.builder()
                .partitionId(partitionId)
                .errorCode(refusal.error().code())
                .errorMessage(refusal.message())
                .build();
    }

    private List<PartitionResult> elect(TopicPartitions wanted, byte type, List<VersionedRecord> records) {
        TopicImage topic = electorate.image().topics().topic(wanted.topic());
        List<PartitionResult> results = new ArrayList<>();
        // One that is named twice is answered twice, and elected once.
        Map<Integer, Refusal> outcomes = new HashMap<>();
        for (int partitionId : wanted.partitions()) {
            if (topic == null) {
                results.add(result(
                        partitionId,
                        new Refusal(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "No such topic as " + wanted.topic())));
                continue;
            }
            PartitionImage partition = topic.partition(partitionId);
            if (partition == null)
                results.add(result(
                        partitionId,
                        new Refusal(
                                ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
                                "No such partition as " + topic.name() + "-" + partitionId)));
            else
                results.add(result(
                        partitionId,
                        outcomes.computeIfAbsent(partitionId, id -> elect(topic, id, partition, type, records))));
        }
        return results;
    }

    /** All partitions, of which those that need no election are not spoken of. */
    private List<PartitionResult> electAll(TopicImage topic, byte type, List<VersionedRecord> records) {
        List<PartitionResult> results = new ArrayList<>();
        topic.forEachPartition((partitionId, partition) -> {
            Refusal outcome = elect(topic, partitionId, partition, type, records);
            if (outcome.error() != ErrorCode.ELECTION_NOT_NEEDED) results.add(result(partitionId, outcome));
        });
        return results;
    }

    private Refusal elect(
            TopicImage topic, int partitionId, PartitionImage partition, byte type, List<VersionedRecord> records) {
        boolean isWell = type == PREFERRED ? isWellLed(partition) : partition.hasLeader();
        if (isWell) return refusal(ErrorCode.ELECTION_NOT_NEEDED);
        PartitionElection.Mode mode =
                type == PREFERRED ? PartitionElection.Mode.PREFERRED : PartitionElection.Mode.UNCLEAN;
        Optional<VersionedRecord> record = record(topic, partitionId, partition, mode);
        if (record.isEmpty())
            return refusal(
                    type == PREFERRED
                            ? ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE
                            : ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE);
        records.add(record.get());
        return DONE;
    }

    private static Refusal refusal(ErrorCode error) {
        return new Refusal(error, error.message());
    }

    private static boolean isWellLed(PartitionImage partition) {
        return partition.replicas().isEmpty() || partition.leader() == partition.preferredLeader();
    }

    private Optional<VersionedRecord> record(
            TopicImage topic, int partitionId, PartitionImage partition, PartitionElection.Mode mode) {
        return electorate
                .election(topic, partition, PartitionElection.Target.of(partition), mode)
                .record(topic.id(), partitionId);
    }

    /** Gives partitions back to their preferred leaders; the answer says whether there may be more than one round takes. */
    Decision<Boolean> balance() {
        return round(PartitionElection.Mode.PREFERRED, topic -> true, partition -> !isWellLed(partition));
    }

    /** Gives partitions that nobody leads to whoever is there, where their topic allows that; the answer is as of {@link #balance}. */
    Decision<Boolean> electUncleanly() {
        return round(
                PartitionElection.Mode.UNCLEAN,
                topic -> electorate.rulesOf(topic).mayElectUncleanly(),
                partition -> !partition.hasLeader());
    }

    private Decision<Boolean> round(
            PartitionElection.Mode mode, Predicate<TopicImage> concerns, Predicate<PartitionImage> isDue) {
        List<VersionedRecord> records = new ArrayList<>();
        for (TopicImage topic : electorate.image().topics().inOrder()) {
            if (records.size() > MAX_ELECTIONS_PER_ROUND) break;
            boolean[] isConcerned = {false};
            topic.forEachPartition((partitionId, partition) -> isConcerned[0] |= isDue.test(partition));
            if (!isConcerned[0] || !concerns.test(topic)) continue;
            topic.forEachPartition((partitionId, partition) -> {
                if (records.size() <= MAX_ELECTIONS_PER_ROUND && isDue.test(partition))
                    record(topic, partitionId, partition, mode).ifPresent(records::add);
            });
        }
        boolean hasMore = records.size() > MAX_ELECTIONS_PER_ROUND;
        return Decision.inParts(hasMore ? records.subList(0, MAX_ELECTIONS_PER_ROUND) : records, hasMore);
    }
}
