package io.millrace.server.storage;

import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import io.millrace.server.storage.SpaceReserve.State;
import io.millrace.storage.LogDirectoryFailed;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Looks how much room the log directories have, on a helper: every so often, more often when there is little, and when a lane
 * asks. A directory at its reserve becomes read-only; it takes records again by itself.
 */
public final class SpaceWatch {
    private static final System.Logger LOG = System.getLogger(SpaceWatch.class.getName());
    private static final long LOOK_EVERY_MS = 5_000;
    private static final long LOOK_OFTEN_MS = 1_000;

    /** How many times its reserve a directory has free when nobody needs to hurry. */
    private static final int COMFORTABLE_RESERVES = 4;

    /**
     * How long after the disk itself has refused it is not tried again. Where a quota refuses and the file system does not say
     * so, each trial ends in a refusal: the pause grows.
     */
    private static final long FIRST_PAUSE_MS = 2_000;

    private static final long LONGEST_PAUSE_MS = 60_000;

    private final LogDirectories directories;
    private final SpaceReserve reserve;
    private final Lane home;
    private final Clock clock;
    private final Changes changes;
    private final Consumer<LogDirectoryFailed> diskFailed;
    private final IdentityHashMap<LogDirectories.InUse, Known> known = new IdentityHashMap<>();
    private Lane.@Nullable Timer next;
    private boolean isLooking;
    private boolean looksAgain;
    private boolean isStopped;

    private static final class Known {
        State state = State.OPEN;
        long pauseMs;
        long pausedUntilMs = Long.MIN_VALUE;

        /** What some lane's batch lacked though the directory was open; twice that has to be there when it is opened again. */
        long lackedRoomBytes;
    }

    /** Is told when a directory takes less than before, or more; on the home lane. */
    public interface Changes {
        /** It takes less. */
        void shrunk(LogDirectories.InUse directory);

        /** It takes more. */
        void grown(LogDirectories.InUse directory);
    }

    private record Measured(
            LogDirectories.InUse directory,
            DirectorySpace.Look look,
            @Nullable LogDirectoryFailed failure) {}

    /**
     * Makes the watch.
     *
     * @param home where it keeps what it knows
     */
    public SpaceWatch(
            LogDirectories directories,
            SpaceReserve reserve,
            Lane home,
            Clock clock,
            Changes changes,
            Consumer<LogDirectoryFailed> diskFailed) {
        this.directories = directories;
        this.reserve = reserve;
        this.home = home;
        this.clock = clock;
        this.changes = changes;
        this.diskFailed = diskFailed;
        for (LogDirectories.InUse use : directories.inUse()) {
            known.put(use, new Known());
            directories
                    .spaceOf(use)
                    .watchedBy(
                            () -> home.execute(this::soon),
                            () -> home.execute(() -> ranOut(use)),
                            roomBytes -> home.execute(() -> nearlyFull(use, roomBytes)));
        }
    }

    /** The first look, before any lane works. Blocks; called once. */
    public void lookNow() {
        for (Measured measured : measure(directories.online(), reserve)) {
            if (measured.failure() == null) took(measured);
            else diskFailed.accept(measured.failure());
        }
    }

    /** Goes on; called on the home lane. */
    public void start() {
        later();
    }

    /** Ends. */
    public void stop() {
        isStopped = true;
        if (next != null) next.cancel();
    }

    private void later() {
        if (isStopped) return;
        boolean isComfortable = directories.online().stream()
                .map(use -> directories.spaceOf(use).now())
                .allMatch(look ->
                        look.state() == State.OPEN && look.usableBytes() / COMFORTABLE_RESERVES >= look.reserveBytes());
        next = home.schedule(isComfortable ? LOOK_EVERY_MS : LOOK_OFTEN_MS, this::soon);
    }

    private void soon() {
        if (isStopped) return;
        if (isLooking) {
            looksAgain = true;
            return;
        }
        if (next != null) next.cancel();
        isLooking = true;
        List<LogDirectories.InUse> online = directories.online();
        home.offload(() -> measure(online, reserve), outcome -> {
            isLooking = false;
            switch (outcome) {
                case Lane.Outcome.Done<List<Measured>>(List<Measured> all) -> {
                    for (Measured measured : all) {
                        if (measured.failure() == null) took(measured);
                        else diskFailed.accept(measured.failure());
                    }
                }
                case Lane.Outcome.Failed<List<Measured>>(Exception cause) ->
                    LOG.log(System.Logger.Level.WARNING, "the room in the log directories is not known", cause);
            }
            if (looksAgain) {
                looksAgain = false;
                soon();
            } else {
                later();
            }
        });
    }

