package io.millrace.server.network;

import io.millrace.connection.ConversationLimits;
import io.millrace.connection.run.ConversationLane;
import io.millrace.connection.run.PayloadFiles;
import io.millrace.environment.Clock;
import io.millrace.server.fetch.FetchSessions;

/**
 * What the served connections of one lane share.
 *
 * @param shared buffers and counters
 * @param apis the lane's handlers
 * @param counters what was asked and how long it took
 * @param limits bounds of a conversation
 * @param files where file-backed records lie
 * @param fetchSessions the sessions of the lane's connections
 * @param retainsProduce whether a produce request's bytes are needed beyond the handler's run, as they are when its
 *     partitions can belong to other lanes
 */
public record LaneNetwork(
        ConversationLane shared,
        ApiTable apis,
        RequestCounters counters,
        ConversationLimits limits,
        PayloadFiles files,
        Clock clock,
        FetchSessions fetchSessions,
        boolean retainsProduce) {}
