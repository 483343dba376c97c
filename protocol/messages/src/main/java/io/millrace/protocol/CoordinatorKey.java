package io.millrace.protocol;

/**
 * The key of a record in a coordinator's topic. The ids of the group, share and transaction coordinators overlap: which
 * registry an id belongs to follows from the topic.
 */
public interface CoordinatorKey extends ApiMessage {
    /** The id that stands in front of the key's fields. */
    short recordTypeId();
}
