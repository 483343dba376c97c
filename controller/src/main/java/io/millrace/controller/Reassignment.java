package io.millrace.controller;

import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.metadata.VersionedRecord;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.AlterPartitionReassignmentsRequest;
import io.millrace.protocol.messages.AlterPartitionReassignmentsRequest.ReassignablePartition;
import io.millrace.protocol.messages.AlterPartitionReassignmentsRequest.ReassignableTopic;
import io.millrace.protocol.messages.AlterPartitionReassignmentsResponse;
import io.millrace.protocol.messages.AlterPartitionReassignmentsResponse.ReassignablePartitionResponse;
import io.millrace.protocol.messages.AlterPartitionReassignmentsResponse.ReassignableTopicResponse;
import io.millrace.protocol.messages.ListPartitionReassignmentsRequest;
import io.millrace.protocol.messages.ListPartitionReassignmentsRequest.ListPartitionReassignmentsTopics;
import io.millrace.protocol.messages.ListPartitionReassignmentsResponse;
import io.millrace.protocol.messages.ListPartitionReassignmentsResponse.OngoingPartitionReassignment;
import io.millrace.protocol.messages.ListPartitionReassignmentsResponse.OngoingTopicReassignment;
import io.millrace.protocol.messages.PartitionChangeRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * AlterPartitionReassignments and ListPartitionReassignments (KIP-455, 860): other replicas for partitions that are there. Until those added are in sync, the partition
 * has old and new ones; the AlterPartition that says so ends the reassignment.
 */
final class Reassignment {
    private final MetadataImage image;
    private final Electorate electorate;

    /** A partition of a topic in this request. */
    private record Place(TopicImage topic, int partitionId) {}

    /** Records replay only after the whole request, so a partition named twice is looked up here. */
    private final Map<Place, PartitionImage> changed = new HashMap<>();

    Reassignment(Electorate electorate) {
        this.image = electorate.image();
        this.electorate = electorate;
    }

    Decision<AlterPartitionReassignmentsResponse> handle(AlterPartitionReassignmentsRequest request) {
        List<VersionedRecord> records = new ArrayList<>();
        List<ReassignableTopicResponse> responses = new ArrayList<>();
        for (ReassignableTopic topic : request.topics()) {
            List<ReassignablePartitionResponse> partitions = new ArrayList<>();
            for (ReassignablePartition partition : topic.partitions())
                partitions.add(response(
                        partition, alter(topic.name(), partition, request.allowReplicationFactorChange(), records)));
            responses.add(ReassignableTopicResponse.builder()
                    .name(topic.name())
                    .partitions(partitions)
                    .build());
        }
        return Decision.atomic(
                records,
                AlterPartitionReassignmentsResponse.builder()
                        .allowReplicationFactorChange(request.allowReplicationFactorChange())
                        .errorMessage(null)
                        .responses(responses)
                        .build());
    }

    private static ReassignablePartitionResponse response(ReassignablePartition partition, @Nullable Refusal refusal) {
        return ReassignablePartitionResponse.builder()
                .partitionIndex(partition.partitionIndex())
                .errorCode(
                        refusal == null
                                ? ErrorCode.NONE.code()
                                : refusal.error().code())
                .errorMessage(refusal == null ? null : refusal.message())
                .build();
    }

    private @Nullable Refusal alter(
            String name, ReassignablePartition wanted, boolean mayChangeFactor, List<VersionedRecord> records) {
        TopicImage topic = image.topics().topic(name);
        if (topic == null)
            return new Refusal(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "Unable to find a topic named " + name + ".");
        Place place = new Place(topic, wanted.partitionIndex());
        PartitionImage partition = changed.getOrDefault(place, topic.partition(wanted.partitionIndex()));
        if (partition == null)
            return new Refusal(
                    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
                    "Unable to find partition " + name + ":" + wanted.partitionIndex() + ".");
        List<Integer> replicas = wanted.replicas();
        Refusal refusal = replicas == null
                ? revertRefusal(topic, wanted.partitionIndex(), partition)
                : refusal(partition, replicas, mayChangeFactor);
        if (refusal != null) return refusal;
        if (records.size() == Decision.MAX_RECORDS_PER_USER_OPERATION)
            return new Refusal(ErrorCode.POLICY_VIOLATION, "Unable to perform excessively large batch operation.");
        PartitionElection election = replicas == null
                ? electorate.election(
                        topic,
                        partition,
                        reverted(partition),
                        electorate.rulesOf(topic).mode())
                : electorate.election(topic, partition, reassigned(partition, replicas), PartitionElection.Mode.CLEAN);
        Optional<VersionedRecord> record = election.record(topic.id(), wanted.partitionIndex());
        if (record.isPresent()) {
            records.add(record.get());
            changed.put(place, partition.changedBy((PartitionChangeRecord)
                    record.get().message()));
        }
        return null;
    }

