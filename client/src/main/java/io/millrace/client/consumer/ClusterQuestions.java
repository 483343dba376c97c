package io.millrace.client.consumer;

import io.millrace.client.cluster.ClusterTopic;
import io.millrace.client.cluster.run.ClientLane;
import io.millrace.client.cluster.run.ClusterLine;
import io.millrace.client.fetching.run.FetcherLane;
import io.millrace.client.fetching.run.FoundOffset;
import io.millrace.environment.Lane;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** What a consumer's application asks, and waits for up to {@code default.api.timeout.ms}; each is within {@link UserThread#use}. */
final class ClusterQuestions {
    /** How much later than it should the lane may be. */
    private static final long LANE_WAIT_MS = 10_000;

    private final long apiTimeoutMs;
    private final ClientLane client;
    private final Lane lane;
    private final FetcherLane fetcher;
    private final ClusterLine cluster;
    private final ClusterNews news;
    private final Mailbox mailbox;
    private final UserThread user;

    ClusterQuestions(
            long apiTimeoutMs,
            ClientLane client,
            FetcherLane fetcher,
            ClusterLine cluster,
            ClusterNews news,
            Mailbox mailbox,
            UserThread user) {
        this.apiTimeoutMs = apiTimeoutMs;
        this.client = client;
        this.lane = client.lane();
        this.fetcher = fetcher;
        this.cluster = cluster;
        this.news = news;
        this.mailbox = mailbox;
        this.user = user;
    }

    /** When to stop waiting for something that is looked at here. */
    long deadlineNanos() {
        return UserThread.deadlineNanos(Duration.ofMillis(apiTimeoutMs));
    }

    /** Waits for an answer that the lane has in time by itself. */
    <T> T answerOf(String what, CompletableFuture<T> answer) {
        user.await(deadlineNanos() + TimeUnit.MILLISECONDS.toNanos(LANE_WAIT_MS), answer::isDone);
        if (!answer.isDone()) throw timedOut(what);
        return answer.join();
    }

    /** Offsets by time, or by one of {@link io.millrace.client.fetching.OffsetReset}'s. */
    Map<TopicPartition, Long> offsets(Collection<TopicPartition> partitions, long timestamp) {
        Set<TopicPartition> all = Set.copyOf(partitions);
        Map<TopicPartition, FoundOffset> found = new TreeMap<>();
        if (all.isEmpty()) return Map.of();
        CompletableFuture<Map<TopicPartition, FoundOffset>> answer = new CompletableFuture<>();
        long deadlineMs = client.nowMs() + apiTimeoutMs;
        lane.execute(() -> fetcher.lookUp(all, timestamp, deadlineMs, each -> {
            found.put(each.partition(), each);
            if (found.size() < all.size()) return;
            answer.complete(found);
            mailbox.tell();
        }));
        Map<TopicPartition, Long> offsets = new TreeMap<>();
        for (FoundOffset each : answerOf("offsets of " + all, answer).values()) {
            if (each.error() != ErrorCode.NONE) throw notFound(each);
            offsets.put(each.partition(), each.offset());
        }
        return offsets;
    }

    private ConsumerFailure notFound(FoundOffset found) {
        return new ConsumerFailure(
                found.error(),
                "no offset of " + found.partition() + ": " + found.error() + ", "
                        + found.error().message() + news.trouble(),
                found.partition(),
                -1,
                null);
    }

    ConsumerFailure timedOut(String what) {
        return new ConsumerFailure(
                ErrorCode.REQUEST_TIMED_OUT,
                what + " could not be found out within default.api.timeout.ms=" + apiTimeoutMs + news.trouble());
    }

    List<TopicPartition> partitionsFor(String topic) {
        lane.execute(() -> cluster.want(topic));
        user.await(deadlineNanos(), () -> {
            ClusterTopic known = news.view().topic(topic);
            if (known != null
                    && known.error() != ErrorCode.NONE
                    && !known.error().isRetriable()) {
                throw new ConsumerFailure(
                        known.error(), "topic " + topic + ": " + known.error().message());
            }
            return known != null && known.partitionCount() > 0;
        });
        ClusterTopic known = news.view().topic(topic);
        if (known == null) throw timedOut("topic " + topic);
        if (known.partitionCount() == 0)
            throw new ConsumerFailure(
                    known.error(), "topic " + topic + ": " + known.error().message());
        return IntStream.range(0, known.partitionCount())
                .mapToObj(index -> new TopicPartition(topic, index))
                .toList();
    }

    /** Runs something on the lane and waits for it; null if the lane does not do it in time. */
    <T> @Nullable T onLane(Supplier<T> what) {
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
}
