package io.millrace.client.membership.run;

import io.millrace.client.assignor.TopicLayouts;
import io.millrace.client.cluster.ClusterNode;
import io.millrace.client.cluster.ClusterTopic;
import io.millrace.client.cluster.ClusterView;
import io.millrace.client.membership.MembershipEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/** Makes of the cluster's metadata what a member wants to know of topics. */
final class TopicWatch {
    /** A broker that is away for a while is in no metadata; its replicas are still where they are. */
    private final Map<Integer, String> racks = new HashMap<>();

    /** What is known of these topics. */
    MembershipEvent.TopicsLearned learn(ClusterView view, Set<String> wanted, boolean isAllAsked) {
        boolean isAnswered = false;
        for (ClusterNode each : view.nodes()) {
            isAnswered = true;
            String rack = each.rack();
            if (rack == null) racks.remove(each.id());
            else racks.put(each.id(), rack);
        }
        SortedMap<String, List<Set<String>>> layouts = new TreeMap<>();
        Set<String> known = new TreeSet<>();
        for (String name : wanted) {
            ClusterTopic topic = view.topic(name);
            if (topic != null || (isAllAsked && isAnswered)) known.add(name);
            if (topic != null && topic.partitionCount() > 0) layouts.put(name, racksOf(topic));
        }
        return new MembershipEvent.TopicsLearned(new TopicLayouts(layouts), known);
    }

    private List<Set<String>> racksOf(ClusterTopic topic) {
        List<Set<String>> all = new ArrayList<>(topic.partitionCount());
        for (List<Integer> replicas : topic.replicas()) {
            Set<String> its = new LinkedHashSet<>();
            for (int node : replicas) {
                String rack = racks.get(node);
                if (rack != null) its.add(rack);
            }
            all.add(its);
        }
        return all;
    }

    /** The topics that a pattern means at the moment. */
    static SortedSet<String> matching(ClusterView view, Predicate<String> pattern, boolean withInternal) {
        SortedSet<String> topics = new TreeSet<>();
        for (ClusterTopic each : view.topics()) {
            if (each.partitionCount() == 0 || (each.isInternal() && !withInternal)) continue;
            if (pattern.test(each.name())) topics.add(each.name());
        }
        return topics;
    }
}
