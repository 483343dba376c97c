package io.millrace.client.fetching.run;

import io.millrace.client.cluster.ClusterNode;
import io.millrace.client.cluster.ClusterTopic;
import io.millrace.client.cluster.ClusterView;
import io.millrace.client.cluster.PartitionLeader;
import io.millrace.client.cluster.run.Alarm;
import io.millrace.client.cluster.run.ClientLane;
import io.millrace.client.cluster.run.ClusterEvents;
import io.millrace.client.cluster.run.ClusterLine;
import io.millrace.client.fetching.FetchDeed;
import io.millrace.client.fetching.FetchPlan;
import io.millrace.client.fetching.FetchPosition;
import io.millrace.client.fetching.FetchRules;
import io.millrace.client.fetching.FetchStep;
import io.millrace.client.fetching.FetchedRange;
import io.millrace.client.fetching.WantedPartition;
import io.millrace.client.fetching.WholeBatches;
import io.millrace.connection.run.Answer;
import io.millrace.connection.run.ClientConversation;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.RecordsPayload;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.FetchResponse;
import io.millrace.records.TopicPartition;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Fetches for a consumer's partitions. At the end of a turn in which something changed it looks at what each partition needs,
 * and sends each broker one request for all that can be had from it, unless one is under way. Fetched bytes are copied out of
 * the connection's buffer once, and handed to the partition's {@link FetchSink}; what the application has not read yet bounds what
 * is asked for. Everything happens on one lane.
 */
public final class FetcherLane implements ClusterEvents {
    /** Of what may be buffered, the part that may lie idle to be used again. */
    private static final int IDLE_PART = 8;
    /** Of what may be buffered, the part that is left to fetches that overtake others, which a fetch that is held has none of. */
    private static final int OVERTAKING_PART = 8;

    /** How long a fetch waits for records while another partition of the broker may want more at any moment. */
    private static final int IMPATIENT_WAIT_MS = 10;
    /** How long a fetch that overtakes another waits for records at most. */
    private static final int MOST_OVERTAKING_WAIT_MS = 500;

    /** What else the owner of a fetcher wants to hear, on the lane. */
    public interface Listener {
        /** More is known of the cluster. */
        void onView(ClusterView view);

        /** A broker was lost, or something else went wrong that will be tried again. */
        void onTrouble(String sentence);

        /** A broker does not let this client in; it is tried again later. */
        default void onLoginRefused(String sentence) {}
    }

    private final ClientLane lane;
    private final FetchRules rules;
    private final int requestTimeoutMs;
    private final Listener listener;
    private final FetchCounters counters = new FetchCounters();
    private final Map<TopicPartition, FetchLine> lines = new LinkedHashMap<>();
    private final Map<Integer, BrokerFetches> brokers = new TreeMap<>();
    private final OffsetLookUps lookUps;
    private @Nullable ClusterLine cluster;
    private final RangeMemory memory;
    private long bufferedBytes;
    private long expectedBytes;
    private boolean isLookAsked;
    private boolean isClosed;
    private final Alarm alarm;

    /**
     * A fetcher without lines to brokers; {@link #begin} gives it them.
     *
     * @param requestTimeoutMs how long a broker may take over anything but a fetch
     */
    public FetcherLane(ClientLane lane, FetchRules rules, int requestTimeoutMs, Listener listener) {
        this.lane = lane;
        this.alarm = new Alarm(lane, this::lookSoon);
        this.rules = rules;
        this.memory = new RangeMemory(rules.bufferBytes() / IDLE_PART);
        this.requestTimeoutMs = requestTimeoutMs;
        this.listener = listener;
        this.lookUps = new OffsetLookUps(this, lane, rules.backoff());
    }

    /** Gives it its lines to the brokers, whose events it is. */
    public void begin(ClusterLine itsCluster) {
        cluster = itsCluster;
    }

    ClusterLine cluster() {
        ClusterLine known = cluster;
        if (known == null) throw new IllegalStateException("a fetcher is used before it has begun");
        return known;
    }

    /** What it has done. */
    public FetchCounters.Snapshot counts() {
        return counters.snapshot(bufferedBytes);
    }

    /** Takes care of a partition from now on; it rests until it is told where to begin. */
    public FetchLine add(TopicPartition partition, FetchSink sink) {
        FetchLine line = new FetchLine(partition, sink, rules);
        FetchLine before = lines.put(partition, line);
        if (before != null) forget(before);
        cluster().want(partition.topic());
        return line;
    }

