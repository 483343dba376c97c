package io.millrace.testkit.disk;

/** What a name on a {@link SimulatedDisk} stands for. */
sealed interface DiskEntry permits FileContent, DirectoryNames {
    /** The same again, shared with nobody. */
    DiskEntry copy();
}
