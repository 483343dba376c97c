package io.millrace.simulator;

import io.millrace.simulator.scenario.ClusterStory;
import io.millrace.simulator.scenario.GroupStory;
import io.millrace.simulator.scenario.OneNodeStory;
import java.util.List;

/** A program that tells the outcomes of some stories, for comparing processes. */
final class TraceDigests {
    /** So many of the seeds, the first, are told of clusters, too: those take seconds. */
    private static final int CLUSTERS = 2;

    private TraceDigests() {}

    public static void main(String[] seeds) {
        for (String seed : List.of(seeds).subList(0, CLUSTERS))
            System.out.println(seed + " " + new ClusterStory(Long.parseLong(seed)).run());
        for (String seed : seeds) {
            System.out.println(seed + " " + new OneNodeStory(Long.parseLong(seed)).run());
            System.out.println(seed + " " + new GroupStory(Long.parseLong(seed)).run());
        }
    }
}
