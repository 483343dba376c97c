package io.millrace.server.controller;

import io.millrace.controller.Controller;
import io.millrace.controller.ControllerContext;
import io.millrace.controller.Decision;
import io.millrace.environment.Clock;
import io.millrace.environment.Connection;
import io.millrace.environment.ConnectionEvents;
import io.millrace.environment.Lane;
import io.millrace.environment.Transport;
import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.ClusterImage;
import io.millrace.metadata.Endpoint;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.BrokerHeartbeatRequest;
import io.millrace.protocol.messages.BrokerHeartbeatResponse;
import io.millrace.server.network.Exchange;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds out at once that a broker's process has ended, where its silence would tell only after {@code broker.session.timeout.ms}. A broker whose
 * line to the active controller has broken, or that a new one has not heard of yet, is looked for at all its addresses for a moment; if each
 * of them refuses connections, nobody is there, and it is fenced. Whoever cannot be judged so (a host that is gone, a network that is cut)
 * has its session, as ever. Touched on the metadata lane.
 */
public final class GoneBrokers {
    private static final System.Logger LOG = System.getLogger(GoneBrokers.class.getName());

    /** Between one look and the next, in ms: a process that ends closes its lines one after the other. */
    private static final List<Integer> PAUSES_MS = List.of(10, 20, 50, 100, 200, 400, 800);

    /** Brokers that a new controller has not heard of by then are looked for. */
    private static final long SETTLE_MS = 100;

    private static final long ANSWERS_WITHIN_MS = 1_000;

    private final Supplier<ClusterImage> cluster;
    private final Consumer<Fencing> fence;
    private final Transport transport;
    private final Lane lane;
    private final Clock clock;
    private final int nodeId;
    /** When each broker was last heard of, by id, in monotonic ms. */
    private final Map<Integer, Long> heardAtMs = new HashMap<>();

    private final Set<Integer> beingLookedFor = new HashSet<>();
    /** The epochs in which brokers were fenced so, by id: one that wakes again in the same has addresses that say nothing. */
    private final Map<Integer, Long> fencedEpochs = new HashMap<>();

    private int term;
    private boolean isLeading;

    /**
     * One that looks for nobody before {@link #begin}.
     *
     * @param cluster the brokers as they are now
     * @param fence has the controller decide it
     * @param nodeId of this node, which does not look for itself
     */
    public GoneBrokers(
            Supplier<ClusterImage> cluster,
            Consumer<Fencing> fence,
            Transport transport,
            Lane lane,
            Clock clock,
            int nodeId) {
        this.cluster = cluster;
        this.fence = fence;
        this.transport = transport;
        this.lane = lane;
        this.clock = clock;
        this.nodeId = nodeId;
    }

    /** This node leads from now on. */
    public void begin() {
        isLeading = true;
        int itsTerm = ++term;
        long sinceMs = clock.monotonicMs();
        lane.schedule(SETTLE_MS, () -> {
            if (isLeading && itsTerm == term)
                for (BrokerImage broker : cluster.get().brokersInOrder()) lookFor(broker.id(), broker.epoch(), sinceMs);
        });
    }

    /** It leads no more. */
    public void end() {
        isLeading = false;
        heardAtMs.clear();
        fencedEpochs.clear();
    }

    /** A broker's heartbeat has come by this exchange, whose connection is its line. Called on the connection's lane. */
    public void heartbeatBy(BrokerHeartbeatRequest request, Exchange<BrokerHeartbeatResponse> exchange) {
        int brokerId = request.brokerId();
        long epoch = request.brokerEpoch();
        lane.execute(() -> {
            // Whoever reaches the listener can say anything: only the life that the log knows counts.
            BrokerImage broker = cluster.get().broker(brokerId);
            if (isLeading && broker != null && broker.epoch() == epoch) heardAtMs.put(brokerId, clock.monotonicMs());
        });
        exchange.whenClosed(() -> lane.execute(() -> {
            if (isLeading) lookFor(brokerId, epoch, clock.monotonicMs());
        }));
    }

