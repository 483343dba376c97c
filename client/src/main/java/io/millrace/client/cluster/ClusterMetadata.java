package io.millrace.client.cluster;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.MetadataRequest;
import io.millrace.protocol.messages.MetadataResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what is known of a cluster up to date: which topics are wanted, when to ask, what an answer or a hint changes, and
 * when to go back to the addresses the client began with (KIP-899, KIP-1102). One request is under way at a time. A leader
 * with an older epoch never replaces one with a newer.
 */
public final class ClusterMetadata {
    private final MetadataRules rules;
    /** When each wanted topic was last used. */
    private final Map<String, Long> usedAtMs = new TreeMap<>();

    private boolean wantsAll;
    private ClusterView view = ClusterView.EMPTY;
    private boolean isAsking;
    private boolean isStale = true;
    private int failures;
    private long nextAskAtMs = Long.MIN_VALUE;
    private long answeredAtMs;
    private long withoutSinceMs;
    private boolean isBootstrapping = true;

    /** Nothing is known yet. */
    public ClusterMetadata(MetadataRules rules, long nowMs) {
        this.rules = rules;
        this.answeredAtMs = nowMs;
        this.withoutSinceMs = nowMs;
    }

    /** What is known now. */
    public ClusterView view() {
        return view;
    }

    /** Whether the addresses the client began with are to be asked, as no broker of the view is known to be there. */
    public boolean isBootstrapping() {
        return isBootstrapping;
    }

    /** Says that a topic is in use. One that is not known yet, or that had an error, is asked for. */
    public void want(String topic, long nowMs) {
        boolean isNew = usedAtMs.put(topic, nowMs) == null;
        ClusterTopic known = view.topic(topic);
        if (isNew || known == null || known.mayChange()) isStale = true;
        // The pause keeps a client from asking the same again and again; this is a new question.
        if (isNew && failures == 0) nextAskAtMs = nowMs;
    }

    /** Says that all topics there are are in use, or not any more. */
    public void wantAll(boolean isWanted, long nowMs) {
        if (isWanted && !wantsAll) {
            isStale = true;
            if (failures == 0) nextAskAtMs = nowMs;
        }
        wantsAll = isWanted;
    }

    /** Says that something proved wrong: it is asked for anew, once the pause between two requests is over. */
    public void refresh() {
        isStale = true;
    }

    /**
     * When the next request is due.
     *
     * @return a moment, which may be past; {@link Long#MAX_VALUE} while one is under way
     */
    public long askAtMs() {
        if (isAsking) return Long.MAX_VALUE;
        return isStale ? nextAskAtMs : Math.max(nextAskAtMs, answeredAtMs + rules.maxAgeMs());
    }

    /** The request that is due; it counts as under way from now on. */
    public MetadataRequest ask(long nowMs) {
        isAsking = true;
        isStale = false;
        usedAtMs.values().removeIf(lastUsedAtMs -> lastUsedAtMs + rules.maxIdleMs() < nowMs);
        List<MetadataRequest.MetadataRequestTopic> topics = new ArrayList<>(usedAtMs.size());
        for (String name : usedAtMs.keySet()) {
            topics.add(MetadataRequest.MetadataRequestTopic.builder().name(name).build());
        }
        return MetadataRequest.builder()
                .topics(wantsAll ? null : topics)
                .allowAutoTopicCreation(rules.createsTopics())
                .build();
    }

    /** There was nobody to ask, or no answer. */
    public void failed(long nowMs, long randomBits) {
        isAsking = false;
        isStale = true;
        failures++;
        nextAskAtMs = nowMs + rules.backoff().waitMs(failures, randomBits);
        if (rules.rebootstraps() && nowMs - withoutSinceMs >= rules.rebootstrapAfterMs()) isBootstrapping = true;
    }

    /** No broker of the view can be reached just now. */
    public void nobodyIsReachable() {
        if (rules.rebootstraps()) isBootstrapping = true;
    }

