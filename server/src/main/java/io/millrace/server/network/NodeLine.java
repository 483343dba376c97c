package io.millrace.server.network;

import io.millrace.connection.CloseReason;
import io.millrace.connection.ReconnectBackoff;
import io.millrace.connection.run.Answer;
import io.millrace.connection.run.ClientConversation;
import io.millrace.connection.run.ClientConversationEvents;
import io.millrace.connection.run.ClientSettings;
import io.millrace.connection.run.ConversationLane;
import io.millrace.connection.run.PayloadFiles;
import io.millrace.environment.Clock;
import io.millrace.environment.LaneStopped;
import io.millrace.environment.Randomness;
import io.millrace.environment.Transport;
import io.millrace.protocol.Request;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The line to one other node: a conversation that is begun anew, with growing pauses, whenever it is needed and has ended. */
public final class NodeLine implements ClientConversationEvents {
    private static final System.Logger LOG = System.getLogger(NodeLine.class.getName());

    /**
     * What conversations are made of.
     *
     * @param backoff how long it is left alone after each failure
     * @param isToldOf whether the log is told when the line breaks and holds again; of several lines to one node one is enough
     */
    public record Means(
            Transport transport,
            ConversationLane shared,
            Clock clock,
            Randomness randomness,
            ClientSettings settings,
            ReconnectBackoff backoff,
            boolean isToldOf) {}

    /** Where the node listens. */
    public record Address(String host, int port) {}

    /** Is told what becomes of the line, on its lane. */
    public interface Events {
        /** Nobody wants to know. */
        Events NONE = new Events() {
            @Override
            public void reached() {}

            @Override
            public void lost() {}
        };

        /** A conversation is ready. */
        void reached();

        /** The conversation has ended, or could not be begun; what was asked has failed already. Not called after {@link #close}. */
        void lost();
    }

    private final String node;
    private final Address address;
    private final Means means;
    private final Events events;
    private @Nullable ClientConversation conversation;
    private int failures;
    private long connectFromMs = Long.MIN_VALUE;
    private boolean isClosed;
    private boolean isRefused;

    /**
     * A line that is not connected.
     *
     * @param node who is there, as the log names it
     */
    public NodeLine(String node, Address address, Means means, Events events) {
        this.node = node;
        this.address = address;
        this.means = means;
        this.events = events;
    }

    /** Where it leads. */
    public Address address() {
        return address;
    }

    /** Whether a conversation is ready. */
    public boolean isReady() {
        return conversation != null && conversation.isReady();
    }

    /** Whether nobody listened at the address when it was last tried. */
    public boolean isRefused() {
        return isRefused;
    }

    /** When a conversation may be begun, in monotonic time; in the past if it may now. */
    public long connectFromMs() {
        return connectFromMs;
    }

    /** Begins a conversation, unless there is one or it is too early. */
    public void connect() {
        if (conversation != null || isClosed || connectFromMs > means.clock().monotonicMs()) return;
        ClientConversation open = ClientConversation.open(
                means.transport(),
                InetSocketAddress.createUnresolved(address.host(), address.port()),
                means.shared(),
                means.settings(),
                PayloadFiles.NONE,
                this);
        if (!open.isClosed()) conversation = open;
    }

    /** Sends a request, in the highest version both know. Answered once, later; without a line, when its pause is over. */
    public void send(Request request, Consumer<Answer> then) {
        connect();
        ClientConversation open = conversation;
        if (open == null) {
            long waitMs = Math.max(0, connectFromMs - means.clock().monotonicMs());
            means.shared().lane().schedule(waitMs, () -> then.accept(noLine()));
            return;
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
        isRefused = false;
        events.reached();
    }

    @Override
    public void onClosed(ClientConversation conversing, CloseReason reason) {
        conversation = null;
        isRefused = reason.cause() instanceof ConnectException;
        if (isClosed) return;
        if (reason.cause() instanceof LaneStopped) {
            isClosed = true; // This node ends.
            return;
        }
        if (failures++ == 0 && means.isToldOf())
            LOG.log(System.Logger.Level.WARNING, this + " " + reason.sentence() + "; it is tried again and again");
        connectFromMs = means.clock().monotonicMs()
                + means.backoff().waitMs(failures, means.randomness().nextLong());
        events.lost();
    }

    /** Ends it; what is not answered fails. */
    public void close() {
        isClosed = true;
        if (conversation != null) conversation.close();
    }

    @Override
    public String toString() {
        return node + " at " + address.host() + ":" + address.port();
    }
}
