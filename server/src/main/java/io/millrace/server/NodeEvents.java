package io.millrace.server;

/** What whoever started a node is told, on one of its lanes. */
public interface NodeEvents {
    /** It serves. */
    void ready(Ready ready);

    /** It cannot go on, now or ever: the process should end. */
    void failed(Exception why);
}
