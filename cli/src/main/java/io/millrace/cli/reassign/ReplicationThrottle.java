package io.millrace.cli.reassign;

import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.Answer;
import io.millrace.client.ConfigAdmin.Change;
import io.millrace.client.ConfigAdmin.Kind;
import io.millrace.client.ConfigEntry;
import io.millrace.client.TopicListing;
import io.millrace.client.placement.ReassignmentPlan;
import io.millrace.protocol.ErrorCode;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Kafka's limit on what brokers send and receive for moving replicas (KIP-73): a rate on each broker, and on each topic which replicas
 * it is for. What somebody else has set is not touched.
 */
final class ReplicationThrottle {
    private static final String LEADER_RATE = "leader.replication.throttled.rate";
    private static final String FOLLOWER_RATE = "follower.replication.throttled.rate";
    private static final String LEADER_REPLICAS = "leader.replication.throttled.replicas";
    private static final String FOLLOWER_REPLICAS = "follower.replication.throttled.replicas";
    private static final List<String> OF_BROKERS = List.of(LEADER_RATE, FOLLOWER_RATE);
    private static final List<String> OF_TOPICS = List.of(LEADER_REPLICAS, FOLLOWER_REPLICAS);

    private final Admin admin;
    private final Terminal terminal;

    ReplicationThrottle(Admin admin, Terminal terminal) {
        this.admin = admin;
        this.terminal = terminal;
    }

    /** Whether nobody else has set it; complains if not. */
    boolean canBeSet(ReassignmentPlan plan, ClusterState state) {
        for (int broker : upOf(state)) {
            List<ConfigEntry> entries = entries(Kind.BROKER, Integer.toString(broker));
            if (complainedOf("broker " + broker, entries, OF_BROKERS)) return false;
        }
        for (String topic : topicsOf(plan))
            if (complainedOf("topic " + topic, entries(Kind.TOPIC, topic), OF_TOPICS)) return false;
        return true;
    }

    private boolean complainedOf(String resource, List<ConfigEntry> entries, List<String> names) {
        for (ConfigEntry entry : entries) {
            if (!entry.source().isOwn() || !names.contains(entry.name())) continue;
            terminal.complain(resource + " has " + entry.name() + "=" + entry.value()
                    + " already; millrace reassign watch --unthrottle takes that away");
            return true;
        }
        return false;
    }

    private List<ConfigEntry> entries(Kind kind, String name) {
        Answer<List<ConfigEntry>> answer =
                admin.configs().describe(kind, List.of(name)).get(name);
        return switch (answer) {
            case null -> List.of();
            case Answer.Granted<List<ConfigEntry>>(List<ConfigEntry> entries) -> entries;
            case Answer.Refused<List<ConfigEntry>>(ErrorCode _, String message) -> {
                terminal.complain("the configuration of " + name + " is not told: " + message);
                yield List.of();
            }
        };
    }

    /** Whether it is all set; complains if not. */
    boolean set(ReassignmentPlan plan, ClusterState state, long bytesPerSecond) {
        String rate = Long.toString(bytesPerSecond);
        Map<String, Change> topics = new TreeMap<>();
        for (String topic : topicsOf(plan)) topics.put(topic, replicas(plan, topic));
        boolean isSet = told(Kind.TOPIC, topics);
        for (int broker : upOf(state))
            isSet &= told(
                    Kind.BROKER,
                    Map.of(
                            Integer.toString(broker),
                            new Change(Map.of(LEADER_RATE, rate, FOLLOWER_RATE, rate), List.of())));
        return isSet;
    }

    /** Of what is copied: the replicas that send it, which are those of before, and those that receive it. */
    private static Change replicas(ReassignmentPlan plan, String topic) {
        Set<String> senders = new TreeSet<>();
        Set<String> receivers = new TreeSet<>();
        for (var change : plan.changes()) {
            if (!change.partition().topic().equals(topic)) continue;
            int number = change.partition().partition();
            for (int broker : change.before().replicas()) senders.add(number + ":" + broker);
            for (int broker : change.adding()) receivers.add(number + ":" + broker);
        }
        return new Change(
                Map.of(LEADER_REPLICAS, String.join(",", senders), FOLLOWER_REPLICAS, String.join(",", receivers)),
                List.of());
    }

    /** Takes away what {@link #set} has set; whether that was possible everywhere, else it complains. */
    boolean clear(ReassignmentPlan plan, ClusterState state) {
        return clear(upOf(state), topicsOf(plan));
    }

    /** Takes away all there is in the cluster, whoever has set it; tells of each. */
    boolean clearAll() {
        Set<Integer> brokers = new TreeSet<>();
        for (var node : admin.cluster().describe().nodes())
            if (!node.isFenced() && isAnySet(Kind.BROKER, Integer.toString(node.id()), OF_BROKERS))
                brokers.add(node.id());
        Set<String> topics = new TreeSet<>();
        for (TopicListing topic : admin.topics().list())
            if (isAnySet(Kind.TOPIC, topic.name(), OF_TOPICS)) topics.add(topic.name());
        if (!clear(brokers, topics)) return false;
        if (brokers.isEmpty() && topics.isEmpty()) terminal.out().println("There was no throttle.");
        else terminal.out().println("The throttle is taken away: brokers " + brokers + ", topics " + topics + ".");
        return true;
    }

    private boolean isAnySet(Kind kind, String name, List<String> properties) {
        return entries(kind, name).stream().anyMatch(it -> it.source().isOwn() && properties.contains(it.name()));
    }

    private boolean clear(Collection<Integer> brokers, Collection<String> topics) {
        Map<String, Change> changes = new TreeMap<>();
        for (String topic : topics) changes.put(topic, new Change(Map.of(), OF_TOPICS));
        boolean isDone = told(Kind.TOPIC, changes);
        for (int broker : brokers)
            isDone &= told(Kind.BROKER, Map.of(Integer.toString(broker), new Change(Map.of(), OF_BROKERS)));
        return isDone;
    }

    private boolean told(Kind kind, Map<String, Change> changes) {
        return terminal.tell(
                        kind == Kind.BROKER ? "broker" : "topic",
                        admin.configs().alter(kind, changes))
                == Terminal.DONE;
    }

    private static Set<String> topicsOf(ReassignmentPlan plan) {
        Set<String> topics = new TreeSet<>();
        for (var change : plan.changes()) topics.add(change.partition().topic());
        return topics;
    }

    private static List<Integer> upOf(ClusterState state) {
        return state.nodes().values().stream()
                .filter(it -> !it.isFenced())
                .map(it -> it.id())
                .toList();
    }
}
