package io.millrace.client.fetching.run;

import io.millrace.client.fetching.FetchPosition;
import io.millrace.client.fetching.FetchedRange;
import io.millrace.protocol.ErrorCode;

/** The application's end of a partition. Called on the lane, so nothing in it waits. */
public interface FetchSink {
    /** Records came; whoever takes them says {@link FetcherLane#released} when they are not held any more. */
    void fetched(FetchedRange range);

    /** Reading begins there. */
    void positioned(long generation, FetchPosition position);

    /** Nothing comes until a seek. */
    void failed(long generation, ErrorCode error, String sentence);

    /**
     * How far the log reaches, as the last answer had it; -1 for what it did not say.
     *
     * @param highWatermark just past what every in-sync replica has
     * @param lastStableOffset just past what is decided, as far as transactions go
     */
    void reaches(long logStartOffset, long highWatermark, long lastStableOffset);
}
