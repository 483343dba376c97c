package io.millrace.server.following;

import io.millrace.connection.run.Answer;
import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.Endpoint;
import io.millrace.metadata.MetadataImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.replication.FollowerAnswer;
import io.millrace.replication.PartitionId;
import io.millrace.replication.SourceFetches;
import io.millrace.replication.run.FollowerPartition;
import io.millrace.server.network.NodeLine;
import io.millrace.server.partitions.ReplicationThrottle;
import org.jspecify.annotations.Nullable;

/** Fetches from one broker for all followers of one lane, one fetch at a time, for as long as there are any. */
final class FetchStream implements NodeLine.Events {
    private static final System.Logger LOG = System.getLogger(FetchStream.class.getName());
    private static final short PLAINTEXT = 0;

    private final int brokerId;
    private final Lane lane;
    private final Clock clock;
    private final FollowingSettings settings;
    private final NodeLine.Means means;
    private final ReplicationThrottle throttle;
    private final SourceFetches<FollowerPartition> fetches = new SourceFetches<>();
    private final LookUps lookUps;
    private @Nullable NodeLine line;
    private long ownEpoch = -1;
    private boolean isUnderWay;
    private boolean isTurnAsked;
    private boolean isClosed;
    private long pausedUntilMs = Long.MIN_VALUE;
    private Lane.@Nullable Timer timer;
    private long timerAtMs = Long.MAX_VALUE;
    private @Nullable String complaint;

    FetchStream(
            int brokerId,
            Lane lane,
            Clock clock,
            FollowingSettings settings,
            NodeLine.Means means,
            ReplicationThrottle throttle) {
        this.brokerId = brokerId;
        this.lane = lane;
        this.clock = clock;
        this.settings = settings;
        this.means = means;
        this.throttle = throttle;
        this.lookUps = new LookUps(settings.brokerId(), this::tellLookedUp);
    }

    int brokerId() {
        return brokerId;
    }

    boolean isEmpty() {
        return fetches.size() == 0;
    }

    void follow(PartitionId id, FollowerPartition partition) {
        fetches.follow(id, partition);
        turnSoon();
    }

    void ready(PartitionId id) {
        fetches.ready(id);
        turnSoon();
    }

    void throttleChanged() {
        fetches.throttleChanged();
        turnSoon();
    }

    void leave(PartitionId id, FollowerPartition partition) {
        // Wherever it goes to, it will not be answered here.
        fetches.leave(id).ifPresent(open -> partition.answered(open, new FollowerAnswer.Unanswered()));
    }

    /** Takes where the broker is now, and which life of this one it is. */
    void brokersChanged(MetadataImage image) {
        BrokerImage self = image.cluster().broker(settings.brokerId());
        ownEpoch = self == null ? -1 : self.epoch();
        BrokerImage source = image.cluster().broker(brokerId);
        Endpoint endpoint =
                source == null ? null : source.endpoint(settings.listener()).orElse(null);
        if (endpoint != null && endpoint.securityProtocol() != PLAINTEXT) {
            complain("its listener " + settings.listener()
                    + " is not PLAINTEXT, which is all that followers here speak");
            endpoint = null;
        } else if (endpoint == null && source != null) complain("it has no listener " + settings.listener());
        NodeLine.Address address = endpoint == null ? null : new NodeLine.Address(endpoint.host(), endpoint.port());
        NodeLine old = line;
        String name = "broker " + brokerId + ", from which " + lane.name() + " fetches,";
        turnSoon();
        if (old != null && old.address().equals(address)) return;
        line = address == null ? null : new NodeLine(name, address, means, this);
        if (old != null) {
            old.close();
            isUnderWay = false;
            fetches.lost();
        }
    }

    /** Lets all that happens in this turn of the lane go into one request. */
    private void turnSoon() {
        if (isTurnAsked || isClosed) return;
        isTurnAsked = true;
        lane.execute(() -> {
            isTurnAsked = false;
            turn();
        });
    }