    /** Nothing of it is wanted any more. */
    public void remove(FetchLine line) {
        if (lines.get(line.partition) == line) lines.remove(line.partition);
        forget(line);
    }

    private void forget(FetchLine line) {
        line.isRemoved = true;
        bufferedBytes -= line.bufferedBytes;
        line.bufferedBytes = 0;
        lookSoon();
    }

    /** Reads on from there. */
    public void seek(FetchLine line, FetchPosition position, long generation) {
        line.fetch.seek(position, generation);
        lookSoon();
    }

    /** Reads on from that time, which may also be the log's start or end. */
    public void seekToTime(FetchLine line, long timestamp, long generation) {
        line.fetch.lookUp(timestamp, generation);
        lookSoon();
    }

    /** Begins where the rules say. */
    public void reset(FetchLine line, long generation) {
        carryOut(line, line.fetch.reset(generation, lane.clock().wallMs()));
        lookSoon();
    }

    /** Begins at that position, or without one where the rules say; nothing happens if the application has moved it since. */
    public void beginAt(FetchLine line, @Nullable FetchPosition position, long generation) {
        if (line.isRemoved || line.fetch.generation() >= generation) return;
        if (position == null) {
            reset(line, generation);
        } else {
            line.sink.positioned(generation, position);
            seek(line, position, generation);
        }
    }

    /** Fetches nothing of it, or does so again. What has been fetched stays. */
    public void pause(FetchLine line, boolean isPaused) {
        line.isPaused = isPaused;
        lookSoon();
    }

    /** The application has read so much of what came. */
    public void released(FetchLine line, long bytes) {
        if (line.isRemoved) return;
        line.bufferedBytes -= bytes;
        bufferedBytes -= bytes;
        lookSoon();
    }

    /** The application has read these ranges, or does not want them: their memory is used again. */
    public void released(FetchLine line, List<FetchedRange> ranges) {
        long bytes = 0;
        for (FetchedRange each : ranges) {
            bytes += each.sizeBytes();
            memory.giveBack(each.bytes());
        }
        released(line, bytes);
    }

    /**
     * Looks offsets up by time.
     *
     * @param timestamp milliseconds since 1970, or one of {@link io.millrace.client.fetching.OffsetReset}'s
     * @param then is told of each, on the lane, by {@code deadlineMs} at the latest
     */
    public void lookUp(
            Collection<TopicPartition> partitions, long timestamp, long deadlineMs, Consumer<FoundOffset> then) {
        for (TopicPartition each : partitions) {
            cluster().want(each.topic());
            lookUps.add(new OffsetLookUp(each, timestamp, deadlineMs, then));
        }
        lookSoon();
    }

    /** Ends the lines to the brokers. Nobody is told of anything any more, save those who look offsets up. */
    public void close() {
        if (isClosed) return;
        isClosed = true;
        alarm.stop();
        lookUps.endAll();
        cluster().close();
    }

    boolean isClosed() {
        return isClosed;
    }

    void lookSoon() {
        if (isLookAsked || isClosed) return;
        isLookAsked = true;
        lane.lane().execute(() -> {
            isLookAsked = false;
            if (!isClosed) look();
        });
    }

    private void look() {
        long nowMs = lane.nowMs();
        long dueMs = Long.MAX_VALUE;
        for (BrokerFetches broker : brokers.values()) {
            broker.wanted = new LinkedHashMap<>();
            broker.hasFull = false;
        }
        Map<Integer, OffsetQuestions> questions = new TreeMap<>();
        for (FetchLine line : lines.values()) {
            switch (line.fetch.next(leader(line.partition), nowMs)) {
                case FetchStep.Rest(long againFromMs) -> dueMs = Math.min(dueMs, againFromMs);
                case FetchStep.FindLeader find -> findLeader(line.partition.topic());
                case FetchStep.LookUp step -> {
                    OffsetQuestions broker = questionsTo(step.brokerId(), questions);
                    if (broker == null) dueMs = Math.min(dueMs, cluster().connect(step.brokerId()));
                    else ask(line, step, broker);
                }
                case FetchStep.CheckEpoch step -> {
                    OffsetQuestions broker = questionsTo(step.brokerId(), questions);
                    if (broker == null) dueMs = Math.min(dueMs, cluster().connect(step.brokerId()));
                    else ask(line, step, broker);
                }
                case FetchStep.Fetch step -> want(line, step, nowMs);
            }
        }
        dueMs = Math.min(dueMs, lookUps.ask(questions, nowMs));
        questions.forEach((nodeId, asked) -> {
            ClientConversation conversation = forQuestions(nodeId);
            if (conversation != null) asked.send(conversation, requestTimeoutMs);
        });
        dueMs = Math.min(dueMs, fetchAll(nowMs));
        if (dueMs != Long.MAX_VALUE) alarm.setTo(dueMs);
    }

