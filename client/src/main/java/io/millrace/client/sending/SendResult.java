package io.millrace.client.sending;

import io.millrace.protocol.ErrorCode;
import java.util.Map;

/** What became of records. */
public sealed interface SendResult {
    /**
     * They are in the log.
     *
     * @param baseOffset the first one's offset; -1 if it is not known, as without acknowledgements
     * @param logAppendTimeMs their time stamp if the topic says when records were appended; else -1
     */
    record Written(long baseOffset, long logAppendTimeMs) implements SendResult {}

    /**
     * They have been given up.
     *
     * @param error what the broker said, or what it would have said
     * @param sentence what happened, for people
     * @param byRecord what is wrong with single records, by their place among those told of (KIP-467); mostly
     *     empty
     * @param isOutcomeUnknown whether they may be in the log all the same
     */
    record Failed(ErrorCode error, String sentence, Map<Integer, String> byRecord, boolean isOutcomeUnknown)
            implements SendResult {
        /** Keeps its own copy of the map. */
        public Failed {
            byRecord = Map.copyOf(byRecord);
        }

        /** A failure of all records alike, none of which is in the log. */
        public Failed(ErrorCode error, String sentence) {
            this(error, sentence, Map.of(), false);
        }
    }
}