    private void lookFor(int brokerId, long epoch, long sinceMs) {
        if (brokerId == nodeId || !beingLookedFor.add(brokerId)) return;
        new Search(brokerId, epoch, sinceMs, term).look(0);
    }

    /** Looks for one broker until it is heard of, is refused everywhere, or all looks were in vain. */
    private final class Search {
        private final int brokerId;
        private final long epoch;
        private final long sinceMs;
        private final int itsTerm;

        Search(int brokerId, long epoch, long sinceMs, int itsTerm) {
            this.brokerId = brokerId;
            this.epoch = epoch;
            this.sinceMs = sinceMs;
            this.itsTerm = itsTerm;
        }

        private @Nullable BrokerImage wanted() {
            BrokerImage broker = cluster.get().broker(brokerId);
            boolean isOver = !isLeading || itsTerm != term;
            if (isOver || broker == null || broker.epoch() != epoch || broker.isFenced()) return null;
            if (heardAtMs.getOrDefault(brokerId, Long.MIN_VALUE) > sinceMs) return null;
            return broker.endpoints().isEmpty() || Long.valueOf(epoch).equals(fencedEpochs.get(brokerId))
                    ? null
                    : broker;
        }

        void look(int number) {
            BrokerImage broker = wanted();
            if (broker == null || number == PAUSES_MS.size()) {
                beingLookedFor.remove(brokerId);
                return;
            }
            new Look(broker.endpoints(), isRefused -> {
                if (isRefused) refused(broker);
                else lane.schedule(PAUSES_MS.get(number), () -> look(number + 1));
            });
        }

        private void refused(BrokerImage broker) {
            beingLookedFor.remove(brokerId);
            if (wanted() == null) return;
            fencedEpochs.put(brokerId, epoch);
            LOG.log(
                    System.Logger.Level.INFO,
                    "broker " + brokerId + " has ended: nobody listens at "
                            + broker.endpoints().getFirst().host() + ":"
                            + broker.endpoints().getFirst().port() + " any more; it is fenced");
            fence.accept(new Fencing(brokerId, epoch));
        }
    }

    /** Tries all addresses of a broker at the same time. */
    private final class Look {
        private final Consumer<Boolean> then;
        private final Lane.Timer deadline;
        private final Set<Connection> open = new LinkedHashSet<>();
        private int unknown;
        private boolean isOver;

        Look(List<Endpoint> endpoints, Consumer<Boolean> then) {
            this.then = then;
            this.unknown = endpoints.size();
            this.deadline = lane.schedule(ANSWERS_WITHIN_MS, () -> ends(false));
            for (Endpoint endpoint : endpoints) {
                if (isOver) return;
                var attempt = new Attempt();
                Connection connection = transport.connect(
                        InetSocketAddress.createUnresolved(endpoint.host(), endpoint.port()), lane, attempt);
                attempt.connection = connection;
                open.add(connection);
            }
        }

        private void ends(boolean isRefused) {
            if (isOver) return;
            isOver = true;
            deadline.cancel();
            for (Connection connection : open) connection.close();
            then.accept(isRefused);
        }

        private final class Attempt implements ConnectionEvents {
            private @Nullable Connection connection;

            @Override
            public void onConnected() {
                ends(false);
            }

            @Override
            public void onReadable() {
                ends(false);
            }

            @Override
            public void onWritable() {}

            @Override
            public void onClosed(@Nullable IOException cause) {
                if (connection != null) open.remove(connection);
                if (!(cause instanceof ConnectException)) ends(false);
                else if (--unknown == 0) ends(true);
            }
        }
    }

    /**
     * A broker is to be fenced.
     *
     * @param epoch of the life that has ended
     */
    public record Fencing(int brokerId, long epoch) implements ControllerAccess.OwnQuestion<Boolean> {
        @Override
        public Decision<Boolean> decide(Controller controller, ControllerContext context) {
            return controller.fenceGoneBroker(brokerId, epoch);
        }

        @Override
        public Boolean refused(ErrorCode error) {
            return false;
        }
    }
}