    PartitionLeader leader(TopicPartition partition) {
        ClusterTopic topic = cluster().view().topic(partition.topic());
        return topic == null ? PartitionLeader.UNKNOWN : topic.leader(partition.partition());
    }

    void findLeader(String topic) {
        cluster().want(topic);
        cluster().refresh(); // onView will come back to it.
    }

    /** Null if the broker is not ready. */
    @Nullable
    OffsetQuestions questionsTo(int nodeId, Map<Integer, OffsetQuestions> questions) {
        if (forQuestions(nodeId) == null) return null;
        return questions.computeIfAbsent(nodeId, id -> new OffsetQuestions(FetchRequests.isolationLevel(rules)));
    }

    /** Not behind a fetch that waits for records. */
    private @Nullable ClientConversation forQuestions(int nodeId) {
        BrokerFetches broker = brokers.get(nodeId);
        boolean isInTheWay = broker != null && broker.isHolding();
        return isInTheWay ? cluster().aside(nodeId) : cluster().ready(nodeId);
    }

    private void ask(FetchLine line, FetchStep.LookUp step, OffsetQuestions broker) {
        long generation = line.fetch.generation();
        line.fetch.asked(step.leaderEpoch());
        broker.lookUp(line.partition, step.leaderEpoch(), step.timestamp(), (error, offset, timestamp, epoch) -> {
            if (line.isRemoved) return;
            carryOut(line, line.fetch.lookedUp(generation, error, offset, epoch, lane.nowMs(), randomBits()));
            lookSoon();
        });
    }

    private void ask(FetchLine line, FetchStep.CheckEpoch step, OffsetQuestions broker) {
        long generation = line.fetch.generation();
        line.fetch.asked(step.leaderEpoch());
        broker.checkEpoch(
                line.partition, step.leaderEpoch(), step.positionEpoch(), (error, endOffset, timestamp, endEpoch) -> {
                    if (line.isRemoved) return;
                    long wallMs = lane.clock().wallMs();
                    carryOut(
                            line,
                            line.fetch.epochChecked(
                                    generation, error, endEpoch, endOffset, lane.nowMs(), wallMs, randomBits()));
                    lookSoon();
                });
    }

    private long randomBits() {
        return lane.randomness().nextLong();
    }

    private void want(FetchLine line, FetchStep.Fetch step, long nowMs) {
        BrokerFetches broker = brokers.computeIfAbsent(step.brokerId(), BrokerFetches::new);
        if (line.isPaused) return;
        if (line.bufferedBytes >= rules.maxPartitionBytes()) {
            broker.hasFull = true;
            return;
        }
        if (cluster().view().node(step.brokerId()) == null) { // A nearer replica that has gone.
            carryOut(line, line.fetch.lost(line.fetch.generation(), nowMs, randomBits()));
            return;
        }
        broker.wanted.put(line.partition, new BrokerFetches.Sent(line, line.fetch.generation(), step));
    }

    /**
     * Asks each broker that can be asked, and gives it its part of the room: one that took all of it, for as long as a fetch waits,
     * would have it again before the others, for ever. Returns when to look again.
     */
    private long fetchAll(long nowMs) {
        int fetching = 0;
        int waiting = 0;
        for (BrokerFetches broker : brokers.values()) {
            if (broker.isAsking || !broker.wanted.isEmpty()) fetching++;
            if (canFetch(broker, nowMs)) waiting++;
        }
        long dueMs = Long.MAX_VALUE;
        for (BrokerFetches broker : brokers.values()) {
            if (!canFetch(broker, nowMs)) {
                dueMs = Math.min(dueMs, whenReady(broker, nowMs));
                continue;
            }
            long usableBytes = rules.bufferBytes() - rules.bufferBytes() / OVERTAKING_PART;
            long roomBytes = usableBytes - bufferedBytes - expectedBytes;
            if (roomBytes <= 0) continue; // released or fetched will come back to it.
            fetch(broker, nowMs, Math.max(1, Math.min(roomBytes / waiting, usableBytes / fetching)));
            waiting--;
        }
        return dueMs;
    }

