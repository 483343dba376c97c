package io.millrace.cli.dump;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How much is printed.
 *
 * @param deep records as well as batches
 * @param printsData keys and values that nothing decodes
 * @param chosenDecoder null to go by the file's directory
 * @param maxBytes how much of each segment is read
 */
record DumpOptions(
        boolean deep, boolean printsData, @Nullable RecordDecoder chosenDecoder, long maxBytes) {
    RecordDecoder decoder(Path file) {
        RecordDecoder chosen = chosenDecoder;
        return chosen == null ? RecordDecoder.forFile(file) : chosen;
    }

    /** Records of Kafka's own topics are always shown: their batches alone say little. */
    boolean wantsRecords(RecordDecoder decoder) {
        return deep || printsData || decoder != RecordDecoder.NONE;
    }
}
