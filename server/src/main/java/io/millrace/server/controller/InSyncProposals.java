package io.millrace.server.controller;

import io.millrace.controller.Controller;
import io.millrace.controller.ControllerContext;
import io.millrace.controller.Decision;
import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.AlterPartitionRequest;
import io.millrace.protocol.messages.AlterPartitionResponse;
import io.millrace.replication.IsrProposal;
import io.millrace.replication.ProposalAnswer;
import io.millrace.replication.run.LeaderPartition;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.partitions.InSyncChanges;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Carries the proposals of a broker's leaders to the controller (AlterPartition, KIP-497), all that wait in one request, and never a second
 * request before the first is answered: so they arrive in the order in which they were made. Lives on the metadata lane.
 */
public final class InSyncProposals implements InSyncChanges {
    /** A request names so many partitions at most; those that come after have their turn with the next one. */
    private static final int MOST_AT_ONCE = 5_000;

    private static final long FIRST_BACKOFF_MS = 50;
    private static final long LONGEST_BACKOFF_MS = 1_000;
    private static final short VERSION = 3;
    private static final byte RECOVERED = 0;

    private final Way way;
    private final LongSupplier brokerEpoch;
    private final int brokerId;
    private final Lane metadataLane;

    /** One for each partition at most: a leader makes no second proposal before it has heard of the first. */
    private final Map<Key, Asked> waiting = new LinkedHashMap<>();

    private boolean isAsking;
    private boolean isAboutToAsk;
    private long backoffMs = FIRST_BACKOFF_MS;

    /** How the active controller is asked. */
    public interface Way {
        /** Asks, on the metadata lane, where the answer comes too; there always is one. */
        void ask(AlterPartitionRequest request, Consumer<AlterPartitionResponse> then);
    }

    private record Key(Uuid topicId, int partition) {}

    private record Asked(BrokerLane home, LeaderPartition partition, Key key, IsrProposal proposal) {}

    /**
     * Makes the carrier of a broker.
     *
     * @param brokerEpoch of the broker's registration, asked on the metadata lane; a request with an old one is refused, and made again
     */
    public InSyncProposals(Way way, LongSupplier brokerEpoch, int brokerId, Lane metadataLane) {
        this.way = way;
        this.brokerEpoch = brokerEpoch;
        this.brokerId = brokerId;
        this.metadataLane = metadataLane;
    }

    @Override
    public void propose(BrokerLane home, LeaderPartition partition, IsrProposal proposal) {
        Uuid topicId = partition.log().topicId().orElse(Uuid.ZERO);
        Key key = new Key(topicId, partition.name().partition());
        Asked asked = new Asked(home, partition, key, proposal);
        metadataLane.execute(() -> {
            waiting.put(key, asked);
            if (isAsking || isAboutToAsk) return;
            isAboutToAsk = true;
            // What the lanes say within this turn goes along.
            metadataLane.execute(this::ask);
        });
    }

    private void ask() {
        isAboutToAsk = false;
        if (isAsking || waiting.isEmpty()) return;
        List<Asked> sent = new ArrayList<>();
        for (Iterator<Asked> next = waiting.values().iterator(); next.hasNext() && sent.size() < MOST_AT_ONCE; ) {
            sent.add(next.next());
            next.remove();
        }
        isAsking = true;
        way.ask(request(sent), response -> {
            isAsking = false;
            backoffMs = response.errorCode() == ErrorCode.NONE.code()
                    ? FIRST_BACKOFF_MS
                    : Math.min(LONGEST_BACKOFF_MS, backoffMs * 2);
            tell(sent, response);
            if (!waiting.isEmpty() && !isAboutToAsk) {
                isAboutToAsk = true;
                metadataLane.execute(this::ask);
            }
        });
    }

    private AlterPartitionRequest request(List<Asked> sent) {
        Map<Uuid, List<AlterPartitionRequest.PartitionData>> byTopic = new LinkedHashMap<>();
        for (Asked asked : sent)
            byTopic.computeIfAbsent(asked.key().topicId(), id -> new ArrayList<>())
                    .add(partitionData(asked));
        List<AlterPartitionRequest.TopicData> topics = new ArrayList<>();
        byTopic.forEach((id, partitions) -> topics.add(AlterPartitionRequest.TopicData.builder()
                .topicId(id)
                .partitions(partitions)
                .build()));
        return AlterPartitionRequest.builder()
                .brokerId(brokerId)
                .brokerEpoch(brokerEpoch.getAsLong())
                .topics(topics)
                .build();
    }

    private static AlterPartitionRequest.PartitionData partitionData(Asked asked) {
        IsrProposal proposal = asked.proposal();
        return AlterPartitionRequest.PartitionData.builder()
                .partitionIndex(asked.key().partition())
                .leaderEpoch(proposal.leaderEpoch())
                .partitionEpoch(proposal.partitionEpoch())
                .newIsrWithEpochs(proposal.isr().stream()
                        .map(member -> AlterPartitionRequest.BrokerState.builder()
                                .brokerId(member.brokerId())
                                .brokerEpoch(member.brokerEpoch())
                                .build())
                        .toList())
                .leaderRecoveryState(RECOVERED)
                .build();
    }

    private void tell(List<Asked> sent, AlterPartitionResponse response) {
        Map<Key, AlterPartitionResponse.PartitionData> answers = new HashMap<>();
        for (var topic : response.topics())
            for (var partition : topic.partitions())
                answers.put(new Key(topic.topicId(), partition.partitionIndex()), partition);
        for (Asked asked : sent) {
            ProposalAnswer answer = response.errorCode() == ErrorCode.NONE.code()
                    ? answer(answers.get(asked.key()))
                    : new ProposalAnswer.Refused(ErrorCode.forCode(response.errorCode()));
            asked.home().lane().execute(() -> {
                ProposalAnswer.Consequence then =
                        asked.home().applier().inSync().answered(asked.partition(), asked.proposal(), answer);
                if (then == ProposalAnswer.Consequence.ASK_AGAIN) metadataLane.execute(() -> askAgain(asked));
            });
        }
    }

    private static ProposalAnswer answer(AlterPartitionResponse.@Nullable PartitionData found) {
        if (found == null) return new ProposalAnswer.Unanswered();
        if (found.errorCode() != ErrorCode.NONE.code())
            return new ProposalAnswer.Refused(ErrorCode.forCode(found.errorCode()));
        return new ProposalAnswer.Committed(found.leaderEpoch(), found.partitionEpoch(), found.isr());
    }

    private void askAgain(Asked asked) {
        waiting.putIfAbsent(asked.key(), asked);
        if (isAsking || isAboutToAsk) return;
        isAboutToAsk = true;
        metadataLane.schedule(backoffMs, this::ask);
    }

    /** The question to a controller. */
    public record Alteration(AlterPartitionRequest request)
            implements ControllerAccess.Question<AlterPartitionResponse> {
        @Override
        public Decision<AlterPartitionResponse> decide(Controller controller, ControllerContext context) {
            return controller.alterPartition(request, VERSION);
        }

        @Override
        public AlterPartitionResponse refused(ErrorCode error) {
            return AlterPartitionResponse.builder().errorCode(error.code()).build();
        }
    }
}
