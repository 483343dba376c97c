package io.millrace.client.consumer;

import io.millrace.client.cluster.ClusterTopic;
import io.millrace.client.cluster.ClusterView;
import io.millrace.client.cluster.run.ClusterLine;
import io.millrace.client.fetching.FetchPosition;
import io.millrace.client.fetching.FetchRules;
import io.millrace.client.fetching.OffsetReset;
import io.millrace.client.fetching.RangeReader;
import io.millrace.client.fetching.run.FetchCounters;
import io.millrace.client.fetching.run.FetchLine;
import io.millrace.client.fetching.run.FetcherLane;
import io.millrace.client.fetching.run.FoundOffset;
import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.CompressionUnavailable;
import io.millrace.records.InvalidBatch;
import io.millrace.records.RecordHeader;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads records of assigned partitions. One thread at a time may use it, platform or virtual; only {@link #wakeup} may be
 * called by others. Records are fetched ahead in the background, up to {@code fetch.buffer.bytes}.
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
    private static final long LANE_WAIT_MS = 10_000;
    private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final Duration FOREVER = Duration.ofMillis(Long.MAX_VALUE / 4 / 1_000_000);

    private final ConsumerOptions options;
    private final Deserializer<K> keys;
    private final Deserializer<V> values;
    private final int maxPollRecords;
    private final FetchRules rules;
    private final Mailbox mailbox = new Mailbox();
    private final ConsumerThreads threads;
    private final Lane lane;
    private final FetcherLane fetcher;
    private final ClusterLine cluster;
    private final Map<TopicPartition, AssignedPartition> assigned = new LinkedHashMap<>();
    private final AtomicReference<@Nullable Thread> user = new AtomicReference<>();
    private int nextPartition;
    private volatile ClusterView view = ClusterView.EMPTY;
    private volatile boolean isWakeupWanted;
    private volatile boolean isClosed;
    private volatile @Nullable Throwable broken;
    private volatile String lastTrouble = "";

    private Consumer(ConsumerOptions options, Deserializer<K> keys, Deserializer<V> values) {
        this.options = options;
        this.keys = keys;
        this.values = values;
        this.maxPollRecords = options.maxPollRecords();
        this.rules = options.fetchRules();
        Ears ears = new Ears();
        this.threads = new ConsumerThreads(options, ears::laneBroke);
        this.lane = threads.client().lane();
        this.fetcher = new FetcherLane(threads.client(), rules, options.requestTimeoutMs(), ears);
        this.cluster = new ClusterLine(
                threads.client(),
                options.settings(),
                options.reconnects(),
                options.metadataRules(),
                options.bootstrapNodes(),
                fetcher);
        lane.execute(() -> fetcher.begin(cluster));
    }

    /**
     * A consumer without partitions. It connects when it is given some.
     *
     * @throws IllegalArgumentException if an address is malformed
     */
    public static <K, V> Consumer<K, V> open(ConsumerOptions options, Deserializer<K> keys, Deserializer<V> values) {
        return new Consumer<>(options, keys, values);
    }

    /** Reads exactly these partitions from now on. Those that were read already go on where they stand. */
    public void assign(Collection<TopicPartition> partitions) {
        use(() -> {
            Set<TopicPartition> wanted = Set.copyOf(partitions);
            for (TopicPartition each : List.copyOf(assigned.keySet())) {
                if (wanted.contains(each)) continue;
                AssignedPartition gone = assigned.remove(each);
                if (gone != null) lane.execute(() -> fetcher.remove(lineOf(gone)));
            }
            for (TopicPartition each : partitions) {
                if (assigned.containsKey(each)) continue;
                AssignedPartition fresh = new AssignedPartition(each, mailbox, rules.isReadCommitted());
                assigned.put(each, fresh);
                lane.execute(() -> fresh.line = fetcher.add(each, fresh));
            }
            return true;
        });
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
     * @throws ConsumerFailure if a partition cannot be read on: it names partition and offset, and a seek gets on
     * @throws WokenUp if {@link #wakeup} was called
     * @throws IllegalStateException if no partitions were assigned, or the consumer is closed or broken
     */
    public ConsumerRecords<K, V> poll(Duration timeout) {
        return use(() -> {
            if (assigned.isEmpty()) throw new IllegalStateException("no partitions are assigned");
            for (AssignedPartition each : assigned.values()) begin(each);
            ConsumerRecords<K, V> records = new ConsumerRecords<>();
            await(deadlineNanos(timeout), () -> {
                collect(records);
                return !records.isEmpty();
            });
            return records;
        });
    }

    /** Tells the lane where to begin, if nobody said so. */
    private void begin(AssignedPartition partition) {
        if (partition.isBegun) return;
        partition.moved(null);
        long generation = partition.generation;
        lane.execute(() -> fetcher.reset(lineOf(partition), generation));
    }

    private void collect(ConsumerRecords<K, V> records) {
        List<AssignedPartition> all = List.copyOf(assigned.values());
        int count = 0;
        for (int i = 0; i < all.size() && count < maxPollRecords; i++) {
            AssignedPartition partition = all.get((nextPartition + i) % all.size());
            if (partition.isPaused || !partition.hasNews()) continue;
            int taken;
            try {
                taken = collect(partition, records, maxPollRecords - count);
            } finally {
                tellReleased(partition);
            }
            count += taken;
            if (count >= maxPollRecords) nextPartition = (nextPartition + i + 1) % all.size();
            if (taken == 0 && count == 0) {
                ConsumerFailure failure = partition.failure();
                if (failure != null) throw failure;
            }
        }
    }

    private int collect(AssignedPartition partition, ConsumerRecords<K, V> records, int most) {
        List<ConsumerRecord<K, V>> into = null;
        int count = 0;
        while (count < most) {
            RangeReader reader;
            try {
                reader = partition.nextRecord();
            } catch (InvalidBatch | CompressionUnavailable unreadable) {
                long offset = partition.troubledOffset();
                readAgain(partition);
                if (!records.isEmpty()) return count; // The next poll tells.
                throw new ConsumerFailure(
                        ErrorCode.CORRUPT_MESSAGE,
                        partition.partition + " cannot be read at offset " + offset + ": " + unreadable.getMessage(),
                        partition.partition,
                        offset,
                        unreadable);
            }
            if (reader == null) break;
            List<RecordHeader> headers = reader.headers();
            String topic = partition.partition.topic();
            ConsumerRecord<K, V> record;
            try {
                record = new ConsumerRecord<>(
                        topic,
                        partition.partition.partition(),
                        reader.offset(),
                        reader.leaderEpoch(),
                        reader.timestamp(),
                        reader.timestampType(),
                        keys.deserialize(topic, headers, reader.key()),
                        values.deserialize(topic, headers, reader.value()),
                        headers);
            } catch (RuntimeException poison) {
                long offset = reader.offset();
                readAgain(partition);
                if (!records.isEmpty()) return count; // The next poll tells.
                throw new ConsumerFailure(
                        ErrorCode.INVALID_RECORD,
                        "record " + offset + " of " + partition.partition + " cannot be deserialized: " + poison,
                        partition.partition,
                        offset,
                        poison);
            }
            if (into == null) into = records.of(partition.partition);
            into.add(record);
            records.counted(1);
            partition.position = new FetchPosition(record.offset() + 1, record.leaderEpoch());
            count++;
        }
        return count;
    }

    /** Has what comes from the position on fetched once more: a failed poll moves nothing. */
    private void readAgain(AssignedPartition partition) {
        FetchPosition position = partition.position;
        if (position == null) throw new IllegalStateException(partition.partition + " was read without a position");
        seek(partition, position);
    }

    private void tellReleased(AssignedPartition partition) {
        long bytes = partition.takeReleasedBytes();
        if (bytes > 0) lane.execute(() -> fetcher.released(lineOf(partition), bytes));
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
            begin(known);
            await(apiDeadlineNanos(), () -> {
                ConsumerFailure failure = known.failure();
                if (known.position == null && failure != null) throw failure;
                return known.position != null;
            });
            FetchPosition position = known.position;
            if (position == null) throw timedOut("the position of " + partition);
            return position.offset();
        });
    }

    /** How many offsets the position is behind the end that can be read, as far as the last fetch told. */
    public OptionalLong currentLag(TopicPartition partition) {
        return use(() -> {
            AssignedPartition known = known(partition);
            FetchPosition position = known.position;
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
            FetchCounters.Snapshot counts = onLane(fetcher::counts);
            return counts == null ? Map.of() : ConsumerMetrics.of(counts);
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

    /** Ends it. */
    @Override
    public void close() {
        if (isClosed) return;
        if (broken == null) {
            use(() -> {
                lane.execute(fetcher::close);
                return true;
            });
        }
        isClosed = true;
        if (!threads.stop(LANE_WAIT_MS)) LOG.log(System.Logger.Level.WARNING, "the lane did not stop in time");
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
