package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.consumer.ConsumerRecord;
import io.millrace.client.worker.JdbcProcessedKeys;
import io.millrace.client.worker.ProcessedKeys;
import io.millrace.client.worker.ProcessedKeys.Claim;
import io.millrace.client.worker.RecordHandler;
import io.millrace.client.worker.TryLater;
import io.millrace.records.TimestampType;
import io.millrace.testkit.Property;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** Business keys in a table, in H2. Two instances share it, as two processes would. */
class JdbcProcessedKeysTest {
    private static final long CLAIM_MS = 1_000;
    private static final long DONE_MS = 5_000;

    private final JdbcDataSource database = new JdbcDataSource();
    private long nowMs = 1_000_000;
    private JdbcProcessedKeys one;
    private JdbcProcessedKeys other;

    @BeforeEach
    void begin(TestInfo test) throws SQLException {
        database.setURL("jdbc:h2:mem:" + test.getTestMethod().orElseThrow().getName() + ";DB_CLOSE_DELAY=-1");
        one = instance();
        other = instance();
        one.createTable();
        other.createTable();
    }

    private JdbcProcessedKeys instance() {
        return new JdbcProcessedKeys(
                database,
                "processed_keys",
                Duration.ofMillis(CLAIM_MS),
                Duration.ofMillis(DONE_MS),
                () -> Instant.ofEpochMilli(nowMs));
    }

    @Test
    void aKeyIsClaimedOnceUntilItExpires() throws SQLException {
        assertEquals(Claim.CLAIMED, one.claim("a", "1"));
        assertEquals(Claim.IN_PROGRESS_ELSEWHERE, one.claim("a", "2"));
        assertEquals(Claim.IN_PROGRESS_ELSEWHERE, other.claim("a", "3"));
        assertEquals(Claim.CLAIMED, other.claim("b", "4"));
        nowMs += CLAIM_MS - 1;
        assertEquals(Claim.IN_PROGRESS_ELSEWHERE, other.claim("a", "5"));
        nowMs++;
        assertEquals(Claim.CLAIMED, other.claim("a", "6"));
        assertFalse(one.done("a", "1"));
        assertTrue(other.done("a", "6"));
        assertEquals(Claim.DONE, one.claim("a", "7"));
    }

    @Test
    void whatIsDoneIsForgottenInTheEnd() throws SQLException {
        assertEquals(Claim.CLAIMED, one.claim("a", "1"));
        assertTrue(one.done("a", "1"));
        nowMs += DONE_MS - 1;
        assertEquals(Claim.DONE, other.claim("a", "2"));
        assertEquals(0, other.purge());
        nowMs++;
        assertEquals(1, other.purge());
        assertEquals(Claim.CLAIMED, other.claim("a", "3"));
    }

    @Test
    void expiredRowsAreDeletedByTheWay() throws SQLException {
        for (int i = 0; i < 10; i++) assertEquals(Claim.CLAIMED, one.claim("key " + i, "id " + i));
        nowMs += 60_000;
        assertEquals(Claim.CLAIMED, one.claim("another", "1"));
        assertEquals(0, one.purge());
    }

    @Test
    void onlyAClaimThatHoldsAKeyGivesItBack() throws SQLException {
        assertEquals(Claim.CLAIMED, one.claim("a", "1"));
        other.release("a", "2");
        assertEquals(Claim.IN_PROGRESS_ELSEWHERE, other.claim("a", "3"));
        one.release("a", "1");
        assertEquals(Claim.CLAIMED, other.claim("a", "4"));
        assertTrue(other.done("a", "4"));
        other.release("a", "4");
        assertEquals(Claim.DONE, one.claim("a", "5"));
    }

    @Test
    void effectsInTheSameDatabaseAreCommittedTogetherWithTheirKey() throws SQLException {
        assertEquals(Claim.CLAIMED, one.claim("a", "1"));
        try (Connection connection = database.getConnection()) {
            connection.setAutoCommit(false);
            assertTrue(one.done(connection, "a", "1"));
            connection.rollback();
        }
        assertEquals(Claim.IN_PROGRESS_ELSEWHERE, other.claim("a", "2"));
    }

