package io.millrace.client.fetching;

import io.millrace.protocol.ErrorCode;

/** What is to be done about an event of a partition. */
public sealed interface FetchDeed {
    /** Ask for metadata: what is known proved wrong. */
    record Refresh() implements FetchDeed {}

    /** Tell the application's side where reading begins, which it did not know. */
    record TellPosition(FetchPosition position) implements FetchDeed {}

    /**
     * Tell the application: nothing more comes until it seeks.
     *
     * @param sentence names the partition
     */
    record TellFailure(ErrorCode error, String sentence) implements FetchDeed {}
}
