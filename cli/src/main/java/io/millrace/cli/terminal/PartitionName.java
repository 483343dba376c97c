package io.millrace.cli.terminal;

import io.millrace.records.TopicPartition;
import picocli.CommandLine.ParameterException;

/** Reads {@code TOPIC:PARTITION}. */
public final class PartitionName {
    private PartitionName() {}

    /** The partition that a word names; another word ends the command with status 2. */
    public static TopicPartition parse(String word, Terminal terminal) {
        int colon = word.lastIndexOf(':');
        try {
            if (colon > 0)
                return new TopicPartition(
                        word.substring(0, colon), Integer.parseUnsignedInt(word.substring(colon + 1)));
        } catch (IllegalArgumentException notANumber) {
            throw wrong(word, terminal);
        }
        throw wrong(word, terminal);
    }

    private static ParameterException wrong(String word, Terminal terminal) {
        return terminal.wronglyAsked(word + " is not of the form TOPIC:PARTITION");
    }
}
