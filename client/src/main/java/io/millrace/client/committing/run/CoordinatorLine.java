package io.millrace.client.committing.run;

import io.millrace.client.cluster.ClusterNode;
import io.millrace.client.cluster.ClusterView;
import io.millrace.client.cluster.RetryBackoff;
import io.millrace.client.cluster.run.Alarm;
import io.millrace.client.cluster.run.BrokerLine;
import io.millrace.client.cluster.run.ClientLane;
import io.millrace.client.cluster.run.ClusterEvents;
import io.millrace.client.cluster.run.ClusterLine;
import io.millrace.client.committing.CoordinatorSearch;
import io.millrace.connection.ReconnectBackoff;
import io.millrace.connection.run.Answer;
import io.millrace.connection.run.ClientConversation;
import io.millrace.connection.run.ClientSettings;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.FindCoordinatorRequest;
import io.millrace.protocol.messages.FindCoordinatorResponse;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The line to the coordinator of one group, which is looked for when somebody wants to send to it. It is a connection apart from
 * those that records come by: there an answer may wait behind a fetch that waits for records, and a fetch behind a rebalance.
 * Everything happens on one lane.
 */
public final class CoordinatorLine implements ClusterEvents, BrokerLine.Events {
    /** How soon it is looked again for a broker that can be asked, if no event says so sooner. */
    private static final long LOOK_AGAIN_MS = 100;

    private static final byte GROUP = 0;
    private static final int FIRST_WITH_TYPES = 1;
    /** Versions that ask for several coordinators at once (KIP-699). */
    private static final int FIRST_WITH_LISTS = 4;

    private static final int MAX_PORT = 65_535;

    /** Somebody who sends to the coordinator. Told on the lane. */
    public interface User {
        /** {@link #ready} may have another answer than before. */
        void onCoordinatorNews();

        /**
         * The search is over, without a coordinator; it begins anew with the next {@link #ready}.
         *
         * @param sentence why, for a person
         */
        void onCoordinatorRefused(ErrorCode error, String sentence);

        /** Something went wrong that is tried again. */
        void onCoordinatorTrouble(String sentence);

        /** The coordinator, or who was to be asked for it, does not let this client in; it is tried again with the next {@link #ready}. */
        default void onCoordinatorLoginRefused(String sentence) {
            onCoordinatorRefused(ErrorCode.SASL_AUTHENTICATION_FAILED, sentence);
        }
    }

    private final ClientLane lane;
    private final String groupId;
    private final ClientSettings settings;
    private final ReconnectBackoff reconnects;
    private final CoordinatorSearch search;
    private final List<User> users = new ArrayList<>();
    private @Nullable ClusterLine cluster;
    private @Nullable BrokerLine line;
    private boolean isWanted;
    private boolean isClosed;
    private final Alarm alarm;

    /** Nothing is asked yet; {@link #begin} gives it its lines to the brokers. */
    public CoordinatorLine(
            ClientLane lane,
            String groupId,
            ClientSettings settings,
            ReconnectBackoff reconnects,
            RetryBackoff backoff) {
        this.lane = lane;
        this.alarm = new Alarm(lane, this::tellNews);
        this.groupId = groupId;
        this.settings = settings;
        this.reconnects = reconnects;
        this.search = new CoordinatorSearch(backoff);
    }

    /** Gives it its lines to the brokers, whose events it is to be told. */
    public void begin(ClusterLine itsCluster) {
        cluster = itsCluster;
    }

    /** Has somebody told of what happens to it from now on. */
    public void tell(User user) {
        users.add(user);
    }

    private ClusterLine cluster() {
        ClusterLine known = cluster;
        if (known == null) throw new IllegalStateException("a coordinator is wanted before there are brokers");
        return known;
    }

    /**
     * The conversation with the coordinator if it is ready. Else it is looked for and connected to, and the users are told when to
     * ask again.
     */
    public @Nullable ClientConversation ready() {
        if (isClosed) return null;
        BrokerLine known = line;
        if (known == null || search.nodeId() == CoordinatorSearch.UNKNOWN) {
            isWanted = true;
            find(lane.nowMs());
            return null;
        }
        ClientConversation open = known.ready();
        isWanted = open == null;
        if (open == null) {
            known.connect();
            if (!known.isConnecting()) alarm.setTo(known.connectFromMs());
        }
        return open;
    }

    /** The coordinator, as far as is known; {@link CoordinatorSearch#UNKNOWN} else. */
    public int nodeId() {
        return search.nodeId();
    }

    /** That broker is not the coordinator, or not of use: it is looked for anew, after a pause. Nothing if it is another one by now. */
    public void lost(int nodeId) {
        search.lost(nodeId, lane.nowMs(), lane.randomness().nextLong());
    }

    /** Ends the conversation, so that the next request has not to wait behind those under way, which fail. */
    public void hangUp() {
        BrokerLine before = line;
        if (before == null || isClosed) return;
        line = new BrokerLine(before.node(), lane, settings, reconnects, this);
        before.close();
    }

