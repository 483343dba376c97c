package io.millrace.coordinators.group;

import io.millrace.protocol.ErrorCode;

/** What a client of the group APIs is told of errors that the log or the shard reported. */
public final class GroupErrors {
    private GroupErrors() {}

    /** As the membership APIs say it, such as JoinGroup. */
    public static ErrorCode ofMembership(ErrorCode error) {
        return switch (error) {
            case UNKNOWN_TOPIC_OR_PARTITION, NOT_ENOUGH_REPLICAS, NOT_ENOUGH_REPLICAS_AFTER_APPEND, REQUEST_TIMED_OUT ->
                ErrorCode.COORDINATOR_NOT_AVAILABLE;
            case NOT_LEADER_OR_FOLLOWER, KAFKA_STORAGE_ERROR -> ErrorCode.NOT_COORDINATOR;
            case MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE, INVALID_FETCH_SIZE -> ErrorCode.UNKNOWN_SERVER_ERROR;
            default -> error;
        };
    }

    /** As OffsetCommit says it, where records too large are the client's own doing. */
    public static ErrorCode ofCommit(ErrorCode error) {
        return switch (error) {
            case MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE, INVALID_FETCH_SIZE -> ErrorCode.INVALID_COMMIT_OFFSET_SIZE;
            default -> ofMembership(error);
        };
    }
}
