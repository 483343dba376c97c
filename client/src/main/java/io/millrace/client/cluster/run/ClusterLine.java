package io.millrace.client.cluster.run;

import io.millrace.client.cluster.ClusterMetadata;
import io.millrace.client.cluster.ClusterNode;
import io.millrace.client.cluster.ClusterView;
import io.millrace.client.cluster.MetadataRules;
import io.millrace.client.cluster.PartitionLeader;
import io.millrace.connection.ReconnectBackoff;
import io.millrace.connection.run.Answer;
import io.millrace.connection.run.ClientConversation;
import io.millrace.connection.run.ClientSettings;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.Request;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.MetadataResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A client's lines to the brokers of one cluster, and the metadata that comes through them. Everything happens on one
 * lane. Whoever wants to send to a broker that is not {@link #ready} says {@link #connect} and waits for
 * {@link ClusterEvents#onReady}.
 */
public final class ClusterLine implements BrokerLine.Events {
    private final ClientLane lane;
    private final ClientSettings settings;
    private final ReconnectBackoff reconnects;
    private final List<ClusterNode> bootstrap;
    private final ClusterEvents events;
    private final ClusterMetadata metadata;
    private final Map<Integer, BrokerLine> lines = new TreeMap<>();
    private final Map<Integer, BrokerLine> asides = new TreeMap<>();
    private final Alarm alarm;
    private boolean isWaitingForLine;
    private boolean isClosed;

    /**
     * Nothing is connected yet.
     *
     * @param bootstrap the addresses to begin with, at least one, with ids of -1, -2 and so on
     */
    public ClusterLine(
            ClientLane lane,
            ClientSettings settings,
            ReconnectBackoff reconnects,
            MetadataRules rules,
            List<ClusterNode> bootstrap,
            ClusterEvents events) {
        if (bootstrap.isEmpty()) throw new IllegalArgumentException("no bootstrap address");
        this.lane = lane;
        this.alarm = new Alarm(lane, this::keepUpToDate);
        this.settings = settings;
        this.reconnects = reconnects;
        this.bootstrap = List.copyOf(bootstrap);
        this.events = events;
        this.metadata = new ClusterMetadata(rules, lane.nowMs());
    }

    /** What is known now. */
    public ClusterView view() {
        return metadata.view();
    }

    /** Says that a topic is in use, so that it is known sooner or later. */
    public void want(String topic) {
        metadata.want(topic, lane.nowMs());
        keepUpToDate();
    }

    /** Says that all topics there are are in use, or not any more. */
    public void wantAll(boolean isWanted) {
        metadata.wantAll(isWanted, lane.nowMs());
        keepUpToDate();
    }

    /** Says that something known proved wrong. */
    public void refresh() {
        metadata.refresh();
        keepUpToDate();
    }

    /** Takes a hint in; true if it changed the view, which {@link ClusterEvents#onView} is then told. */
    public boolean hint(String topic, Uuid topicId, int partition, PartitionLeader leader, @Nullable ClusterNode node) {
        boolean isNews = metadata.hint(topic, topicId, partition, leader, node);
        if (isNews) events.onView(metadata.view());
        return isNews;
    }

    /** The conversation with a broker of the view if it is ready, else null. */
    public @Nullable ClientConversation ready(int nodeId) {
        ClusterNode node = metadata.view().node(nodeId);
        return node == null ? null : line(node).ready();
    }

    /**
     * Begins to connect to a broker, if it is known and there is no conversation with it.
     *
     * @return when to try again, if the pause after a failure is not over yet; else {@link Long#MAX_VALUE}
     */
    public long connect(int nodeId) {
        ClusterNode node = metadata.view().node(nodeId);
        if (node == null || isClosed) return Long.MAX_VALUE;
        BrokerLine line = line(node);
        line.connect();
        boolean isPausing = line.ready() == null && !line.isConnecting();
        return isPausing ? line.connectFromMs() : Long.MAX_VALUE;
    }

    /**
     * A second conversation with a broker of the view, for what is not to wait behind a request that the broker holds: it answers one
     * connection's requests in their order. Nobody is told if it fails; the first one says what is wrong with a broker.
     *
     * @return null if it is not ready; it is then being connected to, if it may be, and {@link ClusterEvents#onReady} will tell
     */
    public @Nullable ClientConversation aside(int nodeId) {
        ClusterNode node = metadata.view().node(nodeId);
        if (node == null || isClosed) return null;
        BrokerLine line = asides.get(nodeId);
        if (line == null || !leadsTo(line, node)) {
            if (line != null) line.close();
            line = new BrokerLine(node, lane, settings, reconnects, new AsideEvents());
            asides.put(nodeId, line);
        }
        line.connect();
        return line.ready();
    }

    private static boolean leadsTo(BrokerLine line, ClusterNode node) {
        return line.node().host().equals(node.host()) && line.node().port() == node.port();
    }

    private final class AsideEvents implements BrokerLine.Events {
        @Override
        public void onReady(BrokerLine line) {
            if (!isClosed && asides.get(line.node().id()) == line)
                events.onReady(line.node().id());
        }

        @Override
        public void onLost(BrokerLine line, String sentence) {
            // What was asked has failed; the next that wants it connects anew.
        }
    }

    /**
     * Asks any broker.
     *
     * @return false if none is ready; one is then being connected to, and {@link ClusterEvents#onReady} will tell
     */
    public boolean askAny(Request request, Consumer<Answer> then) {
        return askAny(request.apiKey(), version -> request, then);
    }

    /**
     * Asks any broker, for what has to be said in another way in older versions.
     *
     * @param request the request for the version that is chosen: the highest that both sides know, or the latest if there is none,
     *     which is then answered with {@link Answer.Reason#UNSUPPORTED_VERSION}
     * @return as {@link #askAny(Request, Consumer)}
     */
    public boolean askAny(ApiKey key, IntFunction<? extends Request> request, Consumer<Answer> then) {
        ClientConversation open = anyReady();
        if (open == null) return false;
        short common = open.versions().highestCommon(key, key.latestStableVersion());
        short version = common < 0 ? key.latestStableVersion() : common;
        open.send(request.apply(version), version, settings.requestMs(), then);
        return true;
    }

    /** One line for each broker; a broker that has moved gets a new one. */
    private BrokerLine line(ClusterNode node) {
        BrokerLine known = lines.get(node.id());
        if (known != null && leadsTo(known, node)) return known;
        BrokerLine fresh = known == null && node.id() >= 0 ? takeOver(node) : null;
        if (fresh == null) fresh = new BrokerLine(node, lane, settings, reconnects, this);
        lines.put(node.id(), fresh);
        if (known != null) known.close();
        return fresh;
    }

    /** The line to a broker that the client began with, if it leads to the same address; it saves connecting once more. */
    private @Nullable BrokerLine takeOver(ClusterNode node) {
        for (ClusterNode first : bootstrap) {
            if (!first.host().equals(node.host()) || first.port() != node.port()) continue;
            BrokerLine line = lines.remove(first.id());
            if (line == null) continue;
            line.isNow(node);
            return line;
        }
        return null;
    }

    private List<ClusterNode> candidates() {
        List<ClusterNode> nodes = new ArrayList<>();
        if (metadata.isBootstrapping()) nodes.addAll(bootstrap);
        else metadata.view().nodes().forEach(nodes::add);
        return nodes;
    }

    /** The ready one with the fewest requests under way; if there is none, one is being connected to. */
    private @Nullable ClientConversation anyReady() {
        ClientConversation best = null;
        boolean isConnecting = false;
        List<BrokerLine> free = new ArrayList<>();
        long nowMs = lane.nowMs();
        for (ClusterNode node : candidates()) {
            BrokerLine line = line(node);
            ClientConversation open = line.ready();
            if (open != null) {
                if (best == null || open.requestsInFlight() < best.requestsInFlight()) best = open;
            } else if (line.isConnecting()) {
                isConnecting = true;
            } else if (line.connectFromMs() <= nowMs) {
                free.add(line);
            }
        }
        if (best != null || isConnecting) return best;
        if (free.isEmpty()) {
            metadata.nobodyIsReachable();
            return null;
        }
        free.get(lane.randomness().nextInt(free.size())).connect();
        return null;
    }

    /** Asks for metadata if it is due, and sees to it that it will be. */
    private void keepUpToDate() {
        if (isClosed) return;
        long nowMs = lane.nowMs();
        long dueMs = metadata.askAtMs();
        if (dueMs == Long.MAX_VALUE) return;
        if (dueMs > nowMs) {
            alarm.setTo(dueMs);
            return;
        }
        ClientConversation open = anyReady();
        if (open == null) {
            isWaitingForLine = true;
            alarm.setTo(Math.min(nowMs + settings.connectMs(), earliestConnectMs(nowMs)));
            return;
        }
        isWaitingForLine = false;
        open.send(metadata.ask(nowMs), this::metadataAnswered);
    }

    private long earliestConnectMs(long nowMs) {
        long earliestMs = Long.MAX_VALUE;
        for (ClusterNode node : candidates()) {
            BrokerLine line = line(node);
            if (!line.isConnecting()) earliestMs = Math.min(earliestMs, Math.max(nowMs + 1, line.connectFromMs()));
        }
        return earliestMs;
    }

    private void metadataAnswered(Answer answer) {
        if (isClosed) return;
        long nowMs = lane.nowMs();
        long randomBits = lane.randomness().nextLong();
        switch (answer) {
            case Answer.Answered(MetadataResponse response, short version) -> {
                metadata.answered(response, nowMs, randomBits);
                forgetStrangers();
                events.onView(metadata.view());
            }
            case Answer.Answered other -> throw new IllegalStateException("a Metadata request got another answer");
            case Answer.Failed(Answer.Reason reason, String sentence) -> {
                metadata.failed(nowMs, randomBits);
                events.onTrouble("no metadata: " + sentence);
            }
        }
        keepUpToDate();
    }

    /** Ends idle lines to addresses that are no broker of the cluster any more, and those the client began with. */
    private void forgetStrangers() {
        if (metadata.isBootstrapping()) return;
        metadata.view().nodes().forEach(this::line);
        for (BrokerLine line : List.copyOf(lines.values())) {
            if (metadata.view().node(line.node().id()) != null || line.requestsInFlight() > 0) continue;
            lines.remove(line.node().id());
            line.close();
        }
        for (BrokerLine aside : List.copyOf(asides.values())) {
            if (metadata.view().node(aside.node().id()) != null) continue;
            asides.remove(aside.node().id());
            aside.close();
        }
    }

    @Override
    public void onReady(BrokerLine line) {
        if (isClosed) return;
        events.onReady(line.node().id());
        if (isWaitingForLine) keepUpToDate();
    }

    @Override
    public void onLoginRefused(BrokerLine line, String sentence) {
        if (!isClosed && lines.get(line.node().id()) == line) events.onLoginRefused(sentence);
    }

    @Override
    public void onLost(BrokerLine line, String sentence) {
        if (isClosed || lines.get(line.node().id()) != line) return;
        events.onLost(line.node().id(), sentence);
        metadata.refresh();
        keepUpToDate();
    }

    /** Ends all conversations; requests under way fail. Nobody is told of anything any more. */
    public void close() {
        if (isClosed) return;
        isClosed = true;
        alarm.stop();
        for (BrokerLine line : List.copyOf(lines.values())) line.close();
        for (BrokerLine aside : List.copyOf(asides.values())) aside.close();
    }
}
