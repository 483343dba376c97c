package io.millrace.simulator;

/** What a name on a {@link SimulatedDisk} stands for. */
sealed interface DiskEntry permits FileContent, DirectoryNames {
    /** The same again, shared with nobody. */
    DiskEntry copy();
}
