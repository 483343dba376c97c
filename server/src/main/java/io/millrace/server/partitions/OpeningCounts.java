package io.millrace.server.partitions;

/**
 * How far the opening of logs that were found on disk has come.
 *
 * @param waiting those that are not open yet
 * @param opened those that are
 * @param offline those that could not be opened, because of damage or a failed directory
 * @param bytesScanned bytes that were read and checked behind recovery points
 */
public record OpeningCounts(int waiting, int opened, int offline, long bytesScanned) {
    /** Nothing found, nothing opened. */
    public static final OpeningCounts NONE = new OpeningCounts(0, 0, 0, 0);

    /** Both together. */
    public OpeningCounts plus(OpeningCounts other) {
        return new OpeningCounts(
                waiting + other.waiting,
                opened + other.opened,
                offline + other.offline,
                bytesScanned + other.bytesScanned);
    }
}
