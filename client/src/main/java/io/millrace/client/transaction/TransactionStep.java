package io.millrace.client.transaction;

import io.millrace.client.sending.ProducerIdAndEpoch;
import io.millrace.records.TopicPartition;
import java.util.List;

/** One request that {@link ProducerTransactions} wants made. It is told the answer before it wants another. */
public sealed interface TransactionStep {
    /** To any broker: who coordinates these transactions. */
    record FindTransactionCoordinator() implements TransactionStep {}

    /** To any broker: who coordinates this group. */
    record FindGroupCoordinator(String groupId) implements TransactionStep {}

    /** To the coordinator: a producer id; a higher epoch, if the producer has one. */
    record Identify(int coordinator, ProducerIdAndEpoch current) implements TransactionStep {}

    /** To the coordinator, in version 1 of transactions: these will be written to. */
    record AddPartitions(int coordinator, ProducerIdAndEpoch producer, List<TopicPartition> partitions)
            implements TransactionStep {}

    /** To the coordinator, in version 1 of transactions: this group will get offsets. */
    record AddOffsets(int coordinator, ProducerIdAndEpoch producer, String groupId) implements TransactionStep {}

    /** To the group's coordinator: the offsets that the group gets on commit. */
    record CommitOffsets(int coordinator, ProducerIdAndEpoch producer, GroupOffsets offsets)
            implements TransactionStep {}

    /** To the coordinator: the decision. */
    record End(int coordinator, ProducerIdAndEpoch producer, boolean isCommit) implements TransactionStep {}
}
