package io.millrace.client.consumer;

import io.millrace.client.cluster.ClusterView;
import io.millrace.client.cluster.run.ClusterEvents;

/** Tells two of what happens to the cluster. */
record EventsForTwo(ClusterEvents first, ClusterEvents second) implements ClusterEvents {
    @Override
    public void onView(ClusterView view) {
        first.onView(view);
        second.onView(view);
    }

    @Override
    public void onReady(int nodeId) {
        first.onReady(nodeId);
        second.onReady(nodeId);
    }

    @Override
    public void onLost(int nodeId, String sentence) {
        first.onLost(nodeId, sentence);
        second.onLost(nodeId, sentence);
    }

    @Override
    public void onLoginRefused(String sentence) {
        first.onLoginRefused(sentence);
        second.onLoginRefused(sentence);
    }

    @Override
    public void onTrouble(String sentence) {
        first.onTrouble(sentence);
        second.onTrouble(sentence);
    }
}