    /** Takes an answer in. */
    public void answered(MetadataResponse response, long nowMs, long randomBits) {
        if (ErrorCode.forCode(response.errorCode()) == ErrorCode.REBOOTSTRAP_REQUIRED) {
            failed(nowMs, randomBits);
            if (rules.rebootstraps()) isBootstrapping = true;
            return;
        }
        if (response.brokers().isEmpty()) { // A broker that has only just started knows nobody yet.
            failed(nowMs, randomBits);
            return;
        }
        isAsking = false;
        isBootstrapping = false;
        answeredAtMs = nowMs;
        withoutSinceMs = nowMs;
        Map<Integer, ClusterNode> nodes = new TreeMap<>();
        for (MetadataResponse.MetadataResponseBroker each : response.brokers()) {
            if (each.nodeId() < 0 || each.port() < 0 || each.port() > 65_535) continue;
            nodes.put(each.nodeId(), new ClusterNode(each.nodeId(), each.host(), each.port(), each.rack()));
        }
        Map<String, ClusterTopic> topics = new TreeMap<>();
        boolean isComplete = true;
        for (MetadataResponse.MetadataResponseTopic each : response.topics()) {
            String name = each.name();
            if (name == null || (!wantsAll && !usedAtMs.containsKey(name))) continue;
            ClusterTopic topic = topic(name, each);
            topics.put(name, topic);
            if (topic.mayChange() || topic.leaders().contains(PartitionLeader.UNKNOWN)) isComplete = false;
        }
        for (String wanted : usedAtMs.keySet()) if (!topics.containsKey(wanted)) isComplete = false;
        view = new ClusterView(response.clusterId(), nodes, topics);
        if (isComplete) {
            failures = 0;
            nextAskAtMs = nowMs + rules.backoff().waitMs(1, randomBits);
        } else {
            failures++;
            isStale = true;
            nextAskAtMs = nowMs + rules.backoff().waitMs(failures, randomBits);
        }
    }

    private ClusterTopic topic(String name, MetadataResponse.MetadataResponseTopic told) {
        ErrorCode error = ErrorCode.forCode(told.errorCode());
        ClusterTopic before = view.topic(name);
        if (error != ErrorCode.NONE) {
            // A topic that was there may only be unknown to this broker yet: what is known is kept until it is certain.
            return before != null && error.isRetriable() && before.partitionCount() > 0
                    ? before.withError(error)
                    : new ClusterTopic(name, told.topicId(), error, told.isInternal(), List.of(), List.of());
        }
        int count = told.partitions().size();
        List<PartitionLeader> leaders = new ArrayList<>(Collections.nCopies(count, PartitionLeader.UNKNOWN));
        List<List<Integer>> replicas = new ArrayList<>(Collections.nCopies(count, List.of()));
        ClusterTopic same = before != null && before.id().equals(told.topicId()) ? before : null;
        for (MetadataResponse.MetadataResponsePartition each : told.partitions()) {
            int index = each.partitionIndex();
            if (index < 0 || index >= count) continue;
            replicas.set(index, List.copyOf(each.replicaNodes()));
            PartitionLeader fresh = each.leaderId() < 0
                    ? PartitionLeader.UNKNOWN
                    : new PartitionLeader(each.leaderId(), each.leaderEpoch());
            leaders.set(index, same == null ? fresh : newer(same.leader(index), fresh));
        }
        return new ClusterTopic(name, told.topicId(), ErrorCode.NONE, told.isInternal(), leaders, replicas);
    }

    private static PartitionLeader newer(PartitionLeader known, PartitionLeader told) {
        boolean isOlder = told.epoch() != PartitionLeader.NO_EPOCH && told.epoch() < known.epoch();
        return told.isKnown() && isOlder ? known : told;
    }

    /**
     * Takes a hint of an answer in: who leads a partition now (KIP-951).
     *
     * @param node where that broker is; null if the view knows it
     * @return whether it was news
     */
    public boolean hint(String topic, Uuid topicId, int partition, PartitionLeader leader, @Nullable ClusterNode node) {
        ClusterTopic known = view.topic(topic);
        if (known == null || !known.id().equals(topicId) || !leader.isKnown() || leader.brokerId() < 0) return false;
        if (partition < 0 || partition >= known.partitionCount()) return false;
        if (leader.epoch() <= known.leader(partition).epoch()) return false;
        if (node == null && view.node(leader.brokerId()) == null) return false;
        Map<Integer, ClusterNode> nodes = view.nodesById();
        if (node != null) nodes.put(node.id(), node);
        List<PartitionLeader> leaders = new ArrayList<>(known.leaders());
        leaders.set(partition, leader);
        Map<String, ClusterTopic> topics = view.topicsByName();
        topics.put(topic, known.withLeaders(leaders));
        view = new ClusterView(view.clusterIdOrNull(), nodes, topics);
        return true;
    }
}
