package io.millrace.server.handlers;

import io.millrace.coordinators.group.SingleGroupOffsetFetch;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.OffsetFetchRequest;
import io.millrace.protocol.messages.OffsetFetchResponse;
import io.millrace.server.groups.GroupRoute;
import io.millrace.server.network.Exchange;
import io.millrace.server.network.Handler;
import io.millrace.server.partitions.BrokerLane;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** OffsetFetch (key 9), versions 1-10: several groups from v8 (KIP-709), topic ids from v10. Each group's shard is asked. */
public final class OffsetFetchHandler implements Handler<OffsetFetchRequest, OffsetFetchResponse> {
    private static final int FIRST_VERSION_WITH_GROUPS = 8;
    private static final int FIRST_VERSION_WITH_IDS = 10;

    private final BrokerLane home;
    private final GroupRoute groups;

    /** Makes the handler of one lane. */
    public OffsetFetchHandler(BrokerLane home, GroupRoute groups) {
        this.home = home;
        this.groups = groups;
    }

    @Override
    public void handle(OffsetFetchRequest request, Exchange<OffsetFetchResponse> exchange) {
        int version = exchange.version();
        boolean requireStable = request.requireStable();
        if (version < FIRST_VERSION_WITH_GROUPS) {
            OffsetFetchRequest.OffsetFetchRequestGroup group = SingleGroupOffsetFetch.groupOf(request);
            groups.to(
                    group.groupId(),
                    shard -> shard.fetchOffsets(
                            group,
                            requireStable,
                            answer -> exchange.reply(SingleGroupOffsetFetch.responseOf(version, request, answer))));
            return;
        }
        boolean byTopicId = version >= FIRST_VERSION_WITH_IDS;
        Answers answers = new Answers(request.groups().size(), exchange);
        if (request.groups().isEmpty())
            exchange.reply(OffsetFetchResponse.builder().build());
        for (int i = 0; i < request.groups().size(); i++) {
            int slot = i;
            Resolved resolved = resolve(request.groups().get(i), byTopicId);
            groups.to(
                    resolved.group().groupId(),
                    shard -> shard.fetchOffsets(
                            resolved.group(),
                            requireStable,
                            answer -> home.run(() -> answers.add(slot, complete(answer, resolved, byTopicId)))));
        }
    }

    private record Resolved(
            OffsetFetchRequest.OffsetFetchRequestGroup group,
            List<OffsetFetchResponse.OffsetFetchResponseTopics> unknown) {}

    private Resolved resolve(OffsetFetchRequest.OffsetFetchRequestGroup group, boolean byTopicId) {
        if (!byTopicId || group.topics() == null) return new Resolved(group, List.of());
        List<OffsetFetchRequest.OffsetFetchRequestTopics> known = new ArrayList<>();
        List<OffsetFetchResponse.OffsetFetchResponseTopics> unknown = new ArrayList<>();
        for (var topic : group.topics()) {
            var found = home.image().topics().topic(topic.topicId());
            if (found != null) known.add(topic.toBuilder().name(found.name()).build());
            else
                unknown.add(OffsetFetchResponse.OffsetFetchResponseTopics.builder()
                        .topicId(topic.topicId())
                        .partitions(topic.partitionIndexes().stream()
                                .map(index -> OffsetFetchResponse.OffsetFetchResponsePartitions.builder()
                                        .partitionIndex(index)
                                        .committedOffset(-1)
                                        .committedLeaderEpoch(-1)
                                        .metadata("")
                                        .errorCode(ErrorCode.UNKNOWN_TOPIC_ID.code())
                                        .build())
                                .toList())
                        .build());
        }
        return new Resolved(group.toBuilder().topics(known).build(), unknown);
    }

    /** From v10 topics are named by id: those of all topics asked for at once may have been deleted, and are left out. */
    private OffsetFetchResponse.OffsetFetchResponseGroup complete(
            OffsetFetchResponse.OffsetFetchResponseGroup answer, Resolved resolved, boolean byTopicId) {
        if (!byTopicId) return answer;
        List<OffsetFetchResponse.OffsetFetchResponseTopics> topics = new ArrayList<>();
        for (var topic : answer.topics()) {
            var found = home.image().topics().topic(topic.name());
            if (found != null) topics.add(topic.toBuilder().topicId(found.id()).build());
        }
        if (answer.errorCode() == ErrorCode.NONE.code()) topics.addAll(resolved.unknown());
        return answer.toBuilder().topics(topics).build();
    }

    private static final class Answers {
        private final OffsetFetchResponse.@Nullable OffsetFetchResponseGroup[] groups;
        private final Exchange<OffsetFetchResponse> exchange;
        private int missing;

        Answers(int count, Exchange<OffsetFetchResponse> exchange) {
            this.groups = new OffsetFetchResponse.OffsetFetchResponseGroup[count];
            this.exchange = exchange;
            this.missing = count;
        }

        void add(int slot, OffsetFetchResponse.OffsetFetchResponseGroup answer) {
            groups[slot] = answer;
            if (--missing > 0) return;
            List<OffsetFetchResponse.OffsetFetchResponseGroup> all = new ArrayList<>();
            for (var group : groups) if (group != null) all.add(group);
            exchange.reply(OffsetFetchResponse.builder().groups(all).build());
        }
    }
}
