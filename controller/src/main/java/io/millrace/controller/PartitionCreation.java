package io.millrace.controller;

import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.PartitionImage;
import io.millrace.metadata.TopicImage;
import io.millrace.metadata.VersionedRecord;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.CreatePartitionsRequest;
import io.millrace.protocol.messages.CreatePartitionsRequest.CreatePartitionsAssignment;
import io.millrace.protocol.messages.CreatePartitionsRequest.CreatePartitionsTopic;
import io.millrace.protocol.messages.CreatePartitionsResponse;
import io.millrace.protocol.messages.CreatePartitionsResponse.CreatePartitionsTopicResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** CreatePartitions: more partitions for topics that are there. */
final class PartitionCreation {
    private static final int MAX_PARTITIONS_PER_REQUEST = 10_000;

    private final MetadataImage image;
    private final Draws draws;

    PartitionCreation(MetadataImage image, Draws draws) {
        this.image = image;
        this.draws = draws;
    }

    Decision<CreatePartitionsResponse> handle(CreatePartitionsRequest request) {
        Set<String> duplicates = TopicCreation.duplicates(
                request.topics().stream().map(CreatePartitionsTopic::name).toList());
        List<VersionedRecord> records = new ArrayList<>();
        List<CreatePartitionsTopicResult> results = new ArrayList<>();
        boolean tooMany = partitionsWanted(request) > MAX_PARTITIONS_PER_REQUEST;
        for (CreatePartitionsTopic topic : request.topics()) {
            if (duplicates.contains(topic.name())) continue;
            Refusal refusal = tooMany
                    ? new Refusal(
                            ErrorCode.POLICY_VIOLATION,
                            "Excessively large number of additional partitions per request.")
                    : add(topic, records);
            results.add(result(topic.name(), refusal));
        }
        for (String name : duplicates) results.add(result(name, Refusal.invalidRequest("Duplicate topic name.")));
        return Decision.atomic(
                request.validateOnly() ? List.of() : records,
                CreatePartitionsResponse.builder().results(results).build());
    }

    private long partitionsWanted(CreatePartitionsRequest request) {
        long count = 0;
        for (CreatePartitionsTopic wanted : request.topics()) {
            TopicImage topic = image.topics().topic(wanted.name());
            if (topic != null) count += Math.max(0, wanted.count() - topic.partitionCount());
        }
        return count;
    }

    private static CreatePartitionsTopicResult result(String name, @Nullable Refusal refusal) {
        CreatePartitionsTopicResult.Builder builder =
                CreatePartitionsTopicResult.builder().name(name).errorMessage(null);
        if (refusal != null) builder.errorCode(refusal.error().code()).errorMessage(refusal.message());
        return builder.build();
    }

    private @Nullable Refusal add(CreatePartitionsTopic wanted, List<VersionedRecord> records) {
        TopicImage topic = image.topics().topic(wanted.name());
        if (topic == null) return new Refusal(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, null);
        int present = topic.partitionCount();
        if (wanted.count() == present)
            return new Refusal(ErrorCode.INVALID_PARTITIONS, "Topic already has " + present + " partition(s).");
        if (wanted.count() < present)
            return new Refusal(
                    ErrorCode.INVALID_PARTITIONS,
                    "The topic " + topic.name() + " currently has " + present + " partition(s); " + wanted.count()
                            + " would not be an increase.");
        int additional = wanted.count() - present;
        PartitionImage first = topic.partition(0);
        if (first == null) throw new IllegalStateException("topic " + topic.name() + " has no partition 0");
        int replicationFactor = first.replicas().size();
        List<List<Integer>> assignment = new ArrayList<>();
        Refusal refusal = assign(wanted.assignments(), additional, replicationFactor, assignment);
        if (refusal != null) return refusal;
        List<VersionedRecord> added = new ArrayList<>();
        for (int i = 0; i < additional; i++) {
            Optional<VersionedRecord> record = NewPartition.record(topic.id(), present + i, assignment.get(i), image);
            if (record.isEmpty())
                return ManualAssignment.refusal(
                        "All brokers specified in the manual partition assignment for partition " + (present + i)
                                + " are fenced or in controlled shutdown.");
            added.add(record.get());
        }
        records.addAll(added);
        return null;
    }

    private @Nullable Refusal assign(
            @Nullable List<CreatePartitionsAssignment> manual,
            int additional,
            int replicationFactor,
            List<List<Integer>> assignment) {
        if (manual == null) {
            Placement placement = Placement.among(image.cluster(), draws);
            String refusal = placement.refusal(replicationFactor);
            if (refusal != null)
                return new Refusal(
                        ErrorCode.INVALID_REPLICATION_FACTOR,
                        placement.isAllCordoned()
                                ? refusal
                                : "Unable to replicate the partition " + replicationFactor + " time(s): " + refusal);
            for (int i = 0; i < additional; i++) assignment.add(placement.next(replicationFactor));
            return null;
        }
        if (manual.size() != additional)
            return ManualAssignment.refusal("Attempted to add " + additional + " additional partition(s), but only "
                    + manual.size() + " assignment(s) were specified.");
        for (CreatePartitionsAssignment each : manual) {
            Refusal refusal = ManualAssignment.refusal(each.brokerIds(), replicationFactor, image.cluster());
            if (refusal != null) return refusal;
            assignment.add(each.brokerIds());
        }
        return null;
    }
}
