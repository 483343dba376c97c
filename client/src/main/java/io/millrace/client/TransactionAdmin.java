package io.millrace.client;

import io.millrace.client.sending.ProducerIdAndEpoch;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.DescribeTransactionsRequest;
import io.millrace.protocol.messages.DescribeTransactionsResponse;
import io.millrace.protocol.messages.InitProducerIdRequest;
import io.millrace.protocol.messages.InitProducerIdResponse;
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
    private static final int FIRST_BY_AGE = 1;
    private static final int FIRST_BY_PATTERN = 2;

    /** Of a transaction that is never begun: any that a cluster takes. */
    private static final int FENCING_TIMEOUT_MS = 1;

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
     * Which transactional ids are meant: those that agree with each part.
     *
     * @param states by Kafka's names, one of them; none for all
     * @param producerIds one of them; none for all
     * @param olderThanMs begun so long ago at least, and ids that have begun none (KIP-994, Kafka 3.8); negative for all
     * @param pattern a regular expression of RE2 for the whole id (KIP-1152, Kafka 4.1); empty for all
     */
    public record Filter(Collection<String> states, Collection<Long> producerIds, long olderThanMs, String pattern) {
        /** All there are. */
        public static final Filter ALL = new Filter(List.of(), List.of(), -1, "");

        /** Fixes the collections. */
        public Filter {
            states = List.copyOf(states);
            producerIds = List.copyOf(producerIds);
        }
    }

    /**
     * All transactional ids of all brokers, by id.
     *
     * @param states only those in one of these states, by Kafka's names; none for all
     * @throws ClientFailure.Refused if a broker's coordinator cannot answer
     * @throws ClientFailure.NotSupported if a broker does not know the request
     * @throws IllegalArgumentException if a state is not known
     */
    public List<Listing> list(Collection<String> states) {
        return list(new Filter(states, List.of(), -1, ""));
    }

    /**
     * The transactional ids of all brokers that a filter means, by id.
     *
     * @throws ClientFailure.Refused if a broker's coordinator cannot answer; INVALID_REGULAR_EXPRESSION if the pattern is none
     * @throws ClientFailure.NotSupported if a broker does not know the request, or the filter
     * @throws IllegalArgumentException if a state is not known
     */
    public List<Listing> list(Filter filter) {
        Deadline deadline = cluster.deadline();
        Map<String, Listing> found = new TreeMap<>();
        int lowest = 0;
        if (filter.olderThanMs() >= 0) lowest = FIRST_BY_AGE;
        if (!filter.pattern().isEmpty()) lowest = FIRST_BY_PATTERN;
        for (int brokerId : cluster.brokerIds(deadline)) {
            var request = ListTransactionsRequest.builder()
                    .stateFilters(List.copyOf(filter.states()))
                    .producerIdFilters(List.copyOf(filter.producerIds()))
                    .durationFilter(Math.max(-1, filter.olderThanMs()))
                    .transactionalIdPattern(filter.pattern().isEmpty() ? null : filter.pattern())
                    .build();
            var call = Call.of(request, ListTransactionsResponse.class, answer -> List.of(answer.errorCode()))
                    .from(lowest);
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

    /**
     * Fences the producers of these transactional ids: what they have under way is aborted, and they can do no more.
     *
     * @return by transactional id: the producer id and epoch that a newer producer of it begins from
     */
    public Map<String, Answer<ProducerIdAndEpoch>> fence(Collection<String> transactionalIds) {
        Deadline deadline = cluster.deadline();
        Map<String, Answer<ProducerIdAndEpoch>> outcomes = new LinkedHashMap<>();
        for (String id : transactionalIds) {
            var request = InitProducerIdRequest.builder()
                    .transactionalId(id)
                    .transactionTimeoutMs(FENCING_TIMEOUT_MS)
                    .build();
            var call = Call.of(request, InitProducerIdResponse.class, answer -> List.of(answer.errorCode()));
            var answer = cluster.ask(new Destination.TransactionCoordinator(id), call, deadline);
            outcomes.put(
                    id,
                    Answer.of(
                            answer.errorCode(),
                            null,
                            new ProducerIdAndEpoch(answer.producerId(), answer.producerEpoch())));
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
