package io.millrace.client.worker;

import io.millrace.client.Admin;
import io.millrace.client.Answer;
import io.millrace.client.NewTopic;
import io.millrace.client.consumer.Consumer;
import io.millrace.client.consumer.ConsumerFailure;
import io.millrace.client.consumer.ConsumerOptions;
import io.millrace.client.consumer.ConsumerRecord;
import io.millrace.client.consumer.Deserializers;
import io.millrace.client.consumer.WokenUp;
import io.millrace.client.dispatch.ClaimRecord;
import io.millrace.client.dispatch.KeyClaims;
import io.millrace.client.producer.Partitioners;
import io.millrace.client.producer.Producer;
import io.millrace.client.producer.ProducerOptions;
import io.millrace.client.producer.ProducerRecord;
import io.millrace.client.producer.Serializers;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Business keys in a compacted topic that all instances write to and read: no database is needed. The order of the topic's log says who
 * was first. A claim costs a record that is acknowledged by all replicas in sync and read back, and the word that it is done another
 * one; claims of many threads share requests. {@link ClaimRecord} is how records look.
 *
 * <p>Each instance has all keys that have not expired in memory, and refuses to claim more than {@link #MOST_CLAIMS}. Times are those of
 * the instances' clocks, so claims have to last longer than clocks differ. The topic's partitions must not become more while there are
 * claims, as a key would be looked for elsewhere; {@link #createTopic} makes one whose records are deleted some time after they expire,
 * and are not compacted before everybody has read them.
 */
public final class TopicProcessedKeys implements ProcessedKeys, AutoCloseable {
    /** How many keys may be claimed and done at a time, in all. */
    public static final int MOST_CLAIMS = 5_000_000;

    /** The longest business key, in characters. */
    public static final int MOST_CHARS = 1_000;

    private static final System.Logger LOG = System.getLogger(TopicProcessedKeys.class.getName());
    private static final long PURGE_INTERVAL_MS = 10_000;
    private static final Duration POLL = Duration.ofSeconds(1);
    private static final long PAUSE_MS = 200;
    /** How long a claim may wait to be read back, and a word to be written. */
    private static final long PATIENCE_MS = 30_000;
    /** Records stay so much longer than what they say. */
    private static final Duration KEPT_AFTER = Duration.ofHours(1);
    /**
     * A claim must not be compacted away for the word that it is done while somebody who claimed in between has not read his own claim
     * back: he would see neither. He gives up when he has waited for both, and clocks may differ a little.
     */
    private static final Duration COMPACTED_AFTER =
            Duration.ofMillis(2 * PATIENCE_MS).plusMinutes(1);

    private final String topic;
    private final long claimMs;
    private final long doneMs;
    private final InstantSource clock;
    private final Consumer<String, String> consumer;
    private final Producer<String, String> producer;
    private final int partitionCount;
    private final Thread reader;

    /**
     * Told by the thread that reads, asked by any. There is no lock: the next in its queue may be a virtual thread that no carrier runs
     * as handlers compute on all of them, and the thread that reads would wait behind it.
     */
    private final KeyClaims claims = new KeyClaims(new ConcurrentHashMap<>());

    /** Its count of claims, for all threads. */
    private volatile int claimCount;

    /** Claims that have not been read back yet, by the keys of their records. */
    private final Map<String, CompletableFuture<Void>> awaited = new ConcurrentHashMap<>();

    private final AtomicBoolean isClosed = new AtomicBoolean();
    private volatile String lastTrouble = "";
    private volatile @Nullable Throwable broken;

    /** Only the thread that reads. */
    private long nextPurgeMs;

    private TopicProcessedKeys(
            ConsumerOptions reading,
            ProducerOptions writing,
            String topic,
            Duration claimFor,
            Duration doneFor,
            InstantSource clock) {
        if (!reading.get("group.id").isEmpty())
            throw new IllegalArgumentException("group.id is set; every instance reads all of " + topic);
        String acks = writing.get("acks");
        if (!acks.equals("all") && !acks.equals("-1"))
            throw new IllegalArgumentException("acks is " + acks + "; a claim that is lost is no claim: want all");
        this.topic = topic;
        this.claimMs = claimFor.toMillis();
        this.doneMs = doneFor.toMillis();
        this.clock = clock;
        if (claimMs < 1 || doneMs < 1)
            throw new IllegalArgumentException(
                    "keys are claimed for " + claimFor + " and done for " + doneFor + "; want a millisecond at least");
        this.consumer = Consumer.open(
                reading.with("auto.offset.reset", "earliest"), Deserializers.string(), Deserializers.string());
        try {
            List<TopicPartition> partitions = consumer.partitionsFor(topic);
            this.partitionCount = partitions.size();
            consumer.assign(partitions);
            this.producer = Producer.open(writing, Serializers.string(), Serializers.string());
        } catch (RuntimeException e) {
            consumer.close(Duration.ZERO);
            throw e;
        }
        this.reader = new Thread(this::read, topic + "-claims");
        reader.setDaemon(true);
        reader.start();
    }

    /**
     * Keys in that topic, which is there.
     *
     * @param reading without a {@code group.id}
     * @param writing with {@code acks=all}, the default
     * @param claimFor how long a key is claimed: longer than any handler takes
     * @param doneFor how long it is known that a key is done
     * @throws IllegalArgumentException if the options do not go together, or a time is not positive
     * @throws ConsumerFailure if nothing is to be known of the topic
     */
    public static TopicProcessedKeys open(
            ConsumerOptions reading, ProducerOptions writing, String topic, Duration claimFor, Duration doneFor) {
        return new TopicProcessedKeys(reading, writing, topic, claimFor, doneFor, InstantSource.system());
    }

    /**
     * Makes a topic for keys; nothing if there is one of that name.
     *
     * @param replicationFactor -1 for the cluster's default
     * @param doneFor as for {@link #open}, and no shorter than claims last; records are deleted an hour after that
     * @throws IOException if it is refused
     */
    public static void createTopic(
            Admin admin, String topic, int partitionCount, int replicationFactor, Duration doneFor) throws IOException {
        Map<String, String> configs = Map.of(
                "cleanup.policy",
                "compact,delete",
                "retention.ms",
                String.valueOf(doneFor.plus(KEPT_AFTER).toMillis()),
                "min.compaction.lag.ms",
                String.valueOf(COMPACTED_AFTER.toMillis()));
        var created = admin.topics()
                .create(List.of(new NewTopic(topic, partitionCount, replicationFactor, List.of(), configs)), false)
                .get(topic);
        if (created instanceof Answer.Refused<?>(ErrorCode error, String message)
                && error != ErrorCode.TOPIC_ALREADY_EXISTS)
            throw new IOException("topic " + topic + " could not be made: " + message);
    }

    // ---- The thread that reads.

    private void read() {
        try {
            while (!isClosed.get()) {
                try {
                    take(consumer.poll(POLL));
                } catch (WokenUp closing) {
                    // It is looked at.
                } catch (ConsumerFailure failure) {
                    lastTrouble = String.valueOf(failure.getMessage());
                    TimeUnit.MILLISECONDS.sleep(PAUSE_MS);
                }
            }
        } catch (InterruptedException | RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "claims in topic " + topic + " cannot be read any more", e);
            broken = e;
            failAwaited();
        }
    }

    private void take(Iterable<ConsumerRecord<String, String>> records) {
        long nowMs = clock.millis();
        for (ConsumerRecord<String, String> each : records) take(each, nowMs);
        if (nowMs >= nextPurgeMs) {
            nextPurgeMs = nowMs + PURGE_INTERVAL_MS;
            claims.purge(nowMs);
        }
        claimCount = claims.count();
        for (ConsumerRecord<String, String> each : records) {
            String whole = each.key();
            CompletableFuture<Void> one = whole == null || each.value() == null ? null : awaited.get(whole);
            if (one != null) one.complete(null);
        }
    }

    /** What is no record of ours is passed over. */
    private void take(ConsumerRecord<String, String> record, long nowMs) {
        ClaimRecord said = ClaimRecord.of(record.key(), record.value()).orElse(null);
        switch (said) {
            case null -> {}
            case ClaimRecord.Released(String key, String claimId) -> claims.released(key, claimId);
            case ClaimRecord.Processing(String key, String claimId, long expiresAtMs) -> {
                if (expiresAtMs > nowMs) claims.claimed(key, claimId, record.offset(), expiresAtMs);
                else claims.released(key, claimId); // Many have, when a log is read from its beginning.
            }
            case ClaimRecord.Done(String key, String claimId, long expiresAtMs) -> {
                if (expiresAtMs > nowMs) claims.done(key, claimId, record.offset(), expiresAtMs);
                else claims.released(key, claimId);
            }
        }
    }

    // ---- Any thread.

    @Override
    public Claim claim(String key, String claimId) throws IOException, InterruptedException {
        if (key.length() > MOST_CHARS)
            throw new IllegalArgumentException(
                    "a business key has " + key.length() + " characters; want " + MOST_CHARS + " at most");
        if (claimId.isEmpty() || claimId.length() > ClaimRecord.MOST_ID_CHARS || claimId.indexOf(' ') >= 0)
            throw new IllegalArgumentException("claim id '" + claimId + "'; want 1 to " + ClaimRecord.MOST_ID_CHARS
                    + " characters, none of them a space");
        KeyClaims.Standing before = standing(key, "");
        if (before == KeyClaims.Standing.DONE) return Claim.DONE;
        if (before == KeyClaims.Standing.HELD_BY_ANOTHER) return Claim.IN_PROGRESS_ELSEWHERE;
        if (claimCount >= MOST_CLAIMS)
            throw new IOException("topic " + topic + " holds " + claimCount
                    + " claims that have not expired, and no more are taken; let them be done for a shorter time");
        KeyClaims.Standing now = writeAndRead(key, claimId);
        if (now == KeyClaims.Standing.HELD) return Claim.CLAIMED;
        withdraw(key, claimId);
        if (now == KeyClaims.Standing.FREE)
            LOG.log(
                    System.Logger.Level.WARNING,
                    "a claim of " + key + " expired before it was read back; " + claimMs + " ms are too short");
        return now == KeyClaims.Standing.DONE ? Claim.DONE : Claim.IN_PROGRESS_ELSEWHERE;
    }

    private KeyClaims.Standing standing(String key, String claimId) {
        return claims.standing(key, claimId, clock.millis());
    }

    /** Once the claim itself has been read, all that were before it have been, too. */
    private KeyClaims.Standing writeAndRead(String key, String claimId) throws IOException, InterruptedException {
        String whole = new ClaimRecord.Released(key, claimId).recordKey();
        CompletableFuture<Void> read = new CompletableFuture<>();
        if (awaited.putIfAbsent(whole, read) != null)
            throw new IllegalArgumentException("claim id '" + claimId + "' claims " + key + " already");
        try {
            if (broken != null || isClosed.get()) throw cannotBeRead(); // Whoever waits already is told.
            return writeAndRead(key, claimId, read);
        } finally {
            awaited.remove(whole, read);
        }
    }

    private KeyClaims.Standing writeAndRead(String key, String claimId, CompletableFuture<Void> read)
            throws IOException, InterruptedException {
        try {
            write(new ClaimRecord.Processing(key, claimId, clock.millis() + claimMs));
            read.get(Math.min(PATIENCE_MS, claimMs), TimeUnit.MILLISECONDS);
            return standing(key, claimId);
        } catch (IOException | InterruptedException e) {
            withdraw(key, claimId);
            throw e;
        } catch (ExecutionException e) {
            withdraw(key, claimId);
            throw cannotBeRead();
        } catch (TimeoutException e) {
            withdraw(key, claimId);
            throw new IOException(
                    "a claim in topic " + topic + " was written and could not be read in time"
                            + (lastTrouble.isEmpty() ? "" : "; last trouble: " + lastTrouble),
                    e);
        }
    }

    /** Whoever waits is told that nothing will be read any more. */
    private void failAwaited() {
        for (CompletableFuture<Void> each : awaited.values()) each.completeExceptionally(cannotBeRead());
    }

    private IOException cannotBeRead() {
        Throwable cause = broken;
        return cause == null
                ? new IOException("the claims in topic " + topic + " have been closed")
                : new IOException("claims in topic " + topic + " cannot be read", cause);
    }

    private ProducerRecord<String, String> record(ClaimRecord word) {
        byte[] businessKey = word.businessKey().getBytes(StandardCharsets.UTF_8);
        int partition = Partitioners.forKey(businessKey, partitionCount);
        return new ProducerRecord<>(topic, partition, ProducerRecord.NOW, word.recordKey(), word.value(), List.of());
    }

    private void write(ClaimRecord word) throws IOException, InterruptedException {
        try {
            producer.send(record(word)).get(PATIENCE_MS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            throw new IOException("topic " + topic + ": " + (cause == null ? e : cause).getMessage(), e);
        } catch (TimeoutException e) {
            throw new IOException("topic " + topic + " took nothing within " + PATIENCE_MS + " ms", e);
        }
    }

    /** Nobody waits for it: a claim that stays expires by itself, as it does if all has been closed meanwhile. */
    private void withdraw(String key, String claimId) {
        try {
            var unused = producer.send(record(new ClaimRecord.Released(key, claimId)), (metadata, failure) -> {
                if (failure != null) logStays(key, failure);
            });
        } catch (IllegalStateException closed) {
            logStays(key, closed);
        }
    }

    private static void logStays(String key, Exception why) {
        LOG.log(System.Logger.Level.WARNING, "a claim of " + key + " stays until it expires: " + why.getMessage());
    }

    @Override
    public boolean done(String key, String claimId) throws IOException, InterruptedException {
        if (standing(key, claimId) == KeyClaims.Standing.HELD_BY_ANOTHER) return false;
        write(new ClaimRecord.Done(key, claimId, clock.millis() + doneMs));
        return true;
    }

    @Override
    public void release(String key, String claimId) throws IOException, InterruptedException {
        write(new ClaimRecord.Released(key, claimId));
    }

    /** Ends the reading, and writes what is under way. Claims that are held stay until they expire. */
    @Override
    public void close() {
        if (!isClosed.compareAndSet(false, true)) return;
        failAwaited();
        consumer.wakeup();
        try {
            reader.join(PATIENCE_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        producer.close();
        consumer.close(Duration.ZERO);
    }
}
