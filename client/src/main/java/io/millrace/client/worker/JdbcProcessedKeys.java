package io.millrace.client.worker;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLIntegrityConstraintViolationException;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Business keys in a table of a database that all instances use: whoever inserts a key, or takes over one that has expired, has it.
 * Each call is a connection of the data source, which should be a pool, and one to three statements of its own, in auto-commit mode.
 *
 * <p>Times are those of the instances' clocks, so claims have to last longer than clocks differ. Rows that have expired are deleted
 * once a minute by one of the calls.
 *
 * <pre>
 * CREATE TABLE processed_keys (
 *     business_key VARCHAR(255) NOT NULL PRIMARY KEY,
 *     state        CHAR(1)      NOT NULL,   -- P: somebody is about it; D: done
 *     claim_id     VARCHAR(64)  NOT NULL,
 *     expires_at   BIGINT       NOT NULL)   -- milliseconds since 1970
 * </pre>
 *
 * An index on {@code expires_at} makes the deletion quick.
 */
public final class JdbcProcessedKeys implements ProcessedKeys {
    /** The longest business key, in characters. */
    public static final int MOST_CHARS = 255;

    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)?");
    private static final long PURGE_INTERVAL_MS = 60_000;
    /** A key that comes and goes between two statements is looked at anew so often. */
    private static final int ROUNDS = 10;
    /** SQLSTATE class of violated constraints. */
    private static final String CONSTRAINT = "23";

    private final DataSource database;
    private final String table;
    private final long claimMs;
    private final long doneMs;
    private final InstantSource clock;
    private final AtomicLong nextPurgeMs;

    /**
     * Keys in that table, which is there ({@link #createTable}).
     *
     * @param table its name, which may have a schema's before it
     * @param claimFor how long a key is claimed: longer than any handler takes
     * @param doneFor how long it is known that a key is done
     * @throws IllegalArgumentException if the name is none, or a time is not positive
     */
    public JdbcProcessedKeys(DataSource database, String table, Duration claimFor, Duration doneFor) {
        this(database, table, claimFor, doneFor, InstantSource.system());
    }

    /** As above, by another clock. */
    public JdbcProcessedKeys(
            DataSource database, String table, Duration claimFor, Duration doneFor, InstantSource clock) {
        if (!NAME.matcher(table).matches())
            throw new IllegalArgumentException("'" + table + "' is no name of a table; want letters, digits and _");
        this.database = database;
        this.table = table;
        this.claimMs = claimFor.toMillis();
        this.doneMs = doneFor.toMillis();
        this.clock = clock;
        this.nextPurgeMs = new AtomicLong(clock.millis() + PURGE_INTERVAL_MS);
        if (claimMs < 1 || doneMs < 1)
            throw new IllegalArgumentException(
                    "keys are claimed for " + claimFor + " and done for " + doneFor + "; want a millisecond at least");
    }

    /** Makes the table, and its index, in databases that know {@code IF NOT EXISTS} of both. */
    public void createTable() throws SQLException {
        String index = table.replace('.', '_') + "_expires_at";
        try (Connection connection = open();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE IF NOT EXISTS " + table
                    + " (business_key VARCHAR(" + MOST_CHARS + ") NOT NULL PRIMARY KEY, state CHAR(1) NOT NULL,"
                    + " claim_id VARCHAR(64) NOT NULL, expires_at BIGINT NOT NULL)");
            statement.execute("CREATE INDEX IF NOT EXISTS " + index + " ON " + table + " (expires_at)");
        }
    }

    private Connection open() throws SQLException {
        Connection connection = database.getConnection();
        try {
            if (!connection.getAutoCommit()) connection.setAutoCommit(true);
            return connection;
        } catch (SQLException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    @Override
    public Claim claim(String key, String claimId) throws SQLException {
        if (key.length() > MOST_CHARS)
            throw new IllegalArgumentException(
                    "a business key has " + key.length() + " characters; want " + MOST_CHARS + " at most");
        purgeIfDue();
        try (Connection connection = open()) {
            for (int round = 0; round < ROUNDS; round++) {
                if (insert(connection, key, claimId) || takeOver(connection, key, claimId)) return Claim.CLAIMED;
                Claim found = look(connection, key);
                if (found != null) return found;
            }
        }
        return Claim.IN_PROGRESS_ELSEWHERE; // Others claim and release it all the time.
    }

    private boolean insert(Connection connection, String key, String claimId) throws SQLException {
        String sql = "INSERT INTO " + table + " (business_key, state, claim_id, expires_at) VALUES (?, 'P', ?, ?)";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, key);
            statement.setString(2, claimId);
            statement.setLong(3, clock.millis() + claimMs);
            return statement.executeUpdate() == 1;
        } catch (SQLException e) {
            String state = e.getSQLState();
            if (e instanceof SQLIntegrityConstraintViolationException
                    || (state != null && state.startsWith(CONSTRAINT))) return false;
            throw e;
        }
    }

    private boolean takeOver(Connection connection, String key, String claimId) throws SQLException {
        String sql = "UPDATE " + table
                + " SET state = 'P', claim_id = ?, expires_at = ? WHERE business_key = ? AND expires_at <= ?";
        long nowMs = clock.millis();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, claimId);
            statement.setLong(2, nowMs + claimMs);
            statement.setString(3, key);
            statement.setLong(4, nowMs);
            return statement.executeUpdate() == 1;
        }
    }

    /** What there is of a key; null if that is nothing, or has expired meanwhile. */
    private @Nullable Claim look(Connection connection, String key) throws SQLException {
        String sql = "SELECT state, expires_at FROM " + table + " WHERE business_key = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, key);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next() || row.getLong(2) <= clock.millis()) return null;
                return row.getString(1).equals("D") ? Claim.DONE : Claim.IN_PROGRESS_ELSEWHERE;
            }
        }
    }

    @Override
    public boolean done(String key, String claimId) throws SQLException {
        try (Connection connection = open()) {
            return done(connection, key, claimId);
        }
    }

    /**
     * As {@link #done(String, String)}, on a connection of the caller's, within its transaction: the effects of a handler in the same
     * database, and the word that its key is done, are then committed together or not at all.
     */
    public boolean done(Connection connection, String key, String claimId) throws SQLException {
        String sql = "UPDATE " + table + " SET state = 'D', expires_at = ? WHERE business_key = ? AND claim_id = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setLong(1, clock.millis() + doneMs);
            statement.setString(2, key);
            statement.setString(3, claimId);
            return statement.executeUpdate() == 1;
        }
    }

    @Override
    public void release(String key, String claimId) throws SQLException {
        String sql = "DELETE FROM " + table + " WHERE business_key = ? AND claim_id = ? AND state = 'P'";
        try (Connection connection = open();
                PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, key);
            statement.setString(2, claimId);
            statement.executeUpdate();
        }
    }

    private void purgeIfDue() throws SQLException {
        long nowMs = clock.millis();
        long dueMs = nextPurgeMs.get();
        if (nowMs >= dueMs && nextPurgeMs.compareAndSet(dueMs, nowMs + PURGE_INTERVAL_MS)) purge();
    }

    /** Deletes what has expired, and returns how many keys that were. */
    public int purge() throws SQLException {
        try (Connection connection = open();
                PreparedStatement statement =
                        connection.prepareStatement("DELETE FROM " + table + " WHERE expires_at <= ?")) {
            statement.setLong(1, clock.millis());
            return statement.executeUpdate();
        }
    }
}
