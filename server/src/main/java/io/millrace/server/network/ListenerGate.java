package io.millrace.server.network;

import io.millrace.connection.CloseReason;
import io.millrace.connection.ConnectionQuota;
import io.millrace.connection.run.ServerConversation;
import io.millrace.environment.Connection;
import io.millrace.environment.ConnectionEvents;
import io.millrace.environment.Lane;
import io.millrace.environment.Transport;
import io.millrace.protocol.ApiKey;
import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Lets connections in by one listener: begins a conversation for each on the lane it was dealt to, and ends it again if there
 * are too many already. The counting is one lane's business, and takes a message there and back.
 */
public final class ListenerGate implements Transport.Acceptor {
    private static final System.Logger LOG = System.getLogger(ListenerGate.class.getName());

    private final String listenerName;
    private final ApiKey.Listener kind;
    private final Map<Lane, LaneNetwork> networks;
    private final Lane counting;
    private final ConnectionQuota quota;
    private final LogBudget refusals;
    /** Lanes on which connections are served; each lane looks only at its own place. */
    private final boolean[] openOnLane;

    private final List<Lane> lanes;

    /**
     * Makes the gate of one listener.
     *
     * @param networks what each lane's connections share
     * @param counting the lane on which {@code quota} is kept, the same for all gates that share it
     */
    public ListenerGate(
            String listenerName,
            ApiKey.Listener kind,
            Map<Lane, LaneNetwork> networks,
            Lane counting,
            ConnectionQuota quota) {
        this.listenerName = listenerName;
        this.kind = kind;
        this.networks = new LinkedHashMap<>(networks);
        this.counting = counting;
        this.quota = quota;
        this.refusals = new LogBudget();
        this.lanes = List.copyOf(networks.keySet());
        this.openOnLane = new boolean[lanes.size()];
    }

    /** Who is served here. */
    public ApiKey.Listener kind() {
        return kind;
    }

    /**
     * Begins to serve; who came before that found the connection closed, and comes again.
     *
     * @param opened called on the counting lane once every lane serves
     */
    public void open(Runnable opened) {
        int[] missing = {lanes.size()};
        for (int i = 0; i < lanes.size(); i++) {
            int lane = i;
            onLane(lanes.get(lane), () -> {
                openOnLane[lane] = true;
                onLane(counting, () -> {
                    if (--missing[0] == 0) opened.run();
                });
            });
        }
    }

    @Override
    public ConnectionEvents accepted(Connection connection, Lane lane) {
        LaneNetwork network = networks.get(lane);
        if (network == null) throw new IllegalStateException("no network on " + lane.name());
        Admission admission = new Admission(connection, lane, network);
        if (openOnLane[lanes.indexOf(lane)]) admission.begin();
        else admission.refuse("came before the node was ready");
        return admission.conversation();
    }

    private static void onLane(Lane lane, Runnable task) {
        if (lane.isCurrent()) task.run();
        else lane.execute(task);
    }

    /** One connection's way through the quota; its fields belong to the counting lane or the connection's, as said. */
    private final class Admission {
        private final InetAddress address;
        private final Lane lane;
        private final Connection connection;
        private final ServerConversation conversation;
        private final ServedConnection served;
        private final LaneNetwork network;
        /** Counting lane. */
        private boolean isCounted;

        Admission(Connection connection, Lane lane, LaneNetwork network) {
            this.connection = connection;
            this.lane = lane;
            this.network = network;
            this.address = connection.remoteAddress().getAddress();
            this.served = new ServedConnection(network, networks, listenerName, kind, this::ended);
            this.conversation = ServerConversation.begin(
                    connection, network.shared(), network.limits(), kind, true, network.files(), served, served);
        }

        ServerConversation conversation() {
            return conversation;
        }

        void begin() {
            onLane(counting, () -> {
                Optional<String> refusal =
                        quota.refusal(address, network.clock().monotonicMs());
                isCounted = refusal.isEmpty();
                // It stays where it is until this has been said.
                onLane(lane, () -> {
                    if (refusal.isEmpty()) served.mayMove();
                    else conversation.close(new CloseReason(CloseReason.Kind.CLOSED_HERE, refusal.get()));
                });
            });
        }

        void refuse(String why) {
            conversation.close(new CloseReason(CloseReason.Kind.ENDED_BY_PEER, why));
        }

        private void ended(CloseReason reason) {
            onLane(counting, () -> {
                if (isCounted) quota.closed(address);
                isCounted = false;
                tell(reason);
            });
        }

        private void tell(CloseReason reason) {
            boolean isWorthALine = switch (reason.kind()) {
                case ENDED_BY_PEER, CONNECTION_LOST, IDLE -> false;
                case CLOSED_HERE,
                        HALF_FRAME,
                        SLOW_READER,
                        NOT_AUTHENTICATED,
                        FRAME_REFUSED,
                        REQUEST_REFUSED,
                        FOREIGN_PROTOCOL,
                        REPLY_FAILED -> true;
            };
            if (!isWorthALine) return;
            long unsaid = refusals.mayLog(network.clock().monotonicMs());
            if (unsaid < 0) return;
            LOG.log(
                    reason.kind() == CloseReason.Kind.REPLY_FAILED
                            ? System.Logger.Level.ERROR
                            : System.Logger.Level.WARNING,
                    "connection from " + connection.remoteAddress() + " on " + listenerName + ": its peer "
                            + reason.sentence() + (unsaid > 0 ? " (" + unsaid + " such lines left out)" : ""));
        }
    }
}
