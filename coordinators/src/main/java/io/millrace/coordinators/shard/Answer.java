package io.millrace.coordinators.shard;

import io.millrace.protocol.ErrorCode;

/** A response and where it is to go: what a machine wants said, once what it saw is committed. */
public record Answer<T>(Reply<T> reply, T response) {
    /** Says it. */
    public void send() {
        reply.send(response);
    }

    /** Says an error in its stead. */
    public void refuse(ErrorCode error) {
        reply.refuse(error);
    }
}