    private boolean canFetch(BrokerFetches broker, long nowMs) {
        // What overtakes a fetch is answered soon; it would be asked for twice.
        return !broker.isAsking
                && broker.overtaking.isEmpty()
                && !broker.wanted.isEmpty()
                && broker.notBeforeMs <= nowMs
                && cluster().ready(broker.nodeId) != null;
    }

    /** When to look again for one that cannot be asked now. */
    private long whenReady(BrokerFetches broker, long nowMs) {
        if (broker.wanted.isEmpty() || !broker.overtaking.isEmpty()) return Long.MAX_VALUE;
        if (broker.notBeforeMs > nowMs) return broker.notBeforeMs;
        return broker.isAsking ? overtake(broker, nowMs) : cluster().connect(broker.nodeId);
    }

    private void fetch(BrokerFetches broker, long nowMs, long roomBytes) {
        ClientConversation conversation = cluster().ready(broker.nodeId);
        if (conversation == null) return; // onReady will come back to it.
        int maxBytes = (int) Math.min(rules.maxBytes(), roomBytes);
        Map<TopicPartition, BrokerFetches.Sent> sent = broker.wanted;
        FetchPlan plan = broker.session.next(wantedPartitions(sent, maxBytes));
        int maxWaitMs = broker.hasFull ? Math.min(IMPATIENT_WAIT_MS, rules.maxWaitMs()) : rules.maxWaitMs();
        broker.isAsking = true;
        broker.askedAtMs = nowMs;
        broker.mayBeHeld = maxWaitMs > IMPATIENT_WAIT_MS;
        broker.underWay = sent;
        send(conversation, plan, maxWaitMs, maxBytes, answer -> {
            broker.isAsking = false;
            broker.underWay = Map.of();
            if (!isClosed) answered(broker, sent, answer, nowMs, true);
        });
    }

    /** Has what has come to be wanted since overtake a fetch that the broker holds. */
    private long overtake(BrokerFetches broker, long nowMs) {
        if (!broker.mayBeHeld) return Long.MAX_VALUE;
        Map<TopicPartition, BrokerFetches.Sent> late = broker.late();
        if (late.isEmpty()) return Long.MAX_VALUE;
        long heldFromMs = broker.askedAtMs + IMPATIENT_WAIT_MS;
        if (heldFromMs > nowMs) return heldFromMs; // It may be answered as quickly as another one.
        ClientConversation aside = cluster().aside(broker.nodeId);
        long roomBytes = rules.bufferBytes() - bufferedBytes - expectedBytes;
        if (aside == null || roomBytes <= 0) return Long.MAX_VALUE;
        int maxBytes = (int) Math.min(rules.maxBytes(), roomBytes);
        broker.overtaking = late;
        FetchPlan plan = FetchPlan.outsideOfSessions(wantedPartitions(late, maxBytes));
        send(aside, plan, overtakingWaitMs(nowMs - broker.askedAtMs), maxBytes, answer -> {
            broker.overtaking = Map.of();
            if (!isClosed) answered(broker, late, answer, nowMs, false);
        });
        return Long.MAX_VALUE;
    }

    /** What is sought next waits for a tenth of the time that the fetch has been held; else there would be too many of these. */
    private int overtakingWaitMs(long heldMs) {
        long tenthMs = Math.max(IMPATIENT_WAIT_MS, heldMs / 10);
        return (int) Math.min(rules.maxWaitMs(), Math.min(MOST_OVERTAKING_WAIT_MS, tenthMs));
    }

    private Map<TopicPartition, WantedPartition> wantedPartitions(
            Map<TopicPartition, BrokerFetches.Sent> asked, int maxBytes) {
        Map<TopicPartition, WantedPartition> wanted = new LinkedHashMap<>();
        asked.forEach((partition, sent) -> wanted.put(
                partition,
                new WantedPartition(
                        topicId(partition.topic()),
                        sent.step().position().offset(),
                        sent.step().leaderEpoch(),
                        Math.min(rules.maxPartitionBytes(), maxBytes))));
        return wanted;
    }

