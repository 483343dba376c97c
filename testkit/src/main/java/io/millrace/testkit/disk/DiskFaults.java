package io.millrace.testkit.disk;

import io.millrace.environment.DiskFull;
import io.millrace.testkit.SeededRandom;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which operations of a disk go wrong, and how. Swarm: a run turns some of the kinds that are legal for it on, each at a rate
 * of its own, and some runs none. What was decided is kept, in words.
 */
public final class DiskFaults {
    /** What can go wrong while the machine is up. */
    public enum Kind {
        /** A read, or the opening or listing for one, fails. */
        READ_FAILS,
        /** A write or a cut fails and has changed nothing. */
        WRITE_FAILS,
        /** A write fails and leaves a part of its bytes. */
        WRITE_IS_CUT,
        /** A force of a file fails; its pages count as clean from then on. */
        FORCE_FAILS,
        /** The making, renaming, deleting or forcing of a name fails. */
        NAMES_FAIL,
        /** For some writes there is no space, and a part of the first is written, never all of it. */
        NO_SPACE,
        /** A read gives a bit that is not the one that was written; the next may be right. */
        READ_IS_WRONG,
        /** An operation takes up to {@value #MOST_SLOW_MS} ms. */
        SLOW
    }

    /** What a slow operation takes at most, in milliseconds of virtual time. */
    public static final int MOST_SLOW_MS = 8_000;

    private static final int MOST_WRITES_WITHOUT_SPACE = 12;
    private static final long NANOS_PER_MS = 1_000_000;

    private final SeededRandom random;
    private final Predicate<Path> where;
    private final Map<Kind, Double> rates = new EnumMap<>(Kind.class);
    private final Set<Kind> forGood = EnumSet.noneOf(Kind.class);
    private final boolean mayStay;
    private final boolean evicts;
    private final List<String> decisions = new ArrayList<>();
    private final Set<Kind> struck = EnumSet.noneOf(Kind.class);
    private int left;
    private int writesWithoutSpace;
    private long slowNanos;
    private @Nullable IOException writeFailure;
    private boolean hasLostUnforced;

    private DiskFaults(SeededRandom random, Predicate<Path> where, int budget, boolean mayStay, boolean evicts) {
        this.random = random;
        this.where = where;
        this.left = budget;
        this.mayStay = mayStay;
        this.evicts = evicts;
    }

    /** Nothing goes wrong. */
    public static DiskFaults none() {
        return new DiskFaults(new SeededRandom(0), path -> false, 0, false, false);
    }

    /**
     * Draws what may go wrong.
     *
     * @param legal  the kinds the story can bear; a random part of them is turned on
     * @param where  paths that may be struck
     * @param budget how many faults there are at most
     * @param evicts whether the pages of a failed force may be gone at once, not only after a power cut
     */
    public static DiskFaults drawn(
            SeededRandom random, Set<Kind> legal, Predicate<Path> where, int budget, boolean evicts) {
        DiskFaults faults = new DiskFaults(random, where, budget, random.nextBoolean(), evicts);
        double some = random.pick(0.0, 0.3, 0.6, 1.0);
        for (Kind kind : Kind.values()) {
            if (!random.chance(some) || !legal.contains(kind)) continue;
            faults.rates.put(kind, random.pick(0.002, 0.02, 0.1, 0.3));
        }
        return faults;
    }

    /** One kind, at a stated rate. */
    public static DiskFaults only(SeededRandom random, Kind kind, double rate, Predicate<Path> where, int budget) {
        DiskFaults faults = new DiskFaults(random, where, budget, false, true);
        faults.rates.put(kind, rate);
        return faults;
    }

    /** The kinds that are on. */
    public Set<Kind> kinds() {
        return rates.isEmpty() ? Set.of() : EnumSet.copyOf(rates.keySet());
    }

    /** What was decided so far: the fault, the operation and the path, in their order. */
    public List<String> decisions() {
        return List.copyOf(decisions);
    }

    /** Whether operations have failed, all of them for want of space. */
    public boolean isOnlyWantOfSpace() {
        return struck.contains(Kind.NO_SPACE)
                && EnumSet.of(Kind.NO_SPACE, Kind.SLOW).containsAll(struck);
    }

