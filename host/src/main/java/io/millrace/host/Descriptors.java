package io.millrace.host;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * How the descriptors that the process may have are shared out (ADR 37). Files may have half of them while connections leave as
 * many, and always {@link #leastFiles}; connections may have all the rest but a reserve for what is not counted here: the program,
 * selectors, directories, and what others open in between. A few spare ones are held for a file that has to be opened although
 * the system says that there are none left. Safe to use from any thread.
 */
final class Descriptors {
    /** Kept back for what is not counted, at most; small limits keep an eighth back. */
    private static final int MOST_RESERVED = 256;

    /** What files may always have, at most; small limits leave them an eighth. */
    private static final int MOST_LEAST_FILES = 1024;

    private static final int SPARES = 8;

    /** Files to close when the system has refused one though the counts here say that there is room. */
    private static final int SURPLUS_WHEN_REFUSED = 64;

    private static final Path LIMITS = Path.of("/proc/self/limits");
    private static final Path NOTHING = Path.of("/dev/null");

    private final int limit;
    private final int reserved;
    private final int leastFiles;
    private final AtomicInteger files = new AtomicInteger();
    private final AtomicInteger sockets = new AtomicInteger();
    private final Queue<FileChannel> spares = new ConcurrentLinkedQueue<>();
    private final AtomicInteger missingSpares = new AtomicInteger();
    private volatile boolean wasRefused;

    /**
     * Shares out so many.
     *
     * @param limit descriptors that the process may have, at least 1; {@link Integer#MAX_VALUE} if nobody knows
     */
    Descriptors(int limit) {
        if (limit < 1) throw new IllegalArgumentException("limit of " + limit + " open files is below 1");
        this.limit = limit;
        this.reserved = Math.min(MOST_RESERVED, limit / 8);
        this.leastFiles = Math.min(MOST_LEAST_FILES, limit / 8);
    }

    /** Those of this process, as Linux tells them; without bounds elsewhere. */
    static Descriptors ofProcess() {
        int limit = limitOfProcess();
        var descriptors = new Descriptors(limit);
        if (limit < Integer.MAX_VALUE) for (int i = 0; i < SPARES; i++) descriptors.addSpare();
        return descriptors;
    }

    private static int limitOfProcess() {
        if (!Files.exists(LIMITS)) return Integer.MAX_VALUE;
        try {
            for (String line : Files.readAllLines(LIMITS)) {
                if (!line.startsWith("Max open files")) continue;
                String[] words = line.split("\\s+", -1);
                if (words.length < 4 || words[3].equals("unlimited")) return Integer.MAX_VALUE;
                return Math.clamp(Long.parseLong(words[3]), 1, Integer.MAX_VALUE);
            }
        } catch (IOException | NumberFormatException unreadable) {
            System.getLogger(Descriptors.class.getName())
                    .log(
                            System.Logger.Level.WARNING,
                            LIMITS + " cannot be read, open files are not bounded",
                            unreadable);
        }
        return Integer.MAX_VALUE;
    }

    void fileOpened() {
        files.incrementAndGet();
    }

    void fileClosed() {
        files.decrementAndGet();
        if (missingSpares.get() > 0) addSpare();
    }

    void socketOpened() {
        sockets.incrementAndGet();
    }

    void socketClosed() {
        sockets.decrementAndGet();
    }

    /** Whether one more connection leaves files what is theirs, and the reserve. */
    boolean hasRoomForSocket() {
        long others = (long) sockets.get() + reserved;
        return others + leastFiles < limit && others - reserved / 2 + files.get() < limit;
    }

    /** How many connections there may be at most. */
    int mostSockets() {
        return limit - reserved - leastFiles;
    }

    /** How many files too many are open, from 0. */
    int surplusFiles() {
        int most = Math.max(leastFiles, Math.min(limit / 2, limit - reserved - sockets.get()));
        int surplus = Math.max(0, files.get() - most);
        if (!wasRefused) return surplus;
        wasRefused = false;
        return Math.max(surplus, SURPLUS_WHEN_REFUSED);
    }

    /** Something that takes a descriptor while it is made. */
    interface Opening<T> {
        T open() throws IOException;
    }

    /** Opens, with a spare descriptor if there is no other. */
    <T> T open(Opening<T> opening) throws IOException {
        FileSystemException refusal;
        do {
            try {
                return opening.open();
            } catch (FileSystemException refused) {
                if (!isForWantOfDescriptors(refused)) throw refused;
                refusal = refused;
            }
            wasRefused = true;
        } while (gaveSpare());
        throw refusal;
    }

    private static boolean isForWantOfDescriptors(FileSystemException refused) {
        String reason = refused.getReason();
        return reason != null && reason.startsWith("Too many open files");
    }

    private boolean gaveSpare() throws IOException {
        @Nullable FileChannel spare = spares.poll();
        if (spare == null) return false;
        spare.close();
        missingSpares.incrementAndGet();
        return true;
    }

    private void addSpare() {
        try {
            spares.add(FileChannel.open(NOTHING, StandardOpenOption.READ));
            missingSpares.updateAndGet(missing -> Math.max(0, missing - 1));
        } catch (IOException noneLeft) {
            wasRefused = true; // The next file that is closed tries again.
        }
    }
}