    private void send(
            ClientConversation conversation, FetchPlan plan, int maxWaitMs, int maxBytes, Consumer<Answer> then) {
        expectedBytes += maxBytes;
        counters.requests++;
        conversation.send(
                FetchRequests.of(plan, rules, maxWaitMs, maxBytes),
                FetchRequests.maxVersion(plan),
                (long) requestTimeoutMs + rules.maxWaitMs(),
                answer -> {
                    expectedBytes -= maxBytes;
                    then.accept(answer);
                });
    }

    private Uuid topicId(String topic) {
        ClusterTopic known = cluster().view().topic(topic);
        return known == null ? Uuid.ZERO : known.id();
    }

    private void answered(
            BrokerFetches broker,
            Map<TopicPartition, BrokerFetches.Sent> sent,
            Answer answer,
            long sentAtMs,
            boolean isOfSession) {
        long nowMs = lane.nowMs();
        switch (answer) {
            case Answer.Answered(FetchResponse response, short version) -> {
                counters.answers++;
                counters.answerMsSum += nowMs - sentAtMs;
                counters.answerMsMax = Math.max(counters.answerMsMax, nowMs - sentAtMs);
                if (response.throttleTimeMs() > 0) {
                    counters.throttleMsSum += response.throttleTimeMs();
                    broker.notBeforeMs = nowMs + response.throttleTimeMs(); // KIP-219
                }
                ErrorCode error = ErrorCode.forCode(response.errorCode());
                if (error == ErrorCode.NONE) {
                    broker.failures = 0;
                    if (isOfSession) broker.session.answered(response.sessionId());
                    takeAll(broker, sent, response, nowMs);
                } else {
                    if (isOfSession) broker.session.refused(error);
                    boolean isOfTheSession = error == ErrorCode.FETCH_SESSION_ID_NOT_FOUND
                            || error == ErrorCode.INVALID_FETCH_SESSION_EPOCH;
                    if (!isOfTheSession || broker.failures > 0) failed(broker, "Fetch: " + error, nowMs);
                    broker.failures++;
                }
            }
            case Answer.Answered other -> throw new IllegalStateException("a Fetch request got another answer");
            case Answer.Failed(Answer.Reason reason, String sentence) -> {
                counters.failedRequests++;
                if (isOfSession) broker.session.lost();
                broker.failures++;
                for (BrokerFetches.Sent each : sent.values()) {
                    if (!each.line().isRemoved)
                        carryOut(each.line(), each.line().fetch.lost(each.generation(), nowMs, randomBits()));
                }
                if (reason != Answer.Reason.CONNECTION_LOST) failed(broker, sentence, nowMs);
            }
        }
        lookSoon();
    }

    private void failed(BrokerFetches broker, String sentence, long nowMs) {
        long waitMs = rules.backoff().waitMs(Math.max(1, broker.failures), randomBits());
        broker.notBeforeMs = nowMs + waitMs;
        cluster().refresh();
        listener.onTrouble(sentence);
    }

    private void takeAll(
            BrokerFetches broker, Map<TopicPartition, BrokerFetches.Sent> sent, FetchResponse response, long nowMs) {
        Map<Uuid, String> names = new HashMap<>();
        for (TopicPartition each : sent.keySet()) names.put(topicId(each.topic()), each.topic());
        for (FetchResponse.FetchableTopicResponse topic : response.responses()) {
            String name = topic.topicId().equals(Uuid.ZERO) ? topic.topic() : names.get(topic.topicId());
            if (name == null) continue; // A topic that was made anew meanwhile, or is not wanted any more.
            for (FetchResponse.PartitionData data : topic.partitions()) {
                if (data.partitionIndex() < 0) continue;
                BrokerFetches.Sent asked = sent.get(new TopicPartition(name, data.partitionIndex()));
                if (asked == null || asked.line().isRemoved) continue;
                if (asked.generation() != asked.line().fetch.generation()) continue;
                take(broker, asked, data, response, nowMs);
            }
        }
    }

