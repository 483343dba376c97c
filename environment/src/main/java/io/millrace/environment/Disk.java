package io.millrace.environment;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/**
 * Files and directories. Paths are names only: whoever holds a {@code Disk} goes through it for every operation, so that
 * the simulator can lose, tear and fail each of them.
 *
 * <p>A new, renamed or deleted name survives a power cut only after {@link #forceDirectory} of the directory that holds
 * it. Failures are {@link IOException}s that name the path; a missing file is {@link java.nio.file.NoSuchFileException},
 * and want of space is {@link DiskFull}.
 */
public interface Disk {
    /** Opens a file; whoever holds many open asks {@link #surplusFiles} now and then. */
    DiskFile open(Path path, OpenMode mode) throws IOException;

    /**
     * How many of the open files had better be closed soon, so that the process stays within its limit of open files; from 0.
     * They are closed by those who opened them, least needed first. Safe to ask from any thread, and cheap.
     */
    default int surplusFiles() {
        return 0;
    }

    /** Whether a file or directory of that name exists. */
    boolean exists(Path path);

    /** Whether a directory of that name exists. */
    boolean isDirectory(Path path);

    /** Names of a directory's entries, sorted, without the directory's own path. */
    List<String> list(Path directory) throws IOException;

    /** Makes a directory and those above it that are missing. */
    void createDirectories(Path directory) throws IOException;

    /** Renames within one file system, replacing a file that is in the way, in one step. */
    void rename(Path from, Path to) throws IOException;

    /** Deletes a file or an empty directory; no effect if it does not exist. */
    void delete(Path path) throws IOException;

    /** Returns once the names in this directory are on stable storage. */
    void forceDirectory(Path directory) throws IOException;

    /** Modification time of a file, in milliseconds since the epoch. */
    long lastModifiedMs(Path path) throws IOException;

    /** Bytes that can still be written to the file system of this path; may block as any look at a disk. */
    long usableBytes(Path path) throws IOException;

    /** Size of the file system of this path; 0 if it does not say. */
    long totalBytes(Path path) throws IOException;

    /**
     * Takes the exclusive lock file that marks a directory as in use by this process; held until {@link Lock#close}.
     *
     * @return null if another process or another owner in this process holds it
     */
    @org.jspecify.annotations.Nullable
    Lock tryLock(Path lockFile) throws IOException;

    /** A held lock file. */
    interface Lock extends java.io.Closeable {}

    /** Reads a whole small file. */
    default byte[] readAll(Path path, int maxBytes) throws IOException {
        try (DiskFile file = open(path, OpenMode.READ)) {
            long size = file.sizeBytes();
            if (size > maxBytes) throw new IOException(path + " has " + size + " bytes, more than " + maxBytes);
            ByteBuffer bytes = ByteBuffer.allocate((int) size);
            file.read(0, bytes);
            return java.util.Arrays.copyOf(bytes.array(), bytes.position());
        }
    }

    /**
     * Replaces a small file so that after a crash either the old or the new content is there, whole: writes beside it,
     * forces, renames, forces the directory.
     */
    default void replace(Path path, byte[] content) throws IOException {
        Path beside = path.resolveSibling(path.getFileName() + ".tmp");
        delete(beside);
        try (DiskFile file = open(beside, OpenMode.CREATE_NEW)) {
            file.write(0, ByteBuffer.wrap(content));
            file.force();
        } catch (DiskFull full) {
            delete(beside);
            throw full;
        }
        rename(beside, path);
        Path parent = path.getParent();
        if (parent != null) forceDirectory(parent);
    }
}
