package io.millrace.client.consumer;

import io.millrace.client.fetching.FetchPosition;
import io.millrace.client.fetching.FetchRules;
import io.millrace.client.fetching.FetchedRange;
import io.millrace.client.fetching.run.FetchLine;
import io.millrace.client.fetching.run.FetcherLane;
import io.millrace.environment.Lane;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The partitions that a consumer reads, and where: what the application, or the group, does with them is told to the lane. The
 * application's thread's.
 */
final class Assignment implements Membership.Partitions {
    private final Mailbox mailbox;
    private final FetchRules rules;
    private final Lane lane;
    private final FetcherLane fetcher;
    private final @Nullable GroupCommits group;
    private final Map<TopicPartition, AssignedPartition> assigned = new LinkedHashMap<>();

    /**
     * No partitions.
     *
     * @param group whose offsets they begin at; null for none
     */
    Assignment(Mailbox mailbox, FetchRules rules, Lane lane, FetcherLane fetcher, @Nullable GroupCommits group) {
        this.mailbox = mailbox;
        this.rules = rules;
        this.lane = lane;
        this.fetcher = fetcher;
        this.group = group;
    }

    boolean isEmpty() {
        return assigned.isEmpty();
    }

    Set<TopicPartition> names() {
        return assigned.keySet();
    }

    Collection<AssignedPartition> all() {
        return assigned.values();
    }

    AssignedPartition known(TopicPartition partition) {
        AssignedPartition known = assigned.get(partition);
        if (known == null) throw new IllegalStateException(partition + " is not assigned");
        return known;
    }

    /** Reads exactly these from now on. */
    void set(Collection<TopicPartition> partitions) {
        Set<TopicPartition> wanted = Set.copyOf(partitions);
        List<AssignedPartition> going = new ArrayList<>(assigned.values());
        going.removeIf(each -> wanted.contains(each.partition));
        if (group != null) group.lettingGo(going);
        for (AssignedPartition each : going) drop(each.partition);
        for (TopicPartition each : partitions) take(each);
    }

    private void take(TopicPartition partition) {
        if (assigned.containsKey(partition)) return;
        AssignedPartition fresh = new AssignedPartition(partition, mailbox, rules.isReadCommitted());
        assigned.put(partition, fresh);
        lane.execute(() -> fresh.line = fetcher.add(partition, fresh));
    }

    private void drop(TopicPartition partition) {
        AssignedPartition gone = assigned.remove(partition);
        if (gone == null) return;
        lane.execute(
                () -> { // Nothing comes any more, and the application has done with it.
                    FetchLine line = lineOf(gone);
                    fetcher.remove(line);
                    fetcher.released(line, gone.letGo());
                });
    }

    @Override
    public void add(Collection<TopicPartition> partitions) {
        for (TopicPartition each : partitions) take(each);
    }

    @Override
    public void remove(Collection<TopicPartition> partitions) {
        for (TopicPartition each : partitions) drop(each);
    }

    @Override
    public void commit(Collection<TopicPartition> partitions, long timeoutMs) {
        GroupCommits itsGroup = group;
        if (itsGroup == null) throw new IllegalStateException("a member without a group");
        List<AssignedPartition> its = new ArrayList<>();
        for (TopicPartition each : partitions) {
            AssignedPartition known = assigned.get(each);
            if (known != null) its.add(known);
        }
        itsGroup.finish(its, timeoutMs);
    }

    private static FetchLine lineOf(AssignedPartition partition) {
        FetchLine line = partition.line;
        if (line == null) throw new IllegalStateException(partition.partition + " has no line yet");
        return line;
    }

    /** Has those begin of which nobody has said where. */
    void beginFresh() {
        List<AssignedPartition> fresh = null;
        for (AssignedPartition each : assigned.values()) {
            if (each.isBegun) continue;
            if (fresh == null) fresh = new ArrayList<>();
            fresh.add(each);
        }
        if (fresh != null) begin(fresh);
    }

    /** Tells the lane where to begin reading these, of which nobody said so. */
    void begin(List<AssignedPartition> fresh) {
        if (fresh.isEmpty()) return;
        if (group != null) {
            group.begin(fresh, fetcher);
            return;
        }
        for (AssignedPartition each : fresh) {
            each.moved(null);
            long generation = each.generation;
            lane.execute(() -> fetcher.reset(lineOf(each), generation));
        }
    }

    void seek(AssignedPartition partition, FetchPosition position) {
        partition.moved(position);
        long generation = partition.generation;
        lane.execute(() -> fetcher.seek(lineOf(partition), position, generation));
        tellReleased(partition);
    }

    /** Reads on at that time, or one of {@link io.millrace.client.fetching.OffsetReset}'s. */
    void seekToTime(AssignedPartition partition, long timestamp) {
        partition.moved(null);
        long generation = partition.generation;
        lane.execute(() -> fetcher.seekToTime(lineOf(partition), timestamp, generation));
        tellReleased(partition);
    }

    void tellReleased(AssignedPartition partition) {
        List<FetchedRange> released = partition.takeReleased();
        if (!released.isEmpty()) lane.execute(() -> fetcher.released(lineOf(partition), released));
    }

    void pause(AssignedPartition partition, boolean isPaused) {
        partition.isPaused = isPaused;
        lane.execute(() -> fetcher.pause(lineOf(partition), isPaused));
    }

    Set<TopicPartition> paused() {
        List<TopicPartition> paused = new ArrayList<>();
        for (AssignedPartition each : assigned.values()) if (each.isPaused) paused.add(each.partition);
        return Set.copyOf(paused);
    }

    /** The application does not get these: it is to get them once more, and they are not to be committed. */
    void takeBack(ConsumerRecords<?, ?> records) {
        for (TopicPartition each : records.partitions()) {
            AssignedPartition partition = assigned.get(each);
            if (partition != null)
                seek(
                        partition,
                        FetchPosition.at(records.records(each).getFirst().offset()));
        }
    }
}