    @Test
    void ofManyWhoClaimAtOnceOneHasTheKey() throws Exception {
        int threads = 8;
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int round = 0; round < 50; round++) {
                if (round % 2 == 1) nowMs += CLAIM_MS; // Half of the keys have expired before.
                String key = "key " + round / 2;
                CountDownLatch together = new CountDownLatch(threads);
                List<Future<Claim>> claims = new ArrayList<>();
                for (int i = 0; i < threads; i++) {
                    JdbcProcessedKeys its = i % 2 == 0 ? one : other;
                    String claimId = round + "-" + i;
                    claims.add(executor.submit(() -> {
                        together.countDown();
                        together.await();
                        return its.claim(key, claimId);
                    }));
                }
                int claimed = 0;
                for (Future<Claim> each : claims) if (each.get() == Claim.CLAIMED) claimed++;
                assertEquals(1, claimed, key);
            }
        }
    }

    @Test
    void itAgreesWithAMapUnderRandomCalls() {
        record Row(boolean isDone, String claimId, long expiresAtMs) {}
        Property.check(20, random -> {
            Map<String, Row> rows = new HashMap<>();
            String run = random.word(8);
            List<String[]> claims = new ArrayList<>(); // Key and id of each.
            for (int step = 0; step < 100; step++) {
                JdbcProcessedKeys its = random.nextBoolean() ? one : other;
                nowMs += random.nextInt(300);
                double what = random.nextDouble();
                if (what < 0.5 || claims.isEmpty()) {
                    String key = run + random.nextInt(5);
                    String claimId = run + "-" + step;
                    Row row = rows.get(key);
                    Claim wanted = row == null || row.expiresAtMs() <= nowMs
                            ? Claim.CLAIMED
                            : row.isDone() ? Claim.DONE : Claim.IN_PROGRESS_ELSEWHERE;
                    assertEquals(wanted, its.claim(key, claimId));
                    if (wanted != Claim.CLAIMED) continue;
                    rows.put(key, new Row(false, claimId, nowMs + CLAIM_MS));
                    claims.add(new String[] {key, claimId});
                    continue;
                }
                String[] claim = random.pick(claims);
                Row row = rows.get(claim[0]);
                boolean holds = row != null && row.claimId().equals(claim[1]);
                if (what < 0.75) {
                    // An expired row may have been deleted by the way, or not.
                    if (holds && Objects.requireNonNull(row).expiresAtMs() <= nowMs) continue;
                    assertEquals(holds, its.done(claim[0], claim[1]));
                    if (holds) rows.put(claim[0], new Row(true, claim[1], nowMs + DONE_MS));
                } else {
                    its.release(claim[0], claim[1]);
                    if (holds && !Objects.requireNonNull(row).isDone()) rows.remove(claim[0]);
                }
            }
        });
    }

    @Test
    void whatNoTableCanHoldIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> one.claim("x".repeat(256), "1"));
        for (String name : List.of("", "a b", "a;drop table b", "1a", "a.b.c"))
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new JdbcProcessedKeys(database, name, Duration.ofSeconds(1), Duration.ofSeconds(1)));
        assertThrows(
                IllegalArgumentException.class,
                () -> new JdbcProcessedKeys(database, "a", Duration.ZERO, Duration.ofSeconds(1)));
    }

    private static ConsumerRecord<String, String> record(long offset, String value) {
        return new ConsumerRecord<>("orders", 0, offset, 0, 0, TimestampType.CREATE_TIME, null, value, List.of());
    }

    @Test
    void aHandlerIsCalledOnceForABusinessKey() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        RecordHandler<String, String> handler = record -> calls.incrementAndGet();
        RecordHandler<String, String> here = ProcessedKeys.once(one, record -> String.valueOf(record.value()), handler);
        RecordHandler<String, String> there =
                ProcessedKeys.once(other, record -> String.valueOf(record.value()), handler);
        here.handle(record(0, "order 1"));
        here.handle(record(1, "order 1"));
        there.handle(record(1, "order 1"));
        assertEquals(1, calls.get());
        there.handle(record(2, "order 2"));
        assertEquals(2, calls.get());
        here.handle(record(3, ""));
        here.handle(record(4, ""));
        assertEquals(4, calls.get());
    }

    @Test
    void aHandlerThatFailsGivesItsKeyBack() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        RecordHandler<String, String> handler = ProcessedKeys.once(one, record -> "a", record -> {
            if (calls.incrementAndGet() == 1) throw new IOException("not now");
        });
        assertThrows(IOException.class, () -> handler.handle(record(0, "")));
        handler.handle(record(0, ""));
        handler.handle(record(0, ""));
        assertEquals(2, calls.get());
    }

    @Test
    void aKeyThatSomebodyIsAboutIsPutOff() throws Exception {
        assertEquals(Claim.CLAIMED, other.claim("a", "theirs"));
        RecordHandler<String, String> handler = ProcessedKeys.once(one, record -> "a", record -> {
            throw new AssertionError("it is theirs");
        });
        assertThrows(TryLater.class, () -> handler.handle(record(0, "")));
        assertTrue(other.done("a", "theirs"));
        handler.handle(record(0, ""));
    }

    @Test
    void aClaimThatExpiredWhileItsHandlerRanIsMadeAnew() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        RecordHandler<String, String> handler = ProcessedKeys.once(one, record -> "a", record -> {
            calls.incrementAndGet();
            nowMs += CLAIM_MS;
            assertEquals(Claim.CLAIMED, other.claim("a", "theirs"));
        });
        assertThrows(TryLater.class, () -> handler.handle(record(0, "")));
        assertTrue(other.done("a", "theirs"));
        handler.handle(record(0, ""));
        assertEquals(1, calls.get());
    }
}
