package io.millrace.coordinators.group;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.OffsetFetchRequest;
import io.millrace.protocol.messages.OffsetFetchResponse;
import java.util.ArrayList;
import java.util.List;

/** OffsetFetch up to version 7, which asks for one group only, in the terms of the versions after it. */
public final class SingleGroupOffsetFetch {
    private static final int TOP_LEVEL_ERROR_VERSION = 2;

    private SingleGroupOffsetFetch() {}

    /** The group that a request up to version 7 asks for. */
    public static OffsetFetchRequest.OffsetFetchRequestGroup groupOf(OffsetFetchRequest request) {
        var group = OffsetFetchRequest.OffsetFetchRequestGroup.builder().groupId(request.groupId());
        if (request.topics() == null) return group.topics(null).build();
        List<OffsetFetchRequest.OffsetFetchRequestTopics> topics =
                new ArrayList<>(request.topics().size());
        for (var topic : request.topics()) {
            topics.add(OffsetFetchRequest.OffsetFetchRequestTopics.builder()
                    .name(topic.name())
                    .partitionIndexes(topic.partitionIndexes())
                    .build());
        }
        return group.topics(topics).build();
    }

    /**
     * A group's answer as a response up to version 7. Version 1 has no place for a group's error, so that each partition
     * asked for says it.
     */
    public static OffsetFetchResponse responseOf(
            int version, OffsetFetchRequest request, OffsetFetchResponse.OffsetFetchResponseGroup answer) {
        boolean isRefused = answer.errorCode() != ErrorCode.NONE.code();
        if (isRefused && version < TOP_LEVEL_ERROR_VERSION) {
            return OffsetFetchResponse.builder()
                    .topics(refused(request, answer.errorCode()))
                    .build();
        }
        List<OffsetFetchResponse.OffsetFetchResponseTopic> topics =
                new ArrayList<>(answer.topics().size());
        for (var topic : answer.topics()) {
            List<OffsetFetchResponse.OffsetFetchResponsePartition> partitions =
                    new ArrayList<>(topic.partitions().size());
            for (var partition : topic.partitions()) {
                partitions.add(OffsetFetchResponse.OffsetFetchResponsePartition.builder()
                        .partitionIndex(partition.partitionIndex())
                        .committedOffset(partition.committedOffset())
                        .committedLeaderEpoch(partition.committedLeaderEpoch())
                        .metadata(partition.metadata())
                        .errorCode(partition.errorCode())
                        .build());
            }
            topics.add(OffsetFetchResponse.OffsetFetchResponseTopic.builder()
                    .name(topic.name())
                    .partitions(partitions)
                    .build());
        }
        return OffsetFetchResponse.builder()
                .errorCode(answer.errorCode())
                .topics(topics)
                .build();
    }

    private static List<OffsetFetchResponse.OffsetFetchResponseTopic> refused(
            OffsetFetchRequest request, short errorCode) {
        if (request.topics() == null) return List.of();
        List<OffsetFetchResponse.OffsetFetchResponseTopic> topics =
                new ArrayList<>(request.topics().size());
        for (var topic : request.topics()) {
            topics.add(OffsetFetchResponse.OffsetFetchResponseTopic.builder()
                    .name(topic.name())
                    .partitions(topic.partitionIndexes().stream()
                            .map(partition -> OffsetFetchResponse.OffsetFetchResponsePartition.builder()
                                    .partitionIndex(partition)
                                    .committedOffset(-1)
                                    .committedLeaderEpoch(-1)
                                    .metadata("")
                                    .errorCode(errorCode)
                                    .build())
                            .toList())
                    .build());
        }
        return topics;
    }
}