    private void find(long nowMs) {
        if (search.isAsking()) return;
        if (search.askFromMs() > nowMs) {
            alarm.setTo(search.askFromMs());
            return;
        }
        if (cluster().askAny(ApiKey.FIND_COORDINATOR, this::question, this::found)) search.asked();
        else alarm.setTo(nowMs + LOOK_AGAIN_MS);
    }

    private FindCoordinatorRequest question(int version) {
        FindCoordinatorRequest.Builder request = FindCoordinatorRequest.builder();
        if (version >= FIRST_WITH_TYPES) request.keyType(GROUP);
        if (version >= FIRST_WITH_LISTS) request.coordinatorKeys(List.of(groupId));
        else request.key(groupId);
        return request.build();
    }

    private void found(Answer answer) {
        if (isClosed) return;
        switch (answer) {
            case Answer.Answered(FindCoordinatorResponse response, short version) ->
                found(version >= FIRST_WITH_LISTS ? response.coordinators() : List.of(onlyOne(response)));
            case Answer.Answered other -> throw new IllegalStateException("FindCoordinator got another answer");
            case Answer.Failed(Answer.Reason reason, String sentence) ->
                notFound(
                        reason == Answer.Reason.UNSUPPORTED_VERSION
                                ? ErrorCode.UNSUPPORTED_VERSION
                                : ErrorCode.NETWORK_EXCEPTION,
                        sentence);
        }
        tellNews();
    }

    private FindCoordinatorResponse.Coordinator onlyOne(FindCoordinatorResponse response) {
        return new FindCoordinatorResponse.Coordinator(
                groupId,
                response.nodeId(),
                response.host(),
                response.port(),
                response.errorCode(),
                response.errorMessage());
    }

    private void found(List<FindCoordinatorResponse.Coordinator> coordinators) {
        for (FindCoordinatorResponse.Coordinator each : coordinators) {
            if (!each.key().equals(groupId)) continue;
            ErrorCode error = ErrorCode.forCode(each.errorCode());
            boolean isAddress =
                    each.nodeId() >= 0 && !each.host().isEmpty() && each.port() > 0 && each.port() <= MAX_PORT;
            if (error != ErrorCode.NONE) {
                String said = each.errorMessage();
                notFound(error, error + ", " + (said == null || said.isEmpty() ? error.message() : said));
            } else if (isAddress) {
                leadTo(new ClusterNode(each.nodeId(), each.host(), each.port(), null));
                search.found(each.nodeId());
            } else {
                notFound(
                        ErrorCode.COORDINATOR_NOT_AVAILABLE,
                        "a broker gave no address: " + each.host() + ":" + each.port());
            }
            return;
        }
        notFound(ErrorCode.COORDINATOR_NOT_AVAILABLE, "a broker was asked for it, and told of others");
    }

    private void leadTo(ClusterNode node) {
        BrokerLine before = line;
        if (before != null && before.node().equals(node)) return;
        line = new BrokerLine(node, lane, settings, reconnects, this);
        if (before != null) before.close();
    }

    private void notFound(ErrorCode error, String sentence) {
        search.notFound(lane.nowMs(), lane.randomness().nextLong());
        String all = "no coordinator for group " + groupId + ": " + sentence;
        boolean mayChange = error.isRetriable();
        if (!mayChange) isWanted = false;
        for (User each : users) {
            if (mayChange) each.onCoordinatorTrouble(all);
            else each.onCoordinatorRefused(error, all);
        }
    }

    private void tellNews() {
        for (User each : users) each.onCoordinatorNews();
    }

    @Override
    public void onView(ClusterView view) {
        // It asks for what it needs itself.
    }

    @Override
    public void onReady(int nodeId) {
        if (isWanted) tellNews();
    }

    @Override
    public void onLost(int nodeId, String sentence) {
        // Another broker is asked when the timer says so.
    }

    @Override
    public void onLoginRefused(String sentence) {
        if (!isClosed && isWanted && search.nodeId() == CoordinatorSearch.UNKNOWN) tellRefusal(sentence);
    }

    @Override
    public void onLoginRefused(BrokerLine refused, String sentence) {
        if (!isClosed && refused == line) tellRefusal(sentence);
    }

    private void tellRefusal(String sentence) {
        for (User each : users) each.onCoordinatorLoginRefused("the coordinator of group " + groupId + ": " + sentence);
    }

    @Override
    public void onReady(BrokerLine ready) {
        if (!isClosed && ready == line) tellNews();
    }

    @Override
    public void onLost(BrokerLine ended, String sentence) {
        if (isClosed || ended != line) return;
        lost(ended.node().id());
        for (User each : users) each.onCoordinatorTrouble(sentence);
        tellNews();
    }

    /** Ends the conversation, if there is one. Nobody is told of anything any more; requests under way fail. */
    public void close() {
        if (isClosed) return;
        isClosed = true;
        alarm.stop();
        if (line != null) line.close();
    }
}