    private void turn() {
        NodeLine to = line;
        if (isClosed || isUnderWay || to == null || ownEpoch < 0 || isEmpty()) return;
        long nowMs = clock.monotonicMs();
        if (!to.isReady()) {
            if (to.connectFromMs() > nowMs) turnAt(to.connectFromMs());
            else to.connect();
            return;
        }
        if (pausedUntilMs > nowMs) {
            turnAt(pausedUntilMs);
            return;
        }
        SourceFetches.Round<FollowerPartition> round = fetches.next(nowMs, throttle.openFromMs());
        lookUps.ask(round.lookUps(), to);
        if (!round.isFetchDue()) {
            if (round.hasMore()) turnSoon();
            else turnAt(fetches.nextAtMs());
            return;
        }
        isUnderWay = true;
        to.send(FetchMessages.write(round, settings, ownEpoch), answer -> {
            if (to == line && !isClosed) answered(round, answer);
        });
    }

    private void turnAt(long atMs) {
        if (atMs == Long.MAX_VALUE || (timer != null && timerAtMs <= atMs)) return;
        if (timer != null) timer.cancel();
        timerAtMs = atMs;
        timer = lane.schedule(Math.max(0, atMs - clock.monotonicMs()), () -> {
            timer = null;
            turn();
        });
    }

    private void answered(SourceFetches.Round<FollowerPartition> round, Answer answer) {
        isUnderWay = false;
        switch (answer) {
            case Answer.Answered(FetchResponse response, short version)
            when version >= FetchMessages.OLDEST_VERSION -> take(round, response);
            case Answer.Failed(Answer.Reason reason, String sentence)
            when reason != Answer.Reason.UNSUPPORTED_VERSION -> {
                fetches.lost();
                LOG.log(System.Logger.Level.DEBUG, sentence);
            }
            default -> {
                complain("it knows no Fetch of version " + FetchMessages.OLDEST_VERSION + " or later");
                fetches.lost();
                pause();
            }
        }
        turnSoon();
    }

    private void take(SourceFetches.Round<FollowerPartition> round, FetchResponse response) {
        ErrorCode error = ErrorCode.forCode(response.errorCode());
        switch (fetches.fetched(error, response.sessionId())) {
            case TAKEN -> {
                complaint = null;
                long throttledBytes = 0;
                for (var topic : response.responses())
                    for (var data : topic.partitions()) {
                        var ask = fetches.asked(new PartitionId(topic.topicId(), data.partitionIndex()))
                                .orElse(null);
                        if (ask == null) continue;
                        RecordsPayload records = data.records();
                        if (records != null && ask.replica().isThrottled()) throttledBytes += records.sizeBytes();
                        FetchMessages.tell(ask, data);
                        fetches.answered(ask);
                    }
                throttle.spent(throttledBytes);
                for (var ask : fetches.unmentioned(round)) {
                    ask.replica().answered(ask.request(), new FollowerAnswer.Unanswered());
                    fetches.answered(ask);
                }
            }
            case ASK_AGAIN -> {}
            case WAIT -> {
                complain("it answered a fetch with " + error);
                pause();
            }
        }
    }

    private void tellLookedUp(SourceFetches.Ask<FollowerPartition> ask, FollowerAnswer answer) {
        if (isClosed || !fetches.isOpen(ask)) return;
        ask.replica().answered(ask.request(), answer);
        fetches.answered(ask);
        turnSoon();
    }

    private void pause() {
        pausedUntilMs = clock.monotonicMs() + settings.backoffMs();
    }

    /** Says once, until it goes on or something else is in the way, why nothing is fetched. */
    private void complain(String sentence) {
        if (sentence.equals(complaint)) return;
        complaint = sentence;
        LOG.log(
                System.Logger.Level.WARNING,
                "the partitions led by broker " + brokerId + " cannot be followed for now: " + sentence);
    }

    @Override
    public void reached() {
        turnSoon();
    }

    @Override
    public void lost() {
        NodeLine gone = line;
        isUnderWay = false;
        fetches.lost();
        if (gone != null) turnAt(gone.connectFromMs());
    }

    /** Ends it. Nobody follows by it any more. */
    void close() {
        isClosed = true;
        if (timer != null) timer.cancel();
        if (line != null) line.close();
    }
}