    /** Whether a force has failed, so that what was written before it may be lost without a power cut. */
    public boolean hasLostUnforced() {
        return hasLostUnforced;
    }

    /** Nothing goes wrong any more. */
    public void end() {
        rates.clear();
        forGood.clear();
        writesWithoutSpace = 0;
        left = 0;
    }

    /** How long the operations since the last call took, beyond what is usual. */
    long takeSlowNanos() {
        long taken = slowNanos;
        slowNanos = 0;
        return taken;
    }

    /** Before an operation that is no write and no force of a file. */
    void before(DiskOperation operation, Path path) throws IOException {
        maySlowDown(operation, path);
        switch (operation) {
            case OPEN, LIST, READ -> mayFail(Kind.READ_FAILS, operation, path);
            case TRUNCATE -> mayFail(Kind.WRITE_FAILS, operation, path);
            case CREATE, RENAME, DELETE, CREATE_DIRECTORY, FORCE_DIRECTORY -> mayFail(Kind.NAMES_FAIL, operation, path);
            case SIZE, WRITE, FORCE -> {}
        }
    }

    private void mayFail(Kind kind, DiskOperation operation, Path path) throws IOException {
        if (strikes(kind, operation, path)) throw failed(path);
    }

    private static IOException failed(Path path) {
        return new IOException(path + ": Input/output error");
    }

    private void maySlowDown(DiskOperation operation, Path path) {
        if (strikes(Kind.SLOW, operation, path)) slowNanos += random.nextLong(MOST_SLOW_MS * NANOS_PER_MS);
    }

    private boolean strikes(Kind kind, DiskOperation operation, Path path) {
        if (forGood.contains(kind) && where.test(path)) return true;
        Double rate = rates.get(kind);
        if (rate == null || left == 0 || !where.test(path) || !random.chance(rate)) return false;
        left--;
        struck.add(kind);
        boolean stays = mayStay && kind != Kind.SLOW && kind != Kind.NO_SPACE && random.nextBoolean();
        if (stays) forGood.add(kind);
        decisions.add(kind + " at " + operation + " " + path + (stays ? ", from now on" : ""));
        return true;
    }

    /**
     * How many bytes of a write are written, before {@link #afterWrite} fails it if it is to fail.
     *
     * @param moreBytes by how much the file would grow
     */
    int writtenBytes(Path path, int bytes, long moreBytes) {
        maySlowDown(DiskOperation.WRITE, path);
        if (strikes(Kind.WRITE_FAILS, DiskOperation.WRITE, path)) {
            writeFailure = failed(path);
            return 0;
        }
        if (strikes(Kind.WRITE_IS_CUT, DiskOperation.WRITE, path)) {
            writeFailure = failed(path);
            return random.nextInt(bytes + 1);
        }
        if (moreBytes <= 0 || !where.test(path)) return bytes;
        if (writesWithoutSpace > 0) {
            writesWithoutSpace--;
            writeFailure = noSpace(path);
            return 0;
        }
        if (!strikes(Kind.NO_SPACE, DiskOperation.WRITE, path)) return bytes;
        writesWithoutSpace = random.nextInt(MOST_WRITES_WITHOUT_SPACE);
        writeFailure = noSpace(path);
        return random.nextInt(bytes);
    }

    void afterWrite() throws IOException {
        IOException failure = writeFailure;
        writeFailure = null;
        if (failure != null) throw failure;
    }

    static DiskFull noSpace(Path path) {
        return new DiskFull(path, "cannot write");
    }

    void beforeForce(Path path, FileContent content) throws IOException {
        maySlowDown(DiskOperation.FORCE, path);
        if (!strikes(Kind.FORCE_FAILS, DiskOperation.FORCE, path)) return;
        hasLostUnforced = true;
        content.failToForce(random, evicts && random.nextBoolean());
        throw failed(path);
    }

    /** May turn over a bit of what was just read. */
    void afterRead(Path path, ByteBuffer into, int fromPosition) {
        if (into.position() == fromPosition || !strikes(Kind.READ_IS_WRONG, DiskOperation.READ, path)) return;
        int at = random.nextInt(fromPosition, into.position());
        into.put(at, (byte) (into.get(at) ^ (1 << random.nextInt(8))));
    }
}