    private @Nullable Refusal refusal(PartitionImage partition, List<Integer> replicas, boolean mayChangeFactor) {
        Refusal refusal = ManualAssignment.refusal(replicas, -1, image.cluster());
        if (refusal != null || mayChangeFactor) return refusal;
        Set<Integer> goal = new HashSet<>(partition.replicas());
        goal.removeAll(partition.removingReplicas());
        if (goal.size() == replicas.size()) return null;
        return new Refusal(
                ErrorCode.INVALID_REPLICATION_FACTOR,
                "The replication factor is changed from " + goal.size() + " to " + replicas.size());
    }

    /** What an earlier reassignment was adding and this one still wants is still being added; what it was removing and this one wants is not (ADR 52). */
    private static PartitionElection.Target reassigned(PartitionImage partition, List<Integer> replicas) {
        Set<Integer> removing = new TreeSet<>(partition.replicas());
        removing.removeAll(replicas);
        Set<Integer> adding = new TreeSet<>(replicas);
        adding.removeAll(partition.replicas());
        for (int broker : partition.addingReplicas()) if (replicas.contains(broker)) adding.add(broker);
        List<Integer> both = new ArrayList<>(replicas);
        both.addAll(removing);
        return PartitionElection.Target.of(partition)
                .withAssignment(List.copyOf(both), List.copyOf(removing), List.copyOf(adding));
    }

    private @Nullable Refusal revertRefusal(TopicImage topic, int partitionId, PartitionImage partition) {
        if (!isReassigning(partition)) return new Refusal(ErrorCode.NO_REASSIGNMENT_IN_PROGRESS, null);
        boolean isUnclean = partition.addingReplicas().containsAll(partition.isr());
        if (!isUnclean || electorate.rulesOf(topic).mayElectUncleanly()) return null;
        return ManualAssignment.refusal("Unable to revert partition assignment for " + topic.name() + ":" + partitionId
                + " because it would require an unclean leader election.");
    }

    /** Without the replicas that were being added. If only those are in sync, the first of the others has to do, at the price of records. */
    private static PartitionElection.Target reverted(PartitionImage partition) {
        List<Integer> replicas = PartitionElection.without(partition.replicas(), partition.addingReplicas());
        List<Integer> isr = PartitionElection.without(partition.isr(), partition.addingReplicas());
        if (isr.isEmpty() && !replicas.isEmpty()) isr = List.of(replicas.get(0));
        return PartitionElection.Target.of(partition).withIsr(isr).withAssignment(replicas, List.of(), List.of());
    }

    private static boolean isReassigning(PartitionImage partition) {
        return !partition.addingReplicas().isEmpty()
                || !partition.removingReplicas().isEmpty();
    }

    ListPartitionReassignmentsResponse list(ListPartitionReassignmentsRequest request) {
        List<OngoingTopicReassignment> ongoing = new ArrayList<>();
        List<ListPartitionReassignmentsTopics> wanted = request.topics();
        if (wanted == null) {
            for (TopicImage topic : image.topics().inOrder()) {
                List<OngoingPartitionReassignment> partitions = new ArrayList<>();
                topic.forEachPartition((partitionId, partition) -> {
                    if (isReassigning(partition)) partitions.add(ongoing(partitionId, partition));
                });
                add(topic.name(), partitions, ongoing);
            }
        } else {
            for (ListPartitionReassignmentsTopics each : wanted) {
                TopicImage topic = image.topics().topic(each.name());
                if (topic == null) continue;
                List<OngoingPartitionReassignment> partitions = new ArrayList<>();
                for (int partitionId : new TreeSet<>(each.partitionIndexes())) {
                    PartitionImage partition = topic.partition(partitionId);
                    if (partition != null && isReassigning(partition)) partitions.add(ongoing(partitionId, partition));
                }
                add(topic.name(), partitions, ongoing);
            }
        }
        return ListPartitionReassignmentsResponse.builder()
                .errorMessage(null)
                .topics(ongoing)
                .build();
    }

    private static void add(
            String topic, List<OngoingPartitionReassignment> partitions, List<OngoingTopicReassignment> ongoing) {
        if (partitions.isEmpty()) return;
        ongoing.add(OngoingTopicReassignment.builder()
                .name(topic)
                .partitions(partitions)
                .build());
    }

    private static OngoingPartitionReassignment ongoing(int partitionId, PartitionImage partition) {
        return OngoingPartitionReassignment.builder()
                .partitionIndex(partitionId)
                .replicas(partition.replicas())
                .addingReplicas(partition.addingReplicas())
                .removingReplicas(partition.removingReplicas())
                .build();
    }
}