    private static List<Measured> measure(List<LogDirectories.InUse> online, SpaceReserve reserve) {
        List<Measured> all = new ArrayList<>(online.size());
        for (LogDirectories.InUse use : online) {
            try {
                long totalBytes = use.directory().totalBytes();
                long usableBytes = use.directory().usableBytes();
                // A file system that does not tell its size tells nothing of what is free.
                boolean tells = totalBytes > 0;
                all.add(new Measured(
                        use,
                        new DirectorySpace.Look(
                                State.OPEN,
                                tells ? usableBytes : Long.MAX_VALUE,
                                totalBytes,
                                reserve.bytesOf(totalBytes)),
                        null));
            } catch (LogDirectoryFailed failure) {
                all.add(new Measured(use, DirectorySpace.Look.NONE, failure));
            }
        }
        return all;
    }

    private Known about(LogDirectories.InUse use) {
        return known.computeIfAbsent(use, directory -> new Known());
    }

    private void took(Measured measured) {
        Known about = about(measured.directory());
        DirectorySpace.Look look = measured.look();
        State state = SpaceReserve.after(about.state, look.usableBytes(), look.reserveBytes());
        if (clock.monotonicMs() < about.pausedUntilMs) state = State.EXHAUSTED;
        if (state == State.OPEN && look.roomBytes() < 2 * about.lackedRoomBytes) state = State.RESERVED;
        if (state == State.OPEN) about.lackedRoomBytes = 0;
        directories.spaceOf(measured.directory()).say(look.as(state));
        changed(measured.directory(), about, state);
    }

    private void ranOut(LogDirectories.InUse use) {
        if (isStopped) return;
        Known about = about(use);
        long nowMs = clock.monotonicMs();
        if (nowMs < about.pausedUntilMs) return;
        boolean isSoonAgain = about.pauseMs > 0 && nowMs - about.pausedUntilMs < 2 * about.pauseMs;
        about.pauseMs = isSoonAgain ? Math.min(LONGEST_PAUSE_MS, 2 * about.pauseMs) : FIRST_PAUSE_MS;
        about.pausedUntilMs = nowMs + about.pauseMs;
        DirectorySpace space = directories.spaceOf(use);
        space.say(space.now().as(State.EXHAUSTED));
        if (about.state != State.EXHAUSTED) {
            about.state = State.EXHAUSTED;
            LOG.log(
                    System.Logger.Level.ERROR,
                    use.directory().path()
                            + " takes no records until there is space: its disk refused a write; at the last look "
                            + space.now().text());
            changes.shrunk(use);
        }
        soon();
    }

    private void nearlyFull(LogDirectories.InUse use, long roomBytes) {
        Known about = about(use);
        DirectorySpace space = directories.spaceOf(use);
        DirectorySpace.Look look = space.now();
        if (isStopped || about.state != State.OPEN || look.roomBytes() >= roomBytes) return;
        about.lackedRoomBytes = roomBytes;
        space.say(look.as(State.RESERVED));
        changed(use, about, State.RESERVED);
    }

    private void changed(LogDirectories.InUse use, Known about, State state) {
        State before = about.state;
        if (state == before) return;
        about.state = state;
        DirectorySpace.Look look = directories.spaceOf(use).now();
        String what = use.directory().path() + " ";
        switch (state) {
            case OPEN -> LOG.log(System.Logger.Level.INFO, what + "takes records again: " + look.text());
            case RESERVED ->
                LOG.log(
                        System.Logger.Level.WARNING,
                        what
                                + (before == State.OPEN
                                        ? "is read-only for clients until there is space: "
                                        : "takes records of coordinators again, and none of clients yet: ")
                                + look.text());
            case EXHAUSTED ->
                LOG.log(
                        System.Logger.Level.ERROR,
                        what + "takes no records at all until there is space: " + look.text());
        }
        if (state.compareTo(before) > 0) changes.shrunk(use);
        else changes.grown(use);
    }
}
