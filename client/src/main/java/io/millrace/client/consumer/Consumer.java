package io.millrace.client.consumer;

import io.millrace.client.CommittedOffset;
import io.millrace.client.ConsumerGroupMetadata;
import io.millrace.client.cluster.ClusterTopic;
import io.millrace.client.cluster.ClusterView;
import io.millrace.client.cluster.run.ClusterEvents;
import io.millrace.client.cluster.run.ClusterLine;
import io.millrace.client.committing.OffsetsOutcome;
import io.millrace.client.committing.run.CommitCounters;
import io.millrace.client.facade.ClientThreads;
import io.millrace.client.fetching.FetchPosition;
import io.millrace.client.fetching.FetchRules;
import io.millrace.client.fetching.FetchedRange;
import io.millrace.client.fetching.OffsetReset;
import io.millrace.client.fetching.run.FetchCounters;
import io.millrace.client.fetching.run.FetchLine;
import io.millrace.client.fetching.run.FetcherLane;
import io.millrace.client.fetching.run.FoundOffset;
import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads records, of topics it shares with the members of its group ({@link #subscribe}) or of assigned partitions, and commits
 * offsets for a group if {@code group.id} names one. One thread at a time may use
 * it, platform or virtual; only {@link #wakeup} may be called by others. Records are fetched ahead in the background, up to {@code
 * fetch.buffer.bytes}.
 *
 * <p>With a {@code group.id} partitions begin where the group has committed. What a poll gave is committed every {@code
 * auto.commit.interval.ms} by one of the polls after it, when partitions are let go, and at the end; or, with {@code
 * enable.auto.commit=false}, when {@link #commit()} says so.
 *
 * <pre>{@code
 * var options = ConsumerOptions.forServers("localhost:9092").with("auto.offset.reset", "earliest");
 * try (var consumer = Consumer.open(options, Deserializers.string(), Deserializers.string())) {
 *     consumer.assign(consumer.partitionsFor("orders"));
 *     while (true) for (var record : consumer.poll(Duration.ofSeconds(1))) System.out.println(record.value());
 * }
 * }</pre>
 *
 * @param <K> type of keys
 * @param <V> type of values
 */
public final class Consumer<K, V> implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Consumer.class.getName());
    /** Looking up names. */
    private static final int HELPERS = 1;

    private static final long LANE_WAIT_MS = 10_000;
    private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration FOREVER = Duration.ofMillis(Long.MAX_VALUE / 4 / 1_000_000);

    private final ConsumerOptions options;
    private final FetchRules rules;
    private final LeftOutRecords leftOut;
    private final RecordCollector<K, V> collector;
    private final Mailbox mailbox = new Mailbox();
    private final ClientThreads threads;
    private final Lane lane;
    private final FetcherLane fetcher;
    private final ClusterLine cluster;
    private final @Nullable GroupCommits group;
    private final @Nullable Membership membership;
    private final Map<TopicPartition, AssignedPartition> assigned = new LinkedHashMap<>();
    private final AtomicReference<@Nullable Thread> user = new AtomicReference<>();
    private ConsumerRecords<K, V> given = new ConsumerRecords<>();
    private volatile ClusterView view = ClusterView.EMPTY;
    private volatile boolean isWakeupWanted;
    private volatile boolean isClosed;
    private volatile @Nullable Throwable broken;
    private volatile String lastTrouble = "";

    private Consumer(ConsumerOptions options, Deserializer<K> keys, Deserializer<V> values) {
        this.options = options;
        this.rules = options.fetchRules();
        this.leftOut = new LeftOutRecords(options);
        this.collector =
                new RecordCollector<>(keys, values, options.maxPollRecords(), leftOut, this::seek, this::tellReleased);
        Ears ears = new Ears();
        this.threads = new ClientThreads(options.connection(), HELPERS, ears::laneBroke);
        this.lane = threads.client().lane();
        this.fetcher = new FetcherLane(threads.client(), rules, options.requestTimeoutMs(), ears);
        this.group = options.groupId().isEmpty()
                ? null
                : new GroupCommits(options.groupId(), options, threads.client(), mailbox);
        GroupCommits itsGroup = group;
        this.membership = itsGroup == null
                ? null
                : new Membership(options, threads.client(), mailbox, itsGroup, new Hands(), ears::onTrouble);
        Membership itsMembership = membership;
        this.cluster = new ClusterLine(
                threads.client(),
                options.settings(),
                options.reconnects(),
                options.metadataRules(),
                options.bootstrapNodes(),
                itsGroup == null || itsMembership == null
                        ? fetcher
                        : new Both(fetcher, new Both(itsGroup.coordinator, itsMembership.member)));
        lane.execute(() -> {
            fetcher.begin(cluster);
            if (itsGroup != null) itsGroup.begin(cluster);
            if (itsMembership != null) itsMembership.member.begin(cluster);
        });
    }

    /**
     * A consumer without partitions. It connects when it is given some.
     *
     * @throws IllegalArgumentException if an address is malformed
     */
    public static <K, V> Consumer<K, V> open(ConsumerOptions options, Deserializer<K> keys, Deserializer<V> values) {
        return new Consumer<>(options, keys, values);
    }

    /**
     * Reads these topics as a member of the group, from the next poll on: the group shares their partitions out among its members,
     * and does so anew when one comes or goes. No topics is {@link #unsubscribe}.
     *
     * @throws IllegalStateException if there is no {@code group.id}, or partitions were assigned
     */
    public void subscribe(Collection<String> topics) {
        subscribe(topics, RebalanceListener.NONE);
    }

    /** As {@link #subscribe(Collection)}, and tells that listener when partitions come and go. */
    public void subscribe(Collection<String> topics, RebalanceListener listener) {
        use(() -> {
            for (String each : topics) if (each.isBlank()) throw new IllegalArgumentException("a topic has no name");
            if (topics.isEmpty()) letGoOfGroup();
            else membershipToSubscribe().subscribe(new TreeSet<>(topics), listener);
            return true;
        });
    }

    /**
     * As {@link #subscribe(Collection)}, all topics whose whole names match, those that are made later too, once {@code
     * metadata.max.age.ms} is over. Topics that brokers keep for themselves are not meant, unless {@code exclude.internal.topics} is
     * false.
     */
    public void subscribe(Pattern pattern) {
        subscribe(pattern, RebalanceListener.NONE);
    }

    /** As {@link #subscribe(Pattern)}, and tells that listener when partitions come and go. */
    public void subscribe(Pattern pattern, RebalanceListener listener) {
        use(() -> {
            membershipToSubscribe().subscribe(pattern, listener);
            return true;
        });
    }

    private Membership membershipToSubscribe() {
        Membership known = membership;
        if (known == null) throw new IllegalStateException("there is no group.id to be a member of");
        if (!known.isSubscribed() && !assigned.isEmpty())
            throw new IllegalStateException("partitions are assigned; unsubscribe() before a subscription");
        return known;
    }

    /** Reads nothing any more: ends what {@link #subscribe} or {@link #assign} began. A member commits if that is automatic, and leaves. */
    public void unsubscribe() {
        use(() -> {
            letGoOfGroup();
            assignNow(List.of());
            return true;
        });
    }

    private void letGoOfGroup() {
        Membership member = membership;
        if (member != null && member.isSubscribed()) member.unsubscribe(new TreeSet<>(assigned.keySet()));
    }

    /** Who this is in its group now, for a producer that commits offsets in a transaction. */
    public ConsumerGroupMetadata groupMetadata() {
        return use(() -> {
            Membership member = membership;
            if (member == null) throw new IllegalStateException("there is no group.id");
            return member.metadata();
        });
    }

    /**
     * Reads exactly these partitions from now on. Those that were read already go on where they stand.
     *
     * @throws IllegalStateException if it subscribes
     */
    public void assign(Collection<TopicPartition> partitions) {
        use(() -> {
            if (membership != null && membership.isSubscribed())
                throw new IllegalStateException("the group assigns partitions; unsubscribe() before an assignment");
            assignNow(partitions);
            return true;
        });
    }

    private void assignNow(Collection<TopicPartition> partitions) {
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
        if (gone != null) lane.execute(() -> fetcher.remove(lineOf(gone)));
    }

    /** What the group has done with this consumer's partitions. */
    private final class Hands implements Membership.Partitions {
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
            List<AssignedPartition> its = new ArrayList<>();
            for (TopicPartition each : partitions) {
                AssignedPartition known = assigned.get(each);
                if (known != null) its.add(known);
            }
            group().finish(its, timeoutMs);
        }
    }

    private static FetchLine lineOf(AssignedPartition partition) {
        FetchLine line = partition.line;
        if (line == null) throw new IllegalStateException(partition.partition + " has no line yet");
        return line;
    }

    /** The partitions that are read. */
    public Set<TopicPartition> assignment() {
        return use(() -> Set.copyOf(assigned.keySet()));
    }

    /**
     * The next records, up to {@code max.poll.records}; waits for the first ones.
     *
     * @param timeout how long to wait; zero takes what is there
     * @return none if none came in time
     * @throws ConsumerFailure if a partition cannot be read on: it names partition and offset, and a seek to its {@link
     *     ConsumerFailure#nextOffset} gets on; if the group refuses this member; once if it was not polled for {@code
     *     max.poll.interval.ms}, naming the record that was taken last; or if the rebalance listener failed
     * @throws WokenUp if {@link #wakeup} was called
     * @throws IllegalStateException if it neither subscribes nor was assigned partitions, or the consumer is closed or broken
     */
    public ConsumerRecords<K, V> poll(Duration timeout) {
        return use(() -> {
            Membership member = membership;
            boolean isMember = member != null && member.isSubscribed();
            if (assigned.isEmpty() && !isMember)
                throw new IllegalStateException("nothing is subscribed to, and no partitions are assigned");
            ConsumerRecords<K, V> records = new ConsumerRecords<>();
            try {
                if (member != null && isMember) member.beginPoll(given.lastTaken());
                if (group != null) group.autoCommit(assigned.values());
                await(deadlineNanos(timeout), () -> {
                    if (member != null && isMember) member.handOver();
                    beginFresh();
                    collector.collect(assigned.values(), records);
                    return !records.isEmpty();
                });
            } catch (Error fatal) {
                collector.takeBack(assigned, records);
                throw fatal;
            } finally {
                if (member != null && isMember) member.endPoll();
            }
            if (!records.isEmpty()) given = records;
            return records;
        });
    }

    private void beginFresh() {
        List<AssignedPartition> fresh = null;
        for (AssignedPartition each : assigned.values()) {
            if (each.isBegun) continue;
            if (fresh == null) fresh = new ArrayList<>();
            fresh.add(each);
        }
        if (fresh != null) begin(fresh);
    }

    /** Tells the lane where to begin reading these, of which nobody said so. */
    private void begin(List<AssignedPartition> fresh) {
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

    private void tellReleased(AssignedPartition partition) {
        List<FetchedRange> released = partition.takeReleased();
        if (!released.isEmpty()) lane.execute(() -> fetcher.released(lineOf(partition), released));
    }

    /** Reads on at that offset. */
    public void seek(TopicPartition partition, long offset) {
        seek(partition, FetchPosition.at(offset));
    }

    /** Reads on at that position; if the log was truncated below it since, that is noticed by its epoch. */
    public void seek(TopicPartition partition, FetchPosition position) {
        use(() -> {
            seek(known(partition), position);
            return true;
        });
    }

    private void seek(AssignedPartition partition, FetchPosition position) {
        partition.moved(position);
        long generation = partition.generation;
        lane.execute(() -> fetcher.seek(lineOf(partition), position, generation));
        tellReleased(partition);
    }

    /** Reads on at the oldest records. */
    public void seekToBeginning(Collection<TopicPartition> partitions) {
        seekToTime(partitions, OffsetReset.EARLIEST);
    }

    /** Reads on behind the newest records. */
    public void seekToEnd(Collection<TopicPartition> partitions) {
        seekToTime(partitions, OffsetReset.LATEST);
    }

    /**
     * Reads on at the first record that is not older, or behind the newest if all are older.
     *
     * @param timestamp milliseconds since 1970
     */
    public void seekToTime(Collection<TopicPartition> partitions, long timestamp) {
        use(() -> {
            for (TopicPartition each : partitions) {
                AssignedPartition partition = known(each);
                partition.moved(null);
                long generation = partition.generation;
                lane.execute(() -> fetcher.seekToTime(lineOf(partition), timestamp, generation));
                tellReleased(partition);
            }
            return true;
        });
    }

    private AssignedPartition known(TopicPartition partition) {
        AssignedPartition known = assigned.get(partition);
        if (known == null) throw new IllegalStateException(partition + " is not assigned");
        return known;
    }

    /** Gives none of their records until {@link #resume}. What has been fetched is kept. */
    public void pause(Collection<TopicPartition> partitions) {
        pause(partitions, true);
    }

    /** Ends what {@link #pause} began. */
    public void resume(Collection<TopicPartition> partitions) {
        pause(partitions, false);
    }

    private void pause(Collection<TopicPartition> partitions, boolean isPaused) {
        use(() -> {
            for (TopicPartition each : partitions) {
                AssignedPartition partition = known(each);
                partition.isPaused = isPaused;
                lane.execute(() -> fetcher.pause(lineOf(partition), isPaused));
            }
            return true;
        });
    }

    /** Those that {@link #pause} holds. */
    public Set<TopicPartition> paused() {
        return use(() -> {
            List<TopicPartition> paused = new ArrayList<>();
            for (AssignedPartition each : assigned.values()) if (each.isPaused) paused.add(each.partition);
            return Set.copyOf(paused);
        });
    }

    /**
     * The offset of the next record that a poll gives of a partition; waits up to {@code default.api.timeout.ms} if it has to be
     * looked up.
     */
    public long position(TopicPartition partition) {
        return use(() -> {
            AssignedPartition known = known(partition);
            if (!known.isBegun) begin(List.of(known));
            await(apiDeadlineNanos(), () -> {
                ConsumerFailure failure = known.failure();
                if (known.position() == null && failure != null) throw failure;
                return known.position() != null;
            });
            FetchPosition position = known.position();
            if (position == null) throw timedOut("the position of " + partition);
            return position.offset();
        });
    }

    /**
     * Commits where this consumer stands in all its partitions: the offsets behind the records that polls have given. Waits for
     * the coordinator's answer, up to {@code default.api.timeout.ms}.
     *
     * @throws ConsumerFailure if the coordinator refuses it, or does not answer in time: it may be committed or not
     * @throws IllegalStateException if there is no {@code group.id}
     */
    public void commit() {
        use(() -> commitNow(GroupCommits.positions(assigned.values())));
    }

    /** Commits where this consumer stands in these of its partitions, like {@link #commit()}. */
    public void commit(Collection<TopicPartition> partitions) {
        use(() -> commitNow(positions(partitions)));
    }

    /** Commits that this record, and all before it in its partition, have been dealt with, like {@link #commit()}. */
    public void commit(ConsumerRecord<K, V> record) {
        use(() -> commitNow(behind(record)));
    }

    /** Commits these offsets, each that of the next record to be read, like {@link #commit()}. */
    public void commit(Map<TopicPartition, CommittedOffset> offsets) {
        use(() -> commitNow(offsets));
    }

    private boolean commitNow(Map<TopicPartition, CommittedOffset> offsets) {
        answerOf("the commit", group().commit(offsets));
        return true;
    }

    /**
     * Commits where this consumer stands in all its partitions, and does not wait. Commits take effect in the order in which they
     * were asked for; those that wait in a row go in one request.
     *
     * @return fails with a {@link ConsumerFailure}; what is done with it then runs on a thread for callbacks, which may be slow
     */
    public CompletableFuture<Void> commitAsync() {
        return use(() -> group().commitApart(GroupCommits.positions(assigned.values())));
    }

    /** Commits where this consumer stands in these of its partitions, like {@link #commitAsync()}. */
    public CompletableFuture<Void> commitAsync(Collection<TopicPartition> partitions) {
        return use(() -> group().commitApart(positions(partitions)));
    }

    /** Commits that this record, and all before it in its partition, have been dealt with, like {@link #commitAsync()}. */
    public CompletableFuture<Void> commitAsync(ConsumerRecord<K, V> record) {
        return use(() -> group().commitApart(behind(record)));
    }

    /** Commits these offsets, each that of the next record to be read, like {@link #commitAsync()}. */
    public CompletableFuture<Void> commitAsync(Map<TopicPartition, CommittedOffset> offsets) {
        return use(() -> group().commitApart(offsets));
    }

    private Map<TopicPartition, CommittedOffset> positions(Collection<TopicPartition> partitions) {
        return GroupCommits.positions(partitions.stream().map(this::known).toList());
    }

    private Map<TopicPartition, CommittedOffset> behind(ConsumerRecord<K, V> record) {
        return Map.of(
                new TopicPartition(record.topic(), record.partition()),
                new CommittedOffset(record.offset() + 1, record.leaderEpoch(), ""));
    }

    /** What the group has committed for these partitions; those without are not in it. Waits as {@link #commit()} does. */
    public Map<TopicPartition, CommittedOffset> committed(Collection<TopicPartition> partitions) {
        return use(() -> {
            Set<TopicPartition> all = Set.copyOf(partitions);
            GroupCommits itsGroup = group();
            if (all.isEmpty()) return Map.of();
            return answerOf("reading committed offsets", itsGroup.committed(all))
                    .offsets();
        });
    }

    private GroupCommits group() {
        GroupCommits known = group;
        if (known == null) throw new IllegalStateException("there is no group.id to commit for");
        return known;
    }

    private OffsetsOutcome answerOf(String what, CompletableFuture<OffsetsOutcome> answer) {
        await(apiDeadlineNanos() + TimeUnit.MILLISECONDS.toNanos(LANE_WAIT_MS), answer::isDone);
        if (!answer.isDone()) throw timedOut(what);
        OffsetsOutcome outcome = answer.join();
        if (outcome.error() != ErrorCode.NONE) throw group().failure(what, outcome);
        return outcome;
    }

    /** How many offsets the position is behind the end that can be read, as far as the last fetch told. */
    public OptionalLong currentLag(TopicPartition partition) {
        return use(() -> {
            AssignedPartition known = known(partition);
            known.learn();
            FetchPosition position = known.position();
            long end = known.endOffset();
            return position == null || end < 0
                    ? OptionalLong.empty()
                    : OptionalLong.of(Math.max(0, end - position.offset()));
        });
    }

    /** The first offsets of these partitions' logs. */
    public Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> partitions) {
        return offsets(partitions, OffsetReset.EARLIEST, FoundOffset::offset);
    }

    /** Where these partitions end for this consumer: the high watermark, or the last stable offset with read_committed. */
    public Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions) {
        return offsets(partitions, OffsetReset.LATEST, FoundOffset::offset);
    }

    /**
     * The first offset whose record is not older.
     *
     * @param timestamp milliseconds since 1970
     * @return by partition; -1 where all are older
     */
    public Map<TopicPartition, Long> offsetsForTime(Collection<TopicPartition> partitions, long timestamp) {
        if (timestamp < 0) throw new IllegalArgumentException("timestamp " + timestamp + " is negative");
        return offsets(partitions, timestamp, FoundOffset::offset);
    }

    private Map<TopicPartition, Long> offsets(
            Collection<TopicPartition> partitions, long timestamp, Function<FoundOffset, Long> what) {
        return use(() -> {
            Set<TopicPartition> all = Set.copyOf(partitions);
            Map<TopicPartition, FoundOffset> found = new TreeMap<>();
            if (all.isEmpty()) return Map.of();
            CompletableFuture<Map<TopicPartition, FoundOffset>> answer = new CompletableFuture<>();
            long deadlineMs = threads.client().nowMs() + options.apiTimeoutMs();
            lane.execute(() -> fetcher.lookUp(all, timestamp, deadlineMs, each -> {
                found.put(each.partition(), each);
                if (found.size() < all.size()) return;
                answer.complete(found);
                mailbox.tell();
            }));
            await(apiDeadlineNanos() + TimeUnit.MILLISECONDS.toNanos(LANE_WAIT_MS), answer::isDone);
            if (!answer.isDone()) throw timedOut("offsets of " + all);
            Map<TopicPartition, Long> offsets = new TreeMap<>();
            for (FoundOffset each : answer.join().values()) {
                if (each.error() != ErrorCode.NONE) throw notFound(each);
                offsets.put(each.partition(), what.apply(each));
            }
            return offsets;
        });
    }

    private ConsumerFailure notFound(FoundOffset found) {
        return new ConsumerFailure(
                found.error(),
                "no offset of " + found.partition() + ": " + found.error() + ", "
                        + found.error().message() + trouble(),
                found.partition(),
                -1,
                null);
    }

    private ConsumerFailure timedOut(String what) {
        return new ConsumerFailure(
                ErrorCode.REQUEST_TIMED_OUT,
                what + " could not be found out within default.api.timeout.ms=" + options.apiTimeoutMs() + trouble());
    }

    private String trouble() {
        return lastTrouble.isEmpty() ? "" : "; last trouble: " + lastTrouble;
    }

    /**
     * The partitions of a topic; waits up to {@code default.api.timeout.ms} for them.
     *
     * @throws ConsumerFailure if the topic is not known in time, or is refused
     */
    public List<TopicPartition> partitionsFor(String topic) {
        return use(() -> {
            lane.execute(() -> cluster.want(topic));
            await(apiDeadlineNanos(), () -> {
                ClusterTopic known = view.topic(topic);
                if (known != null
                        && known.error() != ErrorCode.NONE
                        && !known.error().isRetriable()) {
                    throw new ConsumerFailure(
                            known.error(),
                            "topic " + topic + ": " + known.error().message());
                }
                return known != null && known.partitionCount() > 0;
            });
            ClusterTopic known = view.topic(topic);
            if (known == null) throw timedOut("topic " + topic);
            if (known.partitionCount() == 0)
                throw new ConsumerFailure(
                        known.error(), "topic " + topic + ": " + known.error().message());
            return IntStream.range(0, known.partitionCount())
                    .mapToObj(index -> new TopicPartition(topic, index))
                    .toList();
        });
    }

    /** What the consumer has done so far, by the names of Kafka's consumer metrics; empty once it is closed. */
    public Map<String, Double> metrics() {
        return use(() -> {
            GroupCommits itsGroup = group;
            Map<String, Double> metrics = onLane(() -> {
                FetchCounters.Snapshot fetches = fetcher.counts();
                return ConsumerMetrics.of(
                        fetches, itsGroup == null ? CommitCounters.Snapshot.NONE : itsGroup.offsets.counts(), leftOut);
            });
            return metrics == null ? Map.of() : metrics;
        });
    }

    /** Makes a thread that waits in this consumer, or the next one that does, throw {@link WokenUp}. Any thread may call it. */
    public void wakeup() {
        isWakeupWanted = true;
        mailbox.tell();
    }

    private long apiDeadlineNanos() {
        return deadlineNanos(Duration.ofMillis(options.apiTimeoutMs()));
    }

    private static long deadlineNanos(Duration timeout) {
        Duration bounded = timeout.compareTo(FOREVER) >= 0 ? FOREVER : timeout;
        return System.nanoTime() + Math.max(0, bounded.toNanos());
    }

    /** Waits until it is so, looking whenever there are news; false if it is not so in time. */
    private boolean await(long deadlineNanos, BooleanSupplier isSo) {
        while (true) {
            requireOpen();
            if (isWakeupWanted) {
                isWakeupWanted = false;
                throw new WokenUp();
            }
            if (isSo.getAsBoolean()) return true;
            if (deadlineNanos - System.nanoTime() <= 0) return false;
            try {
                mailbox.await(deadlineNanos);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new ConsumerFailure(ErrorCode.NETWORK_EXCEPTION, "interrupted while waiting");
            }
        }
    }

    private void requireOpen() {
        Throwable cause = broken;
        if (cause != null) throw new IllegalStateException("the consumer is broken: " + cause, cause);
        if (isClosed) throw new IllegalStateException("the consumer has been closed");
    }

    /** Sees to it that one thread at a time is in here. */
    private <T> T use(Supplier<T> what) {
        Thread current = Thread.currentThread();
        boolean isNested = user.get() == current;
        if (!isNested && !user.compareAndSet(null, current)) {
            throw new java.util.ConcurrentModificationException(
                    "another thread is using the consumer; only wakeup() may be called beside it");
        }
        try {
            requireOpen();
            return what.get();
        } finally {
            if (!isNested) user.set(null);
        }
    }

    /** Runs something on the lane and waits for it; null if the lane does not do it in time. */
    private <T> @Nullable T onLane(Supplier<T> what) {
        CompletableFuture<T> done = new CompletableFuture<>();
        lane.execute(() -> done.complete(what.get()));
        try {
            return done.get(LANE_WAIT_MS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        } catch (ExecutionException | TimeoutException e) {
            return null;
        }
    }

    /** {@link #close(Duration)} with half a minute. */
    @Override
    public void close() {
        close(CLOSE_TIMEOUT);
    }

    /**
     * Ends it, after a last commit if there is a group and {@code enable.auto.commit} says so.
     *
     * @param timeout how long to wait for commits and their callbacks
     */
    public void close(Duration timeout) {
        if (isClosed) return;
        long deadlineNanos = deadlineNanos(timeout);
        GroupCommits itsGroup = group;
        if (broken == null) {
            use(() -> {
                try {
                    Membership member = membership;
                    boolean isMember = member != null && member.isSubscribed();
                    if (itsGroup != null && !isMember) itsGroup.finish(assigned.values(), leftMs(deadlineNanos));
                    if (member != null && isMember)
                        member.close(new TreeSet<>(assigned.keySet()), leftMs(deadlineNanos));
                } finally {
                    if (itsGroup != null) lane.execute(itsGroup::close);
                    lane.execute(fetcher::close);
                    end(deadlineNanos);
                }
                return true;
            });
        } else {
            end(deadlineNanos);
        }
    }

    private void end(long deadlineNanos) {
        GroupCommits itsGroup = group;
        isClosed = true;
        if (!threads.stop(LANE_WAIT_MS)) LOG.log(System.Logger.Level.WARNING, "the lane did not stop in time");
        if (itsGroup != null) itsGroup.endCallbacks(leftMs(deadlineNanos));
    }

    private static long leftMs(long deadlineNanos) {
        return Math.max(0, TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime()));
    }

    /** Tells two of what happens to the cluster. */
    private record Both(ClusterEvents first, ClusterEvents second) implements ClusterEvents {
        @Override
        public void onView(ClusterView view) {
            first.onView(view);
            second.onView(view);
        }

        @Override
        public void onReady(int nodeId) {
            first.onReady(nodeId);
            second.onReady(nodeId);
        }

        @Override
        public void onLost(int nodeId, String sentence) {
            first.onLost(nodeId, sentence);
            second.onLost(nodeId, sentence);
        }

        @Override
        public void onTrouble(String sentence) {
            first.onTrouble(sentence);
            second.onTrouble(sentence);
        }
    }

    /** Hears of the cluster, on the lane. */
    private final class Ears implements FetcherLane.Listener {
        private long quietUntilNanos = System.nanoTime();

        @Override
        public void onView(ClusterView fresh) {
            view = fresh;
            mailbox.tell();
        }

        @Override
        public void onTrouble(String sentence) {
            lastTrouble = sentence;
            if (System.nanoTime() - quietUntilNanos < 0) return;
            quietUntilNanos = System.nanoTime() + QUIET_NANOS;
            LOG.log(System.Logger.Level.WARNING, options.clientId() + ": " + sentence);
        }

        void laneBroke(Throwable cause) {
            broken = cause;
            LOG.log(System.Logger.Level.ERROR, "the consumer is broken", cause);
            mailbox.tell();
        }
    }
}
