package io.millrace.coordinators.group;

import io.millrace.protocol.Uuid;

/** A topic that is there no more; another of the same name, with another id, may be. */
public record DeletedTopic(String name, Uuid topicId) {
    /** Whether an offset committed with this topic id was one of this topic; without an id it was, for all we know. */
    boolean owns(Uuid committedTopicId) {
        return committedTopicId.equals(Uuid.ZERO) || topicId.equals(Uuid.ZERO) || committedTopicId.equals(topicId);
    }
}
