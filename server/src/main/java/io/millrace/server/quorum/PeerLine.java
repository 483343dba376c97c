package io.millrace.server.quorum;

import io.millrace.connection.CloseReason;
import io.millrace.connection.ReconnectBackoff;
import io.millrace.connection.run.Answer;
import io.millrace.connection.run.ClientConversation;
import io.millrace.connection.run.ClientConversationEvents;
import io.millrace.connection.run.ClientSettings;
import io.millrace.connection.run.ConversationLane;
import io.millrace.connection.run.PayloadFiles;
import io.millrace.environment.Clock;
import io.millrace.environment.Randomness;
import io.millrace.environment.Transport;
import io.millrace.protocol.Request;
import io.millrace.raft.Voter;
import java.net.InetSocketAddress;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The line to one other replica: a conversation that is begun anew, with growing pauses, whenever it is needed and has ended. */
final class PeerLine implements ClientConversationEvents {
    private static final System.Logger LOG = System.getLogger(PeerLine.class.getName());

    /** As long as Kafka's controllers wait. */
    private static final ReconnectBackoff BACKOFF = new ReconnectBackoff(50, 500);

    /**
     * What conversations are made of.
     *
     * @param isToldOf whether the log is told when the line breaks and holds again; of several lines to one replica one is enough
     */
    record Means(
            Transport transport,
            ConversationLane shared,
            Clock clock,
            Randomness randomness,
            ClientSettings settings,
            boolean isToldOf) {}

    private final String peer;
    private final Voter.Endpoint endpoint;
    private final Means means;
    private @Nullable ClientConversation conversation;
    private int failures;
    private long connectFromMs = Long.MIN_VALUE;
    private boolean isClosed;

    PeerLine(String peer, Voter.Endpoint endpoint, Means means) {
        this.peer = peer;
        this.endpoint = endpoint;
        this.means = means;
    }

    Voter.Endpoint endpoint() {
        return endpoint;
    }

    /** Sends a request, in the highest version both know. Answered once, later; without a line, when its pause is over. */
    void send(Request request, Consumer<Answer> then) {
        ClientConversation open = conversation;
        if (open == null) {
            long nowMs = means.clock().monotonicMs();
            if (connectFromMs > nowMs) {
                means.shared().lane().schedule(connectFromMs - nowMs, () -> then.accept(noLine()));
                return;
            }
            open = ClientConversation.open(
                    means.transport(),
                    InetSocketAddress.createUnresolved(endpoint.host(), endpoint.port()),
                    means.shared(),
                    means.settings(),
                    PayloadFiles.NONE,
                    this);
            if (open.isClosed()) {
                means.shared().lane().execute(() -> then.accept(noLine()));
                return;
            }
            conversation = open;
        }
        open.send(request, then);
    }

    private Answer noLine() {
        return new Answer.Failed(Answer.Reason.CONNECTION_LOST, this + " cannot be reached");
    }

    @Override
    public void onReady(ClientConversation conversing) {
        if (failures > 0 && means.isToldOf()) LOG.log(System.Logger.Level.INFO, this + " is reached again");
        failures = 0;
    }

    @Override
    public void onClosed(ClientConversation conversing, CloseReason reason) {
        conversation = null;
        if (isClosed) return;
        if (failures++ == 0 && means.isToldOf())
            LOG.log(System.Logger.Level.WARNING, this + " " + reason.sentence() + "; it is tried again and again");
        connectFromMs = means.clock().monotonicMs()
                + BACKOFF.waitMs(failures, means.randomness().nextLong());
    }

    /** Ends it; what is not answered fails. */
    void close() {
        isClosed = true;
        if (conversation != null) conversation.close();
    }

    @Override
    public String toString() {
        return peer + " at " + endpoint.host() + ":" + endpoint.port();
    }
}
