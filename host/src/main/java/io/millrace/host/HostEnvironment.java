package io.millrace.host;

import io.millrace.environment.Clock;
import io.millrace.environment.Disk;
import io.millrace.environment.Lane;
import io.millrace.environment.Randomness;
import io.millrace.environment.Transport;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One process's worth of environment: lanes named {@code lane-0} and on, a lane {@code metadata}, disk helpers, and the
 * four capabilities that need no thread. Its lanes keep the process alive until {@link #close}.
 */
public final class HostEnvironment implements AutoCloseable {
    /** How long {@link #close} waits for each lane's last task, and for blocking work under way, before it gives up. */
    private static final long STOP_WAIT_MS = 10_000;

    private final HostHelpers helpers;
    private final List<HostLane> lanes;
    private final HostLane metadataLane;
    private final HostTransport transport;
    private final Disk disk;
    private final @Nullable PageRecycler recycler;
    private final Clock clock = new HostClock();
    private final Randomness randomness = new HostRandomness();

    private HostEnvironment(
            HostHelpers helpers,
            List<HostLane> lanes,
            HostLane metadataLane,
            SocketOptions socketOptions,
            long keptBytes) {
        this.helpers = helpers;
        this.recycler = keptBytes == 0 ? null : new PageRecycler(keptBytes, helpers::execute, LinuxPageCache::find);
        Descriptors descriptors = Descriptors.ofProcess();
        this.disk = new HostDisk(recycler, descriptors);
        this.lanes = List.copyOf(lanes);
        this.metadataLane = metadataLane;
        this.transport = new HostTransport(socketOptions, descriptors);
    }

    /**
     * Starts an environment.
     *
     * @param laneCount lanes for connections and partitions, at least 1; one per core is a good number
     * @param helperCount most threads that do blocking work, at least 1
     * @param keptBytes how much of what was written last stays in the page cache at least, where new pages are dear; 0
     *     leaves the page cache to the kernel ({@link #cache})
     * @param failureHandler who is told if a lane's task throws
     * @throws IOException if the system gives no selectors; what was begun is undone
     */
    public static HostEnvironment start(
            int laneCount,
            int helperCount,
            SocketOptions socketOptions,
            long keptBytes,
            LaneFailureHandler failureHandler)
            throws IOException {
        if (laneCount < 1) throw new IllegalArgumentException("lane count " + laneCount + " is below 1");
        var helpers = new HostHelpers(helperCount);
        List<HostLane> all = new ArrayList<>();
        try {
            for (int i = 0; i < laneCount; i++) all.add(new HostLane("lane-" + i, helpers, failureHandler));
            all.add(new HostLane("metadata", helpers, failureHandler));
        } catch (IOException e) {
            // Each one's thread ends at once and closes its selector.
            for (HostLane lane : all) {
                lane.stop();
                lane.start();
            }
            helpers.close();
            throw new IOException("cannot make " + (laneCount + 1) + " event loops: " + e.getMessage(), e);
        }
        for (HostLane lane : all) lane.start();
        return new HostEnvironment(helpers, all.subList(0, laneCount), all.get(laneCount), socketOptions, keptBytes);
    }

    /** The lanes for connections and partitions, in the order of their numbers. */
    public List<? extends Lane> lanes() {
        return lanes;
    }

    /** The lane for raft, controller and images. */
    public Lane metadataLane() {
        return metadataLane;
    }

    /** Sockets. */
    public Transport transport() {
        return transport;
    }

    /** File systems. */
    public Disk disk() {
        return disk;
    }

    /** What is done about the page cache; nothing if it is left to the kernel. */
    public Optional<CacheNumbers> cache() {
        return Optional.ofNullable(recycler);
    }

    /** Clocks. */
    public Clock clock() {
        return clock;
    }

    /** Random numbers. */
    public Randomness randomness() {
        return randomness;
    }

    /**
     * Stops the lanes, each after the tasks handed in so far, closes what connections are left, and waits for blocking
     * work under way. Outcomes of that work are no longer delivered. Not to be called on a lane.
     *
     * @throws IllegalStateException if something did not end in time; it is named
     */
    @Override
    public void close() {
        List<HostLane> all = new ArrayList<>(lanes);
        all.add(metadataLane);
        for (HostLane lane : all) lane.stop();
        List<String> late = new ArrayList<>();
        for (HostLane lane : all) {
            if (!lane.awaitStopped(STOP_WAIT_MS)) late.add(lane.name());
        }
        if (!helpers.close(STOP_WAIT_MS)) late.add("disk helpers");
        if (!late.isEmpty()) {
            throw new IllegalStateException("still at work " + STOP_WAIT_MS + " ms after being asked to stop: " + late);
        }
    }
}
