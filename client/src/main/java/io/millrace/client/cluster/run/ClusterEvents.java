package io.millrace.client.cluster.run;

import io.millrace.client.cluster.ClusterView;

/** What a user of {@link ClusterLine} is told, on its lane. */
public interface ClusterEvents {
    /** More is known, or something else. */
    void onView(ClusterView view);

    /** A broker can be sent to now. */
    void onReady(int nodeId);

    /**
     * A broker cannot be reached, or the conversation with it has ended; all requests to it have failed already.
     *
     * @param sentence what happened, naming the broker
     */
    void onLost(int nodeId, String sentence);

    /**
     * A broker does not let this client in, or is not trusted by it. It is tried again later, as passwords may be set meanwhile, but
     * who waits for it should know.
     */
    default void onLoginRefused(String sentence) {}

    /** Something else went wrong that somebody may want to read, such as metadata that cannot be had. */
    default void onTrouble(String sentence) {}
}
