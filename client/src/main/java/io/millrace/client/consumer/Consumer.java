package io.millrace.client.consumer;

import io.millrace.client.CommittedOffset;
import io.millrace.client.ConsumerGroupMetadata;
import io.millrace.client.cluster.run.ClusterLine;
import io.millrace.client.committing.OffsetsOutcome;
import io.millrace.client.committing.run.CommitCounters;
import io.millrace.client.facade.ClientThreads;
import io.millrace.client.fetching.FetchPosition;
import io.millrace.client.fetching.FetchRules;
import io.millrace.client.fetching.OffsetReset;
import io.millrace.client.fetching.run.FetcherLane;
import io.millrace.client.membership.run.MemberCounters;
import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.regex.Pattern;
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
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(30);

    private final LeftOutRecords leftOut;
    private final RecordCollector collector;
    private final Deserializer<K> keys;
    private final Deserializer<V> values;
    private final UserThread user;
    private final ClientThreads threads;
    private final Lane lane;
    private final FetcherLane fetcher;
    private final ClusterQuestions questions;
    private final Assignment assignment;
    private final @Nullable GroupCommits group;
    private final @Nullable Membership membership;
    private final PollCounters polls = new PollCounters();
    /** What the application was given last, for a person. */
    private Supplier<String> lastTaken = () -> "";

    private Consumer(ConsumerOptions options, Deserializer<K> keys, Deserializer<V> values) {
        FetchRules rules = options.fetchRules();
        Mailbox mailbox = new Mailbox();
        ClusterNews news = new ClusterNews(options.clientId(), mailbox);
        UserThread itsUser = new UserThread(mailbox, news::takeRefusal);
        this.user = itsUser;
        this.leftOut = new LeftOutRecords(options);
        this.threads = new ClientThreads(
                options.connection(), HELPERS, rules.answerBufferBytes(), rules.bufferBytes(), cause -> {
                    LOG.log(System.Logger.Level.ERROR, "the consumer is broken", cause);
                    itsUser.broke(cause);
                });
        this.lane = threads.client().lane();
        this.fetcher = new FetcherLane(threads.client(), rules, options.requestTimeoutMs(), news);
        GroupCommits itsGroup = options.groupId().isEmpty()
                ? null
                : new GroupCommits(options.groupId(), options, threads.client(), mailbox, news::onLoginRefused);
        this.group = itsGroup;
        this.assignment = new Assignment(mailbox, rules, lane, fetcher, itsGroup);
        this.keys = keys;
        this.values = values;
        this.collector =
                new RecordCollector(options.maxPollRecords(), leftOut, assignment::seek, assignment::tellReleased);
        Membership itsMembership = itsGroup == null
                ? null
                : new Membership(options, threads.client(), mailbox, itsGroup, assignment, news::onTrouble);
        this.membership = itsMembership;
        ClusterLine cluster = new ClusterLine(
                threads.client(),
                options.settings(),
                options.reconnects(),
                options.metadataRules(),
                options.bootstrapNodes(),
                itsGroup == null || itsMembership == null
                        ? fetcher
                        : new EventsForTwo(fetcher, new EventsForTwo(itsGroup.coordinator, itsMembership.member)));
        this.questions = new ClusterQuestions(
                options.apiTimeoutMs(), threads.client(), fetcher, cluster, news, mailbox, itsUser);
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
        user.use(() -> {
            for (String each : topics) if (each.isBlank()) throw new IllegalArgumentException("a topic has no name");
            if (topics.isEmpty()) letGoOfGroup();
            else membershipToSubscribe().subscribe(new TreeSet<>(topics), listener);
            return true;
        });
    }

    /**
     * As {@link #subscribe(Collection)}, all topics whose whole names match, those that are made later too, once {@code
     * metadata.max.age.ms} is over. Topics that brokers keep for themselves are not meant, unless {@code exclude.internal.topics} is
     * false. A pattern that takes too long to match a name fails the polls until {@link #unsubscribe}.
     */
    public void subscribe(Pattern pattern) {
        subscribe(pattern, RebalanceListener.NONE);
    }

    /** As {@link #subscribe(Pattern)}, and tells that listener when partitions come and go. */
    public void subscribe(Pattern pattern, RebalanceListener listener) {
        user.use(() -> {
            membershipToSubscribe().subscribe(pattern, listener);
            return true;
        });
    }

    private Membership membershipToSubscribe() {
        Membership known = membership;
        if (known == null) throw new IllegalStateException("there is no group.id to be a member of");
        if (!known.isSubscribed() && !assignment.isEmpty())
            throw new IllegalStateException("partitions are assigned; unsubscribe() before a subscription");
        return known;
    }

    /** Reads nothing any more: ends what {@link #subscribe} or {@link #assign} began. A member commits if that is automatic, and leaves. */
    public void unsubscribe() {
        user.use(() -> {
            letGoOfGroup();
            assignment.set(List.of());
            return true;
        });
    }

    private void letGoOfGroup() {
        Membership member = membership;
        if (member != null && member.isSubscribed()) member.unsubscribe(new TreeSet<>(assignment.names()));
    }

    /** Who this is in its group now, for a producer that commits offsets in a transaction. */
    public ConsumerGroupMetadata groupMetadata() {
        return user.use(() -> {
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
        user.use(() -> {
            if (membership != null && membership.isSubscribed())
                throw new IllegalStateException("the group assigns partitions; unsubscribe() before an assignment");
            assignment.set(partitions);
            return true;
        });
    }

    /** The partitions that are read. */
    public Set<TopicPartition> assignment() {
        return user.use(() -> Set.copyOf(assignment.names()));
    }

    /**
     * The next records, up to {@code max.poll.records}; waits for the first ones.
     *
     * @param timeout how long to wait; zero takes what is there
     * @return none if none came in time
     * @throws ConsumerFailure if a partition cannot be read on: it names partition and offset, and a seek to its {@link
     *     ConsumerFailure#nextOffset} gets on; if a broker refuses the login, once each time it does; if the group refuses this member; once if it was not polled for {@code
     *     max.poll.interval.ms}, naming the record that was taken last; or if the rebalance listener failed
     * @throws WokenUp if {@link #wakeup} was called
     * @throws IllegalStateException if it neither subscribes nor was assigned partitions, or the consumer is closed or broken
     */
    public ConsumerRecords<K, V> poll(Duration timeout) {
        return user.use(() -> {
            polls.begin(System.nanoTime());
            ConsumerRecords<K, V> records = new ConsumerRecords<>();
            int taken = 0;
            try {
                fill(records, timeout);
                taken = records.count();
            } finally {
                polls.end(System.nanoTime(), taken);
            }
            return records;
        });
    }

    private void fill(ConsumerRecords<K, V> records, Duration timeout) {
        Membership member = beginPoll();
        RecordTaker maker = new RecordTaker.Making<>(keys, values, records);
        try {
            user.await(UserThread.deadlineNanos(timeout), () -> {
                getReadyToCollect(member);
                return collector.collect(assignment.all(), maker) > 0;
            });
        } catch (Error fatal) {
            assignment.takeBack(records);
            throw fatal;
        } finally {
            if (member != null) member.endPoll();
        }
        if (!records.isEmpty()) lastTaken = records::lastTaken;
    }

    /**
     * Has the application read the next records, up to {@code max.poll.records}, where they lie, without an object for any of them;
     * waits for the first ones. The deserializers have no part in it. A record has been given once its reader returns; the reader
     * may not use this consumer. {@code max.poll.interval.ms} counts from the first record on.
     *
     * @param timeout how long to wait; zero takes what is there
     * @return how many were read; 0 if none came in time
     * @throws RuntimeException what the reader threw: the record it was handed stays the next one
     * @throws ConsumerFailure as {@link #poll(Duration)}
     * @throws WokenUp if {@link #wakeup} was called
     * @throws IllegalStateException as {@link #poll(Duration)}
     */
    public int poll(Duration timeout, RecordReader reader) {
        return user.use(() -> {
            polls.begin(System.nanoTime());
            var viewing = new RecordTaker.Viewing(reader);
            try {
                have(viewing, timeout);
            } finally {
                polls.end(System.nanoTime(), viewing.count());
            }
            return viewing.count();
        });
    }

    private void have(RecordTaker.Viewing viewing, Duration timeout) {
        Membership member = beginPoll();
        viewing.beforeFirst(() -> {
            if (member != null) member.endPoll();
        });
        try {
            user.await(UserThread.deadlineNanos(timeout), () -> {
                getReadyToCollect(member);
                return user.read(() -> collector.collect(assignment.all(), viewing)) > 0;
            });
        } finally {
            if (member != null && !viewing.hasTaken()) member.endPoll();
            if (viewing.hasTaken()) lastTaken = viewing::lastTaken;
        }
    }

    /** The membership that takes part in polls; null if partitions are assigned. */
    private @Nullable Membership beginPoll() {
        Membership member = membership != null && membership.isSubscribed() ? membership : null;
        if (assignment.isEmpty() && member == null)
            throw new IllegalStateException("nothing is subscribed to, and no partitions are assigned");
        try {
            if (member != null) member.beginPoll(lastTaken.get());
            if (group != null) group.autoCommit(assignment.all());
        } catch (RuntimeException | Error failed) {
            if (member != null) member.endPoll();
            throw failed;
        }
        return member;
    }

    private void getReadyToCollect(@Nullable Membership member) {
        if (member != null) member.handOver();
        assignment.beginFresh();
    }

    /** Reads on at that offset. */
    public void seek(TopicPartition partition, long offset) {
        seek(partition, FetchPosition.at(offset));
    }

    /** Reads on at that position; if the log was truncated below it since, that is noticed by its epoch. */
    public void seek(TopicPartition partition, FetchPosition position) {
        user.use(() -> {
            assignment.seek(assignment.known(partition), position);
            return true;
        });
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
        user.use(() -> {
            for (TopicPartition each : partitions) assignment.seekToTime(assignment.known(each), timestamp);
            return true;
        });
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
        user.use(() -> {
            for (TopicPartition each : partitions) assignment.pause(assignment.known(each), isPaused);
            return true;
        });
    }

    /** Those that {@link #pause} holds. */
    public Set<TopicPartition> paused() {
        return user.use(assignment::paused);
    }

    /**
     * The offset of the next record that a poll gives of a partition; waits up to {@code default.api.timeout.ms} if it has to be
     * looked up.
     */
    public long position(TopicPartition partition) {
        return user.use(() -> {
            AssignedPartition known = assignment.known(partition);
            if (!known.isBegun) assignment.begin(List.of(known));
            user.await(questions.deadlineNanos(), () -> {
                ConsumerFailure failure = known.failure();
                if (known.position() == null && failure != null) throw failure;
                return known.position() != null;
            });
            FetchPosition position = known.position();
            if (position == null) throw questions.timedOut("the position of " + partition);
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
        user.use(() -> commitNow(GroupCommits.positions(assignment.all())));
    }

    /** Commits where this consumer stands in these of its partitions, like {@link #commit()}. */
    public void commit(Collection<TopicPartition> partitions) {
        user.use(() -> commitNow(positions(partitions)));
    }

    /** Commits that this record, and all before it in its partition, have been dealt with, like {@link #commit()}. */
    public void commit(ConsumerRecord<K, V> record) {
        user.use(() -> commitNow(behind(record)));
    }

    /** Commits these offsets, each that of the next record to be read, like {@link #commit()}. */
    public void commit(Map<TopicPartition, CommittedOffset> offsets) {
        user.use(() -> commitNow(offsets));
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
        return user.use(() -> group().commitApart(GroupCommits.positions(assignment.all())));
    }

    /** Commits where this consumer stands in these of its partitions, like {@link #commitAsync()}. */
    public CompletableFuture<Void> commitAsync(Collection<TopicPartition> partitions) {
        return user.use(() -> group().commitApart(positions(partitions)));
    }

    /** Commits that this record, and all before it in its partition, have been dealt with, like {@link #commitAsync()}. */
    public CompletableFuture<Void> commitAsync(ConsumerRecord<K, V> record) {
        return user.use(() -> group().commitApart(behind(record)));
    }

    /** Commits these offsets, each that of the next record to be read, like {@link #commitAsync()}. */
    public CompletableFuture<Void> commitAsync(Map<TopicPartition, CommittedOffset> offsets) {
        return user.use(() -> group().commitApart(offsets));
    }

    private Map<TopicPartition, CommittedOffset> positions(Collection<TopicPartition> partitions) {
        return GroupCommits.positions(partitions.stream().map(assignment::known).toList());
    }

    private Map<TopicPartition, CommittedOffset> behind(ConsumerRecord<K, V> record) {
        return Map.of(
                new TopicPartition(record.topic(), record.partition()),
                new CommittedOffset(record.offset() + 1, record.leaderEpoch(), ""));
    }

    /** What the group has committed for these partitions; those without are not in it. Waits as {@link #commit()} does. */
    public Map<TopicPartition, CommittedOffset> committed(Collection<TopicPartition> partitions) {
        return user.use(() -> {
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
        OffsetsOutcome outcome = questions.answerOf(what, answer);
        if (outcome.error() != ErrorCode.NONE) throw group().failure(what, outcome);
        return outcome;
    }

    /** How many offsets the position is behind the end that can be read, as far as the last fetch told. */
    public OptionalLong currentLag(TopicPartition partition) {
        return user.use(() -> assignment.known(partition).lag());
    }

    /** The first offsets of these partitions' logs. */
    public Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> partitions) {
        return user.use(() -> questions.offsets(partitions, OffsetReset.EARLIEST));
    }

    /** Where these partitions end for this consumer: the high watermark, or the last stable offset with read_committed. */
    public Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions) {
        return user.use(() -> questions.offsets(partitions, OffsetReset.LATEST));
    }

    /**
     * The first offset whose record is not older.
     *
     * @param timestamp milliseconds since 1970
     * @return by partition; -1 where all are older
     */
    public Map<TopicPartition, Long> offsetsForTime(Collection<TopicPartition> partitions, long timestamp) {
        if (timestamp < 0) throw new IllegalArgumentException("timestamp " + timestamp + " is negative");
        return user.use(() -> questions.offsets(partitions, timestamp));
    }

    /**
     * The partitions of a topic; waits up to {@code default.api.timeout.ms} for them.
     *
     * @throws ConsumerFailure if the topic is not known in time, or is refused
     */
    public List<TopicPartition> partitionsFor(String topic) {
        return user.use(() -> questions.partitionsFor(topic));
    }

    /** What the consumer has done so far, by the names of Kafka's consumer metrics; empty once it is closed. */
    public Map<String, Double> metrics() {
        return user.use(() -> {
            GroupCommits itsGroup = group;
            Membership itsMembership = membership;
            ConsumerMetrics.OfLane ofLane = questions.onLane(() -> new ConsumerMetrics.OfLane(
                    fetcher.counts(),
                    itsGroup == null ? CommitCounters.Snapshot.NONE : itsGroup.offsets.counts(),
                    itsMembership == null ? MemberCounters.Snapshot.NONE : itsMembership.member.counts()));
            return ofLane == null
                    ? Map.of()
                    : ConsumerMetrics.of(ofLane, polls, System.nanoTime(), assignment.all(), leftOut);
        });
    }

    /** Makes a thread that waits in this consumer, or the next one that does, throw {@link WokenUp}. Any thread may call it. */
    public void wakeup() {
        user.wakeUp();
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
        if (user.isClosed()) return;
        long deadlineNanos = UserThread.deadlineNanos(timeout);
        GroupCommits itsGroup = group;
        if (!user.isBroken()) {
            user.use(() -> {
                try {
                    Membership member = membership;
                    boolean isMember = member != null && member.isSubscribed();
                    if (itsGroup != null && !isMember)
                        itsGroup.finish(assignment.all(), UserThread.leftMs(deadlineNanos));
                    if (member != null && isMember)
                        member.close(new TreeSet<>(assignment.names()), UserThread.leftMs(deadlineNanos));
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
        user.close();
        if (!threads.stop(LANE_WAIT_MS)) LOG.log(System.Logger.Level.WARNING, "the lane did not stop in time");
        if (itsGroup != null) itsGroup.endCallbacks(UserThread.leftMs(deadlineNanos));
        leftOut.close(Duration.ofMillis(UserThread.leftMs(deadlineNanos)));
    }
}
