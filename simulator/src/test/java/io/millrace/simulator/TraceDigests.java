package io.millrace.simulator;

import io.millrace.simulator.scenario.ClusterStory;
import io.millrace.simulator.scenario.GroupStory;
import io.millrace.simulator.scenario.OneNodeStory;

/** A program that tells the outcomes of some stories, for comparing processes. */
final class TraceDigests {
    private TraceDigests() {}

    public static void main(String[] seeds) {
        System.out.println(new ClusterStory(Long.parseLong(seeds[0])).run());
        for (String seed : seeds) {
            System.out.println(seed + " " + new OneNodeStory(Long.parseLong(seed)).run());
            System.out.println(seed + " " + new GroupStory(Long.parseLong(seed)).run());
        }
    }
}
