package io.millrace.controller;

import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.TopicImage;
import io.millrace.metadata.VersionedRecord;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.DeleteTopicsRequest;
import io.millrace.protocol.messages.DeleteTopicsRequest.DeleteTopicState;
import io.millrace.protocol.messages.DeleteTopicsResponse;
import io.millrace.protocol.messages.DeleteTopicsResponse.DeletableTopicResult;
import io.millrace.protocol.messages.RemoveTopicRecord;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** DeleteTopics, by name or by id (KIP-516). */
final class TopicDeletion {
    private final MetadataImage image;
    private final boolean isEnabled;

    TopicDeletion(MetadataImage image, boolean isEnabled) {
        this.image = image;
        this.isEnabled = isEnabled;
    }

    Decision<DeleteTopicsResponse> handle(DeleteTopicsRequest request) {
        List<DeleteTopicState> wanted = new ArrayList<>(request.topics());
        for (String name : request.topicNames())
            wanted.add(DeleteTopicState.builder().name(name).build());
        Set<String> duplicateNames = TopicCreation.duplicates(
                wanted.stream().map(DeleteTopicState::name).toList());
        Set<Uuid> duplicateIds = duplicateIds(wanted);
        List<DeletableTopicResult> results = new ArrayList<>();
        List<VersionedRecord> records = new ArrayList<>();
        Set<Uuid> removed = new HashSet<>();
        for (DeleteTopicState each : wanted) {
            String name = each.name();
            if (name != null && duplicateNames.contains(name)) continue;
            if (name == null && duplicateIds.contains(each.topicId())) continue;
            results.add(remove(name, each.topicId(), removed, records));
        }
        for (String name : duplicateNames)
            results.add(failed(name, Uuid.ZERO, Refusal.invalidRequest("Duplicate topic name.")));
        for (Uuid id : duplicateIds) results.add(failed(null, id, Refusal.invalidRequest("Duplicate topic id.")));
        return Decision.inParts(
                records, DeleteTopicsResponse.builder().responses(results).build());
    }

    private static Set<Uuid> duplicateIds(List<DeleteTopicState> wanted) {
        Set<Uuid> seen = new HashSet<>();
        Set<Uuid> duplicates = new TreeSet<>();
        for (DeleteTopicState each : wanted)
            if (each.name() == null && !each.topicId().equals(Uuid.ZERO) && !seen.add(each.topicId()))
                duplicates.add(each.topicId());
        return duplicates;
    }

    private DeletableTopicResult remove(
            @Nullable String name, Uuid id, Set<Uuid> removed, List<VersionedRecord> records) {
        boolean hasId = !id.equals(Uuid.ZERO);
        if (name != null && hasId)
            return failed(name, id, Refusal.invalidRequest("You may not specify both topic name and topic id."));
        if (name == null && !hasId)
            return failed(null, id, Refusal.invalidRequest("Neither topic name nor id were specified."));
        if (!isEnabled)
            return failed(
                    name,
                    id,
                    new Refusal(ErrorCode.TOPIC_DELETION_DISABLED, ErrorCode.TOPIC_DELETION_DISABLED.message()));
        TopicImage topic =
                name == null ? image.topics().topic(id) : image.topics().topic(name);
        if (topic == null)
            return failed(
                    name,
                    id,
                    name == null
                            ? new Refusal(ErrorCode.UNKNOWN_TOPIC_ID, "This server does not host this topic ID.")
                            : new Refusal(
                                    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
                                    "This server does not host this topic-partition."));
        if (!removed.add(topic.id()))
            return failed(
                    name,
                    topic.id(),
                    Refusal.invalidRequest("The provided topic name maps to an ID that was already supplied."));
        records.add(VersionedRecord.v0(
                RemoveTopicRecord.builder().topicId(topic.id()).build()));
        return DeletableTopicResult.builder()
                .name(topic.name())
                .topicId(topic.id())
                .errorMessage(null)
                .build();
    }

    private static DeletableTopicResult failed(@Nullable String name, Uuid id, Refusal refusal) {
        return DeletableTopicResult.builder()
                .name(name)
                .topicId(id)
                .errorCode(refusal.error().code())
                .errorMessage(refusal.message())
                .build();
    }
}
