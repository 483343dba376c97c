package io.millrace.client;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.DescribeTransactionsRequest;
import io.millrace.protocol.messages.DescribeTransactionsResponse;
import io.millrace.protocol.messages.ListTransactionsRequest;
import io.millrace.protocol.messages.ListTransactionsResponse;
import io.millrace.records.TopicPartition;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** What an {@link Admin} asks of transactions (KIP-664). */
public final class TransactionAdmin {
    private final Cluster cluster;

    TransactionAdmin(Cluster cluster) {
        this.cluster = cluster;
    }

    /**
     * A transactional id that a coordinator knows.
     *
     * @param producerId of its producer, -1 if it has none yet
     * @param state by Kafka's name, such as Ongoing or CompleteCommit
     */
    public record Listing(String transactionalId, long producerId, String state) {}

    /**
     * How a transactional id stands.
     *
     * @param state by Kafka's name
     * @param timeoutMs after which its coordinator ends a transaction of it
     * @param startedAtMs of the one under way, or of the last, since 1970; empty if there was none
     * @param partitions that take part in the one under way
     */
    public record Description(
            String transactionalId,
            long producerId,
            int producerEpoch,
            String state,
            int timeoutMs,
            OptionalLong startedAtMs,
            SortedSet<TopicPartition> partitions) {}

    /**
     * All transactional ids of all brokers, by id.
     *
     * @param states only those in one of these states, by Kafka's names; none for all
     * @throws ClientFailure.Refused if a broker's coordinator cannot answer
     * @throws ClientFailure.NotSupported if a broker does not know the request
     * @throws IllegalArgumentException if a state is not known
     */
    public List<Listing> list(Collection<String> states) {
        Deadline deadline = cluster.deadline();
        Map<String, Listing> found = new TreeMap<>();
        for (int brokerId : cluster.brokerIds(deadline)) {
            var request = ListTransactionsRequest.builder()
                    .stateFilters(List.copyOf(states))
                    .build();
            var call = Call.of(request, ListTransactionsResponse.class, answer -> List.of(answer.errorCode()));
            var answer = cluster.ask(new Destination.Broker(brokerId), call, deadline);
            ErrorCode error = ErrorCode.forCode(answer.errorCode());
            if (error != ErrorCode.NONE) throw new ClientFailure.Refused(error, null);
            if (!answer.unknownStateFilters().isEmpty())
                throw new IllegalArgumentException("no transaction is ever in state "
                        + String.join(", ", new TreeSet<>(answer.unknownStateFilters())));
            for (var each : answer.transactionStates())
                found.put(
                        each.transactionalId(),
                        new Listing(each.transactionalId(), each.producerId(), each.transactionState()));
        }
        return List.copyOf(found.values());
    }

    /** How these transactional ids stand; TRANSACTIONAL_ID_NOT_FOUND where their coordinator knows nothing of one. */
    public Map<String, Answer<Description>> describe(Collection<String> transactionalIds) {
        Deadline deadline = cluster.deadline();
        Map<String, Answer<Description>> outcomes = new LinkedHashMap<>();
        for (String id : transactionalIds) {
            outcomes.put(id, TopicAdmin.unanswered());
            var request = DescribeTransactionsRequest.builder()
                    .transactionalIds(List.of(id))
                    .build();
            var call = Call.of(
                    request,
                    DescribeTransactionsResponse.class,
                    answer -> answer.transactionStates().stream()
                            .map(DescribeTransactionsResponse.TransactionState::errorCode)
                            .toList());
            var answer = cluster.ask(new Destination.TransactionCoordinator(id), call, deadline);
            for (var each : answer.transactionStates())
                if (each.transactionalId().equals(id))
                    outcomes.put(id, Answer.of(each.errorCode(), null, described(each)));
        }
        return outcomes;
    }

    private static Description described(DescribeTransactionsResponse.TransactionState state) {
        SortedSet<TopicPartition> partitions = new TreeSet<>();
        for (var topic : state.topics())
            for (int partition : topic.partitions())
                if (partition >= 0) partitions.add(new TopicPartition(topic.topic(), partition));
        return new Description(
                state.transactionalId(),
                state.producerId(),
                state.producerEpoch(),
                state.transactionState(),
                state.transactionTimeoutMs(),
                state.transactionStartTimeMs() < 0
                        ? OptionalLong.empty()
                        : OptionalLong.of(state.transactionStartTimeMs()),
                partitions);
    }
}
