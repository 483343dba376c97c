package io.millrace.host;

/**
 * Is told, on the lane's own thread, that a task of a lane threw: an invariant is broken, and the lane has stopped. The
 * usual answer is to log it and to end the process, so that recovery starts from what is on disk.
 */
@FunctionalInterface
public interface LaneFailureHandler {
    /** The lane of that name has stopped because of {@code cause}; its connections have been closed. */
    void laneFailed(String laneName, Throwable cause);
}
