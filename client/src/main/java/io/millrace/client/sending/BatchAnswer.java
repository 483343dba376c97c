package io.millrace.client.sending;

import io.millrace.protocol.ErrorCode;
import java.util.Map;

/**
 * What a broker said about a batch, or that it said nothing.
 *
 * @param error {@link ErrorCode#NONE} if it is in the log; {@link ErrorCode#NETWORK_EXCEPTION} if there was no answer
 * @param baseOffset the first record's offset, -1 if unknown
 * @param logAppendTimeMs -1 unless the broker gave the records their time stamp
 * @param words what it said besides; may be empty
 * @param byRecord what is wrong with single records, by their place in the batch
 * @param isLeaderNews whether the answer told a new leader, so that there is no reason to wait
 */
public record BatchAnswer(
        ErrorCode error,
        long baseOffset,
        long logAppendTimeMs,
        String words,
        Map<Integer, String> byRecord,
        boolean isLeaderNews) {
    /** There was no answer. */
    public static BatchAnswer lost(String sentence) {
        return new BatchAnswer(ErrorCode.NETWORK_EXCEPTION, -1, -1, sentence, Map.of(), false);
    }

    /** The error and the words, in one phrase. */
    String phrase() {
        return words.isEmpty() ? error + ", " + error.message() : error + ", " + words;
    }
}
