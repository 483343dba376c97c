package io.millrace.client.fetching.run;

import io.millrace.client.cluster.ClusterTopic;
import io.millrace.client.cluster.ClusterView;
import io.millrace.client.cluster.PartitionLeader;
import io.millrace.client.cluster.run.Alarm;
import io.millrace.client.cluster.run.ClientLane;
import io.millrace.client.cluster.run.ClusterEvents;
import io.millrace.client.cluster.run.ClusterLine;
import io.millrace.client.fetching.FetchDeed;
import io.millrace.client.fetching.FetchPosition;
import io.millrace.client.fetching.FetchRules;
import io.millrace.client.fetching.FetchStep;
import io.millrace.client.fetching.FetchedRange;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.records.TopicPartition;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Fetches for a consumer's partitions. At the end of a turn in which something changed it looks at what each partition needs, and has
 * it asked for: records by {@link FetchSends}, which bring what came to the partition's {@link FetchSink}; offsets and epochs by
 * {@link PositionQuestions}; what the application wants to know by {@link OffsetLookUps}. Everything happens on one lane.
 */
public final class FetcherLane implements ClusterEvents {
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
    private final FetchRoom room;
    private final FetchSends fetches;
    private final PositionQuestions positions;
    private final OffsetLookUps lookUps;
    private @Nullable ClusterLine cluster;
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
        this.requestTimeoutMs = requestTimeoutMs;
        this.listener = listener;
        this.room = new FetchRoom(rules, lane.shared().pool());
        this.fetches = new FetchSends(this, lane, rules, requestTimeoutMs, room, counters);
        this.positions = new PositionQuestions(this, lane);
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
        return counters.snapshot(room.bufferedBytes());
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
        room.forget(line);
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

    /** The application has read these ranges, or does not want them: their memory is used again. Each is to be released, once. */
    public void released(FetchLine line, List<FetchedRange> ranges) {
        for (FetchedRange each : ranges) room.release(line, each);
        if (!line.isRemoved) lookSoon();
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
        fetches.begin();
        QuestionRound questions = new QuestionRound(cluster(), fetches, FetchRequests.isolationLevel(rules));
        for (FetchLine line : lines.values()) {
            line.fetch.isOf(topicId(line.partition.topic()));
            switch (line.fetch.next(leader(line.partition), nowMs)) {
                case FetchStep.Rest(long againFromMs) -> dueMs = Math.min(dueMs, againFromMs);
                case FetchStep.FindLeader find -> findLeader(line.partition.topic());
                case FetchStep.LookUp step -> dueMs = Math.min(dueMs, positions.ask(line, step, questions));
                case FetchStep.CheckEpoch step -> dueMs = Math.min(dueMs, positions.ask(line, step, questions));
                case FetchStep.Fetch step -> fetches.want(line, step, nowMs);
            }
        }
        dueMs = Math.min(dueMs, lookUps.ask(questions, nowMs));
        questions.sendAll(requestTimeoutMs);
        dueMs = Math.min(dueMs, fetches.sendAll(nowMs));
        if (dueMs != Long.MAX_VALUE) alarm.setTo(dueMs);
    }

    PartitionLeader leader(TopicPartition partition) {
        ClusterTopic topic = cluster().view().topic(partition.topic());
        return topic == null ? PartitionLeader.UNKNOWN : topic.leader(partition.partition());
    }

    Uuid topicId(String topic) {
        ClusterTopic known = cluster().view().topic(topic);
        return known == null ? Uuid.ZERO : known.id();
    }

    void findLeader(String topic) {
        cluster().want(topic);
        cluster().refresh(); // onView will come back to it.
    }

    long randomBits() {
        return lane.randomness().nextLong();
    }

    void carryOut(FetchLine line, List<FetchDeed> deeds) {
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
