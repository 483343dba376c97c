package io.millrace.client.cluster.run;

import io.millrace.client.cluster.ClusterNode;
import io.millrace.connection.CloseReason;
import io.millrace.connection.ReconnectBackoff;
import io.millrace.connection.run.ClientConversation;
import io.millrace.connection.run.ClientConversationEvents;
import io.millrace.connection.run.ClientSettings;
import io.millrace.connection.run.PayloadFiles;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/** The line to one broker: a conversation that is begun anew, with growing pauses, whenever it is needed and has ended. */
public final class BrokerLine implements ClientConversationEvents {
    /** Is told what becomes of the line. */
    public interface Events {
        /** It can be sent to. */
        void onReady(BrokerLine line);

        /**
         * The conversation has ended, or could not be begun; all requests have failed already.
         *
         * @param sentence what happened, naming the broker
         */
        void onLost(BrokerLine line, String sentence);

        /**
         * The broker does not let this client in, or is not one that this client trusts: a login or TLS was refused. {@link #onLost}
         * comes next.
         */
        default void onLoginRefused(BrokerLine line, String sentence) {}
    }

    private ClusterNode node;
    private final ClientLane lane;
    private final ClientSettings settings;
    private final ReconnectBackoff backoff;
    private final Events events;
    private @Nullable ClientConversation conversation;
    private int failures;
    private long connectFromMs = Long.MIN_VALUE;

    /** A line that is not connected; everything happens on that lane. */
    public BrokerLine(
            ClusterNode node, ClientLane lane, ClientSettings settings, ReconnectBackoff backoff, Events events) {
        this.node = node;
        this.lane = lane;
        this.settings = settings;
        this.backoff = backoff;
        this.events = events;
    }

    /** Whom it leads to. */
    public ClusterNode node() {
        return node;
    }

    /** The address turned out to be that of a broker. */
    void isNow(ClusterNode broker) {
        node = broker;
    }

    /** Requests that are not answered. */
    int requestsInFlight() {
        return conversation == null ? 0 : conversation.requestsInFlight();
    }

    /** The conversation if it is ready, else null. */
    public @Nullable ClientConversation ready() {
        ClientConversation open = conversation;
        return open != null && open.isReady() ? open : null;
    }

    /** Whether a conversation has begun that is not ready yet. */
    public boolean isConnecting() {
        return conversation != null && !conversation.isReady();
    }

    /** From when on it may be connected to; in the past if it may now. */
    public long connectFromMs() {
        return connectFromMs;
    }

    /** Begins a conversation unless there is one, or it is too early. */
    public void connect() {
        if (conversation != null || connectFromMs > lane.nowMs()) return;
        conversation = ClientConversation.open(
                lane.transport(), address(node), lane.shared(), settings, PayloadFiles.NONE, this);
    }

    /** Names are left to the transport to look up; addresses need no looking up. */
    private static InetSocketAddress address(ClusterNode node) {
        String[] parts = node.host().split("\\.", -1);
        if (parts.length == 4) {
            byte[] bytes = new byte[4];
            boolean isAddress = true;
            for (int i = 0; i < 4 && isAddress; i++) {
                isAddress = !parts[i].isEmpty()
                        && parts[i].length() <= 3
                        && parts[i].chars().allMatch(c -> c >= '0' && c <= '9')
                        && Integer.parseInt(parts[i]) <= 255;
                if (isAddress) bytes[i] = (byte) Integer.parseInt(parts[i]);
            }
            if (isAddress) {
                try {
                    return new InetSocketAddress(InetAddress.getByAddress(bytes), node.port());
                } catch (UnknownHostException e) {
                    throw new AssertionError("four bytes are an address", e);
                }
            }
        }
        return InetSocketAddress.createUnresolved(node.host(), node.port());
    }

    @Override
    public void onReady(ClientConversation conversing) {
        failures = 0;
        events.onReady(this);
    }

    @Override
    public void onClosed(ClientConversation conversing, CloseReason reason) {
        conversation = null;
        failures++;
        connectFromMs =
                lane.nowMs() + backoff.waitMs(failures, lane.randomness().nextLong());
        String sentence = node + " " + reason.sentence();
        if (reason.kind() == CloseReason.Kind.NOT_AUTHENTICATED) events.onLoginRefused(this, sentence);
        events.onLost(this, sentence);
    }

    /** Ends the conversation, if there is one. */
    public void close() {
        if (conversation != null) conversation.close();
    }
}