    private void take(
            BrokerFetches broker,
            BrokerFetches.Sent asked,
            FetchResponse.PartitionData data,
            FetchResponse response,
            long nowMs) {
        FetchLine line = asked.line();
        ErrorCode error = ErrorCode.forCode(data.errorCode());
        if (error != ErrorCode.NONE) {
            takeHint(line, data, response);
            long wallMs = lane.clock().wallMs();
            carryOut(line, line.fetch.fetchRefused(error, broker.nodeId, nowMs, wallMs, randomBits()));
            return;
        }
        line.sink.reaches(data.logStartOffset(), data.highWatermark(), data.lastStableOffset());
        if (data.preferredReadReplica() >= 0) line.fetch.prefer(data.preferredReadReplica(), nowMs);
        ByteBuffer bytes =
                data.records() instanceof RecordsPayload.Buffer(ByteBuffer buffer) ? buffer : ByteBuffer.allocate(0);
        if (!bytes.hasRemaining()) {
            line.fetch.fetchedNothing();
            return;
        }
        WholeBatches whole = WholeBatches.of(bytes);
        if (whole.bytes() == 0) {
            String why = whole.rest().isEmpty()
                    ? "only " + bytes.remaining() + " bytes of a larger batch came"
                    : whole.rest();
            carryOut(line, line.fetch.fetchedRubbish(why));
            return;
        }
        long fromOffset = asked.step().position().offset();
        if (whole.next().offset() <= fromOffset) {
            carryOut(line, line.fetch.fetchedRubbish("only batches before it came, up to " + whole.next()));
            return;
        }
        ByteBuffer own = memory.take(whole.bytes());
        own.put(0, bytes, bytes.position(), whole.bytes());
        FetchedRange range = new FetchedRange(asked.generation(), fromOffset, whole.next(), own, aborted(data));
        line.bufferedBytes += whole.bytes();
        bufferedBytes += whole.bytes();
        counters.bytes += whole.bytes();
        counters.ranges++;
        line.fetch.fetched(whole.next());
        line.sink.fetched(range);
    }

    private List<FetchedRange.Aborted> aborted(FetchResponse.PartitionData data) {
        List<FetchResponse.AbortedTransaction> told = data.abortedTransactions();
        if (told == null || told.isEmpty() || !rules.isReadCommitted()) return List.of();
        List<FetchedRange.Aborted> aborted = new ArrayList<>(told.size());
        for (FetchResponse.AbortedTransaction each : told)
            aborted.add(new FetchedRange.Aborted(each.producerId(), each.firstOffset()));
        return aborted;
    }

    private void takeHint(FetchLine line, FetchResponse.PartitionData data, FetchResponse response) {
        FetchResponse.LeaderIdAndEpoch leader = data.currentLeader();
        ClusterTopic topic = cluster().view().topic(line.partition.topic());
        if (leader.leaderId() < 0 || topic == null) return;
        ClusterNode node = null;
        for (FetchResponse.NodeEndpoint each : response.nodeEndpoints()) {
            if (each.nodeId() == leader.leaderId() && each.port() >= 0 && each.port() <= 65_535)
                node = new ClusterNode(each.nodeId(), each.host(), each.port(), each.rack());
        }
        PartitionLeader hinted = new PartitionLeader(leader.leaderId(), leader.leaderEpoch());
        cluster().hint(line.partition.topic(), topic.id(), line.partition.partition(), hinted, node);
    }

    private void carryOut(FetchLine line, List<FetchDeed> deeds) {
        for (FetchDeed deed : deeds) {
            switch (deed) {
                case FetchDeed.Refresh refresh -> {
                    if (!isClosed) cluster().refresh();
                }
                case FetchDeed.TellPosition(FetchPosition position) ->
                    line.sink.positioned(line.fetch.generation(), position);
                case FetchDeed.TellFailure(ErrorCode error, String sentence) ->
                    line.sink.failed(line.fetch.generation(), error, sentence);
            }
        }
    }

    @Override
    public void onView(ClusterView view) {
        listener.onView(view);
        lookSoon();
    }

    @Override
    public void onReady(int nodeId) {
        lookSoon();
    }

    @Override
    public void onLost(int nodeId, String sentence) {
        listener.onTrouble(sentence);
        lookSoon();
    }

    @Override
    public void onLoginRefused(String sentence) {
        listener.onLoginRefused(sentence);
    }

    @Override
    public void onTrouble(String sentence) {
        listener.onTrouble(sentence);
    }
}
