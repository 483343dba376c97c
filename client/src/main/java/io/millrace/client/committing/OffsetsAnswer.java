package io.millrace.client.committing;

import io.millrace.client.CommittedOffset;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import java.util.Map;

/**
 * What a coordinator said of partitions.
 *
 * @param errors of all partitions it said anything of; {@link ErrorCode#NONE} where it did as asked
 * @param offsets what is committed, if that was asked, where anything is
 */
public record OffsetsAnswer(Map<TopicPartition, ErrorCode> errors, Map<TopicPartition, CommittedOffset> offsets) {
    /** Whether another broker is to be looked for. */
    public boolean isOfAnotherCoordinator() {
        for (ErrorCode each : errors.values())
            if (CoordinatorVerdict.of(each) == CoordinatorVerdict.FIND_COORDINATOR) return true;
        return false;
    }

    /** Whether what is known of topics is out of date. */
    public boolean isOfOtherTopics() {
        return errors.containsValue(ErrorCode.UNKNOWN_TOPIC_ID)
                || errors.containsValue(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    }
}
