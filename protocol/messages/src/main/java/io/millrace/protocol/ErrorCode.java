package io.millrace.protocol;

/**
 * The answers other than a result that Kafka's protocol has, by the protocol's names. A code says what the client may do
 * next: those that are retriable can be tried again as they are, perhaps after fresh metadata.
 */
public enum ErrorCode {
    /** An unexpected failure on the server. */
    UNKNOWN_SERVER_ERROR(-1, false, "an unexpected failure on the server"),
    /** No error. */
    NONE(0, false, "no error"),
    /** The offset lies outside what the log holds. */
    OFFSET_OUT_OF_RANGE(1, false, "the offset lies outside what the log holds"),
    /** The record batch is damaged (CRC, size) or lacks a key that a compacted topic needs. */
    CORRUPT_MESSAGE(2, true, "the record batch is damaged (CRC, size) or lacks a key that a compacted topic needs"),
    /** This broker has no such topic or partition. */
    UNKNOWN_TOPIC_OR_PARTITION(3, true, "this broker has no such topic or partition"),
    /** The fetch size makes no sense. */
    INVALID_FETCH_SIZE(4, false, "the fetch size makes no sense"),
    /** The partition has no leader just now; an election is under way. */
    LEADER_NOT_AVAILABLE(5, true, "the partition has no leader just now; an election is under way"),
    /** This broker is not the leader, or not even a replica, of the partition. */
    NOT_LEADER_OR_FOLLOWER(6, true, "this broker is not the leader, or not even a replica, of the partition"),
    /** The time allowed for the request ran out. */
    REQUEST_TIMED_OUT(7, true, "the time allowed for the request ran out"),
    /** The broker is not there. */
    BROKER_NOT_AVAILABLE(8, false, "the broker is not there"),
    /** The replica is not there for this partition. */
    REPLICA_NOT_AVAILABLE(9, true, "the replica is not there for this partition"),
    /** A record batch is larger than the topic allows. */
    MESSAGE_TOO_LARGE(10, false, "a record batch is larger than the topic allows"),
    /** The controller has moved to another node. */
    STALE_CONTROLLER_EPOCH(11, false, "the controller has moved to another node"),
    /** The metadata of the committed offset is too long. */
    OFFSET_METADATA_TOO_LARGE(12, false, "the metadata of the committed offset is too long"),
    /** The connection ended before the answer came. */
    NETWORK_EXCEPTION(13, true, "the connection ended before the answer came"),
    /** The coordinator is still loading its state. */
    COORDINATOR_LOAD_IN_PROGRESS(14, true, "the coordinator is still loading its state"),
    /** There is no coordinator just now. */
    COORDINATOR_NOT_AVAILABLE(15, true, "there is no coordinator just now"),
    /** This broker is not the coordinator for it. */
    NOT_COORDINATOR(16, true, "this broker is not the coordinator for it"),
    /** The topic's name is not valid, or the operation is not allowed on it. */
    INVALID_TOPIC_EXCEPTION(17, false, "the topic's name is not valid, or the operation is not allowed on it"),
    /** The batches are larger than a segment may be. */
    RECORD_LIST_TOO_LARGE(18, false, "the batches are larger than a segment may be"),
    /** Fewer replicas are in sync than the topic demands; nothing was written. */
    NOT_ENOUGH_REPLICAS(19, true, "fewer replicas are in sync than the topic demands; nothing was written"),
    /** Written, but to fewer in-sync replicas than the topic demands. */
    NOT_ENOUGH_REPLICAS_AFTER_APPEND(20, true, "written, but to fewer in-sync replicas than the topic demands"),
    /** Acks must be -1, 0 or 1. */
    INVALID_REQUIRED_ACKS(21, false, "acks must be -1, 0 or 1"),
    /** The group has moved to another generation. */
    ILLEGAL_GENERATION(22, false, "the group has moved to another generation"),
    /** The member shares no protocol with the group, or names none. */
    INCONSISTENT_GROUP_PROTOCOL(23, false, "the member shares no protocol with the group, or names none"),
    /** The group id is not valid. */
    INVALID_GROUP_ID(24, false, "the group id is not valid"),
    /** The group has no such member. */
    UNKNOWN_MEMBER_ID(25, false, "the group has no such member"),
    /** The session timeout lies outside the broker's limits. */
    INVALID_SESSION_TIMEOUT(26, false, "the session timeout lies outside the broker's limits"),
    /** The group is rebalancing; join again. */
    REBALANCE_IN_PROGRESS(27, false, "the group is rebalancing; join again"),
    /** The committed offsets are too large to store. */
    INVALID_COMMIT_OFFSET_SIZE(28, false, "the committed offsets are too large to store"),
    /** Not allowed on this topic. */
    TOPIC_AUTHORIZATION_FAILED(29, false, "not allowed on this topic"),
    /** Not allowed on this group. */
    GROUP_AUTHORIZATION_FAILED(30, false, "not allowed on this group"),
    /** Not allowed on this cluster. */
    CLUSTER_AUTHORIZATION_FAILED(31, false, "not allowed on this cluster"),
    /** The record's time stamp is further from now than the topic allows. */
    INVALID_TIMESTAMP(32, false, "the record's time stamp is further from now than the topic allows"),
    /** This SASL mechanism is not offered. */
    UNSUPPORTED_SASL_MECHANISM(33, false, "this SASL mechanism is not offered"),
    /** Not possible at this stage of the SASL exchange. */
    ILLEGAL_SASL_STATE(34, false, "not possible at this stage of the SASL exchange"),
    /** The API has no such version here. */
    UNSUPPORTED_VERSION(35, false, "the API has no such version here"),
    /** A topic of this name exists already. */
    TOPIC_ALREADY_EXISTS(36, false, "a topic of this name exists already"),
    /** The number of partitions is not valid. */
    INVALID_PARTITIONS(37, false, "the number of partitions is not valid"),
    /** The replication factor is below 1 or above the number of brokers. */
    INVALID_REPLICATION_FACTOR(38, false, "the replication factor is below 1 or above the number of brokers"),
    /** The replica assignment is not valid. */
    INVALID_REPLICA_ASSIGNMENT(39, false, "the replica assignment is not valid"),
    /** A configuration value is not valid. */
    INVALID_CONFIG(40, false, "a configuration value is not valid"),
    /** This node is not the active controller. */
    NOT_CONTROLLER(41, true, "this node is not the active controller"),
    /** The request contradicts itself or what was agreed before. */
    INVALID_REQUEST(42, false, "the request contradicts itself or what was agreed before"),
    /** The log's record format cannot answer this. */
    UNSUPPORTED_FOR_MESSAGE_FORMAT(43, false, "the log's record format cannot answer this"),
    /** A policy of the operator forbids it. */
    POLICY_VIOLATION(44, false, "a policy of the operator forbids it"),
    /** The producer's sequence number does not follow the last one. */
    OUT_OF_ORDER_SEQUENCE_NUMBER(45, false, "the producer's sequence number does not follow the last one"),
    /** The producer's sequence number was used before. */
    DUPLICATE_SEQUENCE_NUMBER(46, false, "the producer's sequence number was used before"),
    /** The producer's epoch is older than the one known. */
    INVALID_PRODUCER_EPOCH(47, false, "the producer's epoch is older than the one known"),
    /** The transaction is not in a state that allows this. */
    INVALID_TXN_STATE(48, false, "the transaction is not in a state that allows this"),
    /** The producer id does not belong to this transactional id. */
    INVALID_PRODUCER_ID_MAPPING(49, false, "the producer id does not belong to this transactional id"),
    /** The transaction timeout is above the broker's limit. */
    INVALID_TRANSACTION_TIMEOUT(50, false, "the transaction timeout is above the broker's limit"),
    /** Another operation on the same transaction is under way. */
    CONCURRENT_TRANSACTIONS(51, true, "another operation on the same transaction is under way"),
    /** The transaction coordinator that sent the markers has been replaced. */
    TRANSACTION_COORDINATOR_FENCED(52, false, "the transaction coordinator that sent the markers has been replaced"),
    /** Not allowed on this transactional id. */
    TRANSACTIONAL_ID_AUTHORIZATION_FAILED(53, false, "not allowed on this transactional id"),
    /** Security is switched off on this broker. */
    SECURITY_DISABLED(54, false, "security is switched off on this broker"),
    /** Not tried, because another operation of the batch failed. */
    OPERATION_NOT_ATTEMPTED(55, false, "not tried, because another operation of the batch failed"),
    /** The log directory failed. */
    KAFKA_STORAGE_ERROR(56, true, "the log directory failed"),
    /** The broker has no such log directory. */
    LOG_DIR_NOT_FOUND(57, false, "the broker has no such log directory"),
    /** The credentials were not accepted. */
    SASL_AUTHENTICATION_FAILED(58, false, "the credentials were not accepted"),
    /** Nothing is known of this producer id; its records may have been deleted. */
    UNKNOWN_PRODUCER_ID(59, false, "nothing is known of this producer id; its records may have been deleted"),
    /** A reassignment of the partition is under way. */
    REASSIGNMENT_IN_PROGRESS(60, false, "a reassignment of the partition is under way"),
    /** Delegation tokens are switched off. */
    DELEGATION_TOKEN_AUTH_DISABLED(61, false, "delegation tokens are switched off"),
    /** There is no such delegation token. */
    DELEGATION_TOKEN_NOT_FOUND(62, false, "there is no such delegation token"),
    /** The principal is neither owner nor renewer of the token. */
    DELEGATION_TOKEN_OWNER_MISMATCH(63, false, "the principal is neither owner nor renewer of the token"),
    /** Delegation tokens need an encrypted connection that was not authenticated by a token. */
    DELEGATION_TOKEN_REQUEST_NOT_ALLOWED(
            64, false, "delegation tokens need an encrypted connection that was not authenticated by a token"),
    /** Not allowed on this delegation token. */
    DELEGATION_TOKEN_AUTHORIZATION_FAILED(65, false, "not allowed on this delegation token"),
    /** The delegation token has expired. */
    DELEGATION_TOKEN_EXPIRED(66, false, "the delegation token has expired"),
    /** The type of the principal is not supported. */
    INVALID_PRINCIPAL_TYPE(67, false, "the type of the principal is not supported"),
    /** The group still has members. */
    NON_EMPTY_GROUP(68, false, "the group still has members"),
    /** There is no such group. */
    GROUP_ID_NOT_FOUND(69, false, "there is no such group"),
    /** The broker has no such fetch session. */
    FETCH_SESSION_ID_NOT_FOUND(70, true, "the broker has no such fetch session"),
    /** The fetch session's epoch does not follow the last one. */
    INVALID_FETCH_SESSION_EPOCH(71, true, "the fetch session's epoch does not follow the last one"),
    /** The leader has no listener of the name the request came in by. */
    LISTENER_NOT_FOUND(72, true, "the leader has no listener of the name the request came in by"),
    /** Deleting topics is switched off. */
    TOPIC_DELETION_DISABLED(73, false, "deleting topics is switched off"),
    /** The leader epoch is older than the broker's. */
    FENCED_LEADER_EPOCH(74, true, "the leader epoch is older than the broker's"),
    /** The leader epoch is newer than the broker's. */
    UNKNOWN_LEADER_EPOCH(75, true, "the leader epoch is newer than the broker's"),
    /** The client cannot read the partition's compression. */
    UNSUPPORTED_COMPRESSION_TYPE(76, false, "the client cannot read the partition's compression"),
    /** The broker has registered anew since. */
    STALE_BROKER_EPOCH(77, false, "the broker has registered anew since"),
    /** The new leader does not know its high watermark yet. */
    OFFSET_NOT_AVAILABLE(78, true, "the new leader does not know its high watermark yet"),
    /** Join again with the member id given here. */
    MEMBER_ID_REQUIRED(79, false, "join again with the member id given here"),
    /** The preferred leader is not in sync or not alive. */
    PREFERRED_LEADER_NOT_AVAILABLE(80, true, "the preferred leader is not in sync or not alive"),
    /** The group has as many members as it may. */
    GROUP_MAX_SIZE_REACHED(81, false, "the group has as many members as it may"),
    /** Another member has taken over this group.instance.id. */
    FENCED_INSTANCE_ID(82, false, "another member has taken over this group.instance.id"),
    /** No replica is eligible to lead. */
    ELIGIBLE_LEADERS_NOT_AVAILABLE(83, true, "no replica is eligible to lead"),
    /** The leader is already the one that would be elected. */
    ELECTION_NOT_NEEDED(84, true, "the leader is already the one that would be elected"),
    /** No reassignment of the partition is under way. */
    NO_REASSIGNMENT_IN_PROGRESS(85, false, "no reassignment of the partition is under way"),
    /** The group is subscribed to the topic whose offsets are to be deleted. */
    GROUP_SUBSCRIBED_TO_TOPIC(86, false, "the group is subscribed to the topic whose offsets are to be deleted"),
    /** A record breaks the topic's rules. */
    INVALID_RECORD(87, false, "a record breaks the topic's rules"),
    /** Offsets of an undecided transaction stand in the way. */
    UNSTABLE_OFFSET_COMMIT(88, true, "offsets of an undecided transaction stand in the way"),
    /** The quota is used up; try later. */
    THROTTLING_QUOTA_EXCEEDED(89, true, "the quota is used up; try later"),
    /** A newer producer uses the same transactional id. */
    PRODUCER_FENCED(90, false, "a newer producer uses the same transactional id"),
    /** A resource named in the request does not exist. */
    RESOURCE_NOT_FOUND(91, false, "a resource named in the request does not exist"),
    /** The request names a resource twice. */
    DUPLICATE_RESOURCE(92, false, "the request names a resource twice"),
    /** The credential is not good enough to be stored. */
    UNACCEPTABLE_CREDENTIAL(93, false, "the credential is not good enough to be stored"),
    /** Sender or receiver is not among the voters. */
    INCONSISTENT_VOTER_SET(94, false, "sender or receiver is not among the voters"),
    /** The feature level asked for is not valid. */
    INVALID_UPDATE_VERSION(95, false, "the feature level asked for is not valid"),
    /** The feature levels could not be changed. */
    FEATURE_UPDATE_FAILED(96, false, "the feature levels could not be changed"),
    /** The principal of a forwarded request cannot be read. */
    PRINCIPAL_DESERIALIZATION_FAILURE(97, false, "the principal of a forwarded request cannot be read"),
    /** There is no such snapshot. */
    SNAPSHOT_NOT_FOUND(98, false, "there is no such snapshot"),
    /** The position lies outside the snapshot. */
    POSITION_OUT_OF_RANGE(99, false, "the position lies outside the snapshot"),
    /** This broker knows no topic of this id. */
    UNKNOWN_TOPIC_ID(100, true, "this broker knows no topic of this id"),
    /** A live broker uses this id already. */
    DUPLICATE_BROKER_REGISTRATION(101, false, "a live broker uses this id already"),
    /** No broker of this id is registered. */
    BROKER_ID_NOT_REGISTERED(102, false, "no broker of this id is registered"),
    /** The partition's topic has another id. */
    INCONSISTENT_TOPIC_ID(103, true, "the partition's topic has another id"),
    /** The cluster has another id. */
    INCONSISTENT_CLUSTER_ID(104, false, "the cluster has another id"),
    /** Nothing is known of this transactional id. */
    TRANSACTIONAL_ID_NOT_FOUND(105, false, "nothing is known of this transactional id"),
    /** The fetch session mixes topic names and topic ids. */
    FETCH_SESSION_TOPIC_ID_ERROR(106, true, "the fetch session mixes topic names and topic ids"),
    /** A replica that may not join was named for the ISR. */
    INELIGIBLE_REPLICA(107, false, "a replica that may not join was named for the ISR"),
    /** The change was made, and it made another replica the leader. */
    NEW_LEADER_ELECTED(108, false, "the change was made, and it made another replica the leader"),
    /** The offset is in tiered storage by now. */
    OFFSET_MOVED_TO_TIERED_STORAGE(109, false, "the offset is in tiered storage by now"),
    /** The member's epoch is out of date; give up its partitions and join again. */
    FENCED_MEMBER_EPOCH(110, false, "the member's epoch is out of date; give up its partitions and join again"),
    /** The member that uses this group.instance.id has not left yet. */
    UNRELEASED_INSTANCE_ID(111, false, "the member that uses this group.instance.id has not left yet"),
    /** The group does not support the assignor. */
    UNSUPPORTED_ASSIGNOR(112, false, "the group does not support the assignor"),
    /** The member's epoch is out of date; take the new one from a heartbeat. */
    STALE_MEMBER_EPOCH(113, false, "the member's epoch is out of date; take the new one from a heartbeat"),
    /** The request went to the wrong kind of endpoint. */
    MISMATCHED_ENDPOINT_TYPE(114, false, "the request went to the wrong kind of endpoint"),
    /** This kind of endpoint is not supported. */
    UNSUPPORTED_ENDPOINT_TYPE(115, false, "this kind of endpoint is not supported"),
    /** No such controller. */
    UNKNOWN_CONTROLLER_ID(116, false, "no such controller"),
    /** The telemetry subscription is out of date. */
    UNKNOWN_SUBSCRIPTION_ID(117, false, "the telemetry subscription is out of date"),
    /** The telemetry is larger than the broker accepts. */
    TELEMETRY_TOO_LARGE(118, false, "the telemetry is larger than the broker accepts"),
    /** The controller refuses the registration. */
    INVALID_REGISTRATION(119, false, "the controller refuses the registration"),
    /** The transaction can only be aborted; the transactional id stays usable. */
    TRANSACTION_ABORTABLE(120, false, "the transaction can only be aborted; the transactional id stays usable"),
    /** The record is not in a state to be acknowledged. */
    INVALID_RECORD_STATE(121, false, "the record is not in a state to be acknowledged"),
    /** The broker has no such share session. */
    SHARE_SESSION_NOT_FOUND(122, true, "the broker has no such share session"),
    /** The share session's epoch does not follow the last one. */
    INVALID_SHARE_SESSION_EPOCH(123, true, "the share session's epoch does not follow the last one"),
    /** The state epoch is not the current one. */
    FENCED_STATE_EPOCH(124, false, "the state epoch is not the current one"),
    /** The voter's directory id is not that of the receiver. */
    INVALID_VOTER_KEY(125, false, "the voter's directory id is not that of the receiver"),
    /** The voter is in the set already. */
    DUPLICATE_VOTER(126, false, "the voter is in the set already"),
    /** The voter is not in the set. */
    VOTER_NOT_FOUND(127, false, "the voter is not in the set"),
    /** The regular expression is not valid. */
    INVALID_REGULAR_EXPRESSION(128, false, "the regular expression is not valid"),
    /** What the client knows is too old; start from the bootstrap servers. */
    REBOOTSTRAP_REQUIRED(129, false, "what the client knows is too old; start from the bootstrap servers"),
    /** The topology is not valid. */
    STREAMS_INVALID_TOPOLOGY(130, false, "the topology is not valid"),
    /** The topology's epoch is not valid. */
    STREAMS_INVALID_TOPOLOGY_EPOCH(131, false, "the topology's epoch is not valid"),
    /** The topology's epoch is out of date. */
    STREAMS_TOPOLOGY_FENCED(132, false, "the topology's epoch is out of date"),
    /** The broker has as many share sessions as it may. */
    SHARE_SESSION_LIMIT_REACHED(133, true, "the broker has as many share sessions as it may"),
    /** A group could not be deleted; its own message says why. */
    GROUP_DELETION_FAILED(134, false, "a group could not be deleted; its own message says why"),
    /** The topology description was not taken; the message says why. */
    STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED(
            135, false, "the topology description was not taken; the message says why"),
    /** No controller of this id is registered. */
    CONTROLLER_ID_NOT_REGISTERED(136, false, "no controller of this id is registered");

    private static final int LOWEST_CODE = -1;
    private static final ErrorCode[] BY_CODE = values(); // declared in order, without gaps

    private final short code;
    private final boolean isRetriable;
    private final String message;

    ErrorCode(int code, boolean isRetriable, String message) {
        this.code = (short) code;
        this.isRetriable = isRetriable;
        this.message = message;
    }

    /** The error of a code; {@link #UNKNOWN_SERVER_ERROR} for a code that Kafka 4.4.0 does not have. */
    public static ErrorCode forCode(int code) {
        int index = code - LOWEST_CODE;
        return index < 0 || index >= BY_CODE.length ? UNKNOWN_SERVER_ERROR : BY_CODE[index];
    }

    /** The number on the wire. */
    public short code() {
        return code;
    }

    /** Whether the same request may succeed later. */
    public boolean isRetriable() {
        return isRetriable;
    }

    /** What it means, without a full stop, for error message fields and logs. */
    public String message() {
        return message;
    }
}
