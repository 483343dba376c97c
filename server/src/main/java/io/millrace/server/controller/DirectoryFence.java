package io.millrace.server.controller;

import io.millrace.environment.Lane;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.storage.LogDirectories;
import io.millrace.storage.LogDirectoryFailed;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/**
 * What follows when a log directory fails, and is not just full: its partitions are laid down on every lane, and the controller takes their leadership
 * away; the others go on (KIP-112, KIP-858). A node that has lost its last directory, or the one with the metadata log, ends.
 */
public final class DirectoryFence {
    private static final System.Logger LOG = System.getLogger(DirectoryFence.class.getName());

    private final LogDirectories directories;
    private final Path metadataLogDirectory;
    private final List<BrokerLane> lanes;
    private final Lane metadataLane;
    private final BrokerLife broker;
    private final Consumer<Exception> nodeFails;

    /**
     * Makes the fence of a node.
     *
     * @param nodeFails is told, on the metadata lane, if the node cannot go on
     */
    public DirectoryFence(
            LogDirectories directories,
            Path metadataLogDirectory,
            List<BrokerLane> lanes,
            Lane metadataLane,
            BrokerLife broker,
            Consumer<Exception> nodeFails) {
        this.directories = directories;
        this.metadataLogDirectory = metadataLogDirectory;
        this.lanes = List.copyOf(lanes);
        this.metadataLane = metadataLane;
        this.broker = broker;
        this.nodeFails = nodeFails;
    }

    /** Fences the directory that failed; further failures in it change nothing. Any thread may call. */
    public void fence(LogDirectoryFailed failed) {
        LogDirectories.InUse use = directories.holding(failed.directory()).orElse(null);
        if (use != null && failed.isWantOfSpace()) {
            LOG.log(System.Logger.Level.WARNING, failed.getMessage());
            directories.spaceOf(use).ranOut();
            return;
        }
        if (use != null && !directories.fence(use)) return;
        boolean canGoOn = use != null
                && !use.directory().path().equals(metadataLogDirectory)
                && !directories.online().isEmpty();
        if (use == null || !canGoOn) {
            onMetadataLane(() -> nodeFails.accept(failed));
            return;
        }
        LOG.log(
                System.Logger.Level.ERROR,
                "the log directory " + use.directory().path()
                        + " has failed and is not used again before the next start; its partitions are offline",
                failed);
        for (BrokerLane lane : lanes) lane.lane().execute(() -> lane.applier().directoryFailed(use));
        onMetadataLane(broker::directoriesFailed);
    }

    private void onMetadataLane(Runnable task) {
        if (metadataLane.isCurrent()) task.run();
        else metadataLane.execute(task);
    }
}
