package io.millrace.server.network;

import io.millrace.connection.CloseReason;
import io.millrace.connection.run.RequestFrame;
import io.millrace.connection.run.RequestSink;
import io.millrace.connection.run.ServerConversation;
import io.millrace.connection.run.ServerConversationEvents;
import io.millrace.environment.Lane;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.MalformedMessage;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.server.fetch.FetchSession;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One client's connection: reads each request and hands it to the handler of its API, with a way back. */
final class ServedConnection implements RequestSink, ServerConversationEvents {
    private static final System.Logger LOG = System.getLogger(ServedConnection.class.getName());
    /** Above this share of its time a lane takes no connections over. */
    private static final double MOST_LOAD_TO_MOVE_TO = 0.5;

    private static final String ANONYMOUS = "User:ANONYMOUS";

    private LaneNetwork network;
    private final Map<Lane, LaneNetwork> networks;
    private final String listenerName;
    private final ApiKey.Listener kind;
    private final Consumer<CloseReason> closed;
    /** What to do for requests still being worked on if the connection ends first. */
    private List<LaneExchange> abandonable = List.of();

    /** Made with the first request for partitions: an idle connection holds nothing it has not used. */
    private @Nullable LaneAffinity affinity;

    private @Nullable String clientSoftware;
    private @Nullable Runnable whenClosed;
    private int fetchSessionId;
    private boolean mayMove;
    private boolean isMoving;

    ServedConnection(
            LaneNetwork network,
            Map<Lane, LaneNetwork> networks,
            String listenerName,
            ApiKey.Listener kind,
            Consumer<CloseReason> closed) {
        this.network = network;
        this.networks = networks;
        this.listenerName = listenerName;
        this.kind = kind;
        this.closed = closed;
    }

    /** No other lane has anything to say to the connection any more, so it may leave this one. */
    void mayMove() {
        mayMove = true;
    }

    /** A lane that is busy has no sleep to be woken from, and is not made busier. */
    private void moveIfBetter(ServerConversation conversation, @Nullable Lane owner) {
        Lane home = network.shared().lane();
        if (!mayMove || isMoving || networks.size() < 2) return;
        LaneAffinity leaning = affinity;
        if (leaning == null) {
            leaning = new LaneAffinity();
            affinity = leaning;
        }
        if (!leaning.request(home, owner) || owner == null) return;
        LaneNetwork there = networks.get(owner);
        if (there == null || owner.recentLoad() > MOST_LOAD_TO_MOVE_TO) return;
        leaning.moves();
        isMoving = true;
        conversation.moveTo(there.shared(), () -> {
            Optional<FetchSession> session = network.fetchSessions().giveAway(fetchSessionId);
            network = there;
            return () -> {
                isMoving = false;
                session.ifPresent(there.fetchSessions()::takeOver);
            };
        });
    }

    @Override
    public void onRequest(ServerConversation conversation, RequestFrame frame) {
        Handler<Request, Response> handler = network.apis().find(frame.apiKey(), kind);
        if (handler == null) {
            conversation.closeWhenSent(new CloseReason(
                    CloseReason.Kind.REQUEST_REFUSED,
                    "sent a request " + frame.apiKey() + ", which this server does not serve"));
            conversation.replyWithout(frame);
            return;
        }
        boolean retains = network.retainsProduce() && frame.apiKey() == ApiKey.PRODUCE;
        if (retains) frame.retain();
        LaneExchange exchange = new LaneExchange(conversation, frame, retains);
        try {
            handler.handle(frame.read(), exchange);
        } catch (MalformedMessage malformed) {
            exchange.releaseFrame();
            throw malformed;
        } catch (RuntimeException broken) {
            network.counters().failed();
            LOG.log(
                    System.Logger.Level.ERROR,
                    "answering " + frame.apiKey() + " version " + frame.version() + " of "
                            + conversation.connection().remoteAddress() + " failed",
                    broken);
            exchange.releaseFrame();
            conversation.close(new CloseReason(
                    CloseReason.Kind.CLOSED_HERE, "sent a request " + frame.apiKey() + " that could not be answered"));
        }
    }

    @Override
    public void onClosed(ServerConversation conversation, CloseReason reason) {
        List<LaneExchange> abandoned = abandonable;
        abandonable = List.of();
        for (LaneExchange exchange : abandoned) exchange.abandon();
        Runnable last = whenClosed;
        if (last != null) last.run();
        closed.accept(reason);
    }

    private final class LaneExchange implements Exchange<Response> {
        private final ServerConversation conversation;
        private final RequestFrame frame;
        private final long startNanos = network.clock().monotonicNanos();
        private boolean isRetained;
        private boolean isAnswered;
        private @Nullable Runnable cleanUp;

        LaneExchange(ServerConversation conversation, RequestFrame frame, boolean isRetained) {
            this.conversation = conversation;
            this.frame = frame;
            this.isRetained = isRetained;
        }

        @Override
        public ApiKey apiKey() {
            return frame.apiKey();
        }

        @Override
        public int version() {
            return frame.version();
        }

        @Override
        public String clientId() {
            String id = frame.clientId();
            return id == null ? "" : id;
        }

        @Override
        public InetSocketAddress clientAddress() {
            return conversation.connection().remoteAddress();
        }

        @Override
        public InetSocketAddress localAddress() {
            return conversation.connection().localAddress();
        }

        @Override
        public String listenerName() {
            return listenerName;
        }

        @Override
        public String principal() {
            return ANONYMOUS;
        }

        @Override
        public @Nullable String clientSoftware() {
            return clientSoftware;
        }

        @Override
        public void clientSoftware(String nameAndVersion) {
            clientSoftware = nameAndVersion;
        }

        @Override
        public void partitionsOf(@Nullable Lane owner) {
            moveIfBetter(conversation, owner);
        }

        @Override
        public void usesFetchSession(int id) {
            fetchSessionId = id;
        }

        @Override
        public void reply(Response response, Runnable whenDone) {
            onLane(() -> {
                end();
                conversation.reply(frame, response, whenDone);
            });
        }

        @Override
        public void replyNothing() {
            onLane(() -> {
                end();
                conversation.replyWithout(frame);
            });
        }

        @Override
        public void closeConnection(ErrorCode why, String reason) {
            onLane(() -> {
                end();
                conversation.replyWithout(frame);
                conversation.closeWhenSent(
                        new CloseReason(CloseReason.Kind.CLOSED_HERE, "was closed with " + why + ": " + reason));
            });
        }

        @Override
        public void whenClosed(Runnable then) {
            whenClosed = then;
        }

        @Override
        public void whenAbandoned(Runnable clean) {
            if (cleanUp == null) {
                if (abandonable.isEmpty()) abandonable = new ArrayList<>(1);
                abandonable.add(this);
            }
            cleanUp = clean;
        }

        private void abandon() {
            Runnable clean = cleanUp;
            cleanUp = null;
            if (clean != null) clean.run();
        }

        private void end() {
            if (isAnswered) throw new IllegalStateException(frame.apiKey() + " is answered twice");
            isAnswered = true;
            if (cleanUp != null) {
                cleanUp = null;
                abandonable.remove(this);
            }
            releaseFrame();
            network.counters().answered(frame.apiKey(), network.clock().monotonicNanos() - startNanos);
        }

        void releaseFrame() {
            if (!isRetained) return;
            isRetained = false;
            frame.release();
        }

        private void onLane(Runnable task) {
            Lane lane = network.shared().lane();
            if (lane.isCurrent()) task.run();
            else lane.execute(task);
        }
    }
}
