package io.millrace.simulator;

import io.millrace.environment.Disk;
import io.millrace.environment.DiskFile;
import io.millrace.environment.OpenMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A mistake put in on purpose, which a campaign has to find. */
enum Mutant {
    /** None. */
    NONE,
    /** Files of batches are never forced. */
    BATCHES_NOT_FORCED,
    /** Names are never forced. */
    NAMES_NOT_FORCED,
    /** A small file takes its name before its content is forced. */
    REPLACED_BEFORE_FORCED,
    /** A force that failed is tried again, and what that says is believed. */
    FAILED_FORCE_TRIED_AGAIN,
    /** A recovery point is written before what it speaks of is forced. */
    CHECKPOINT_BEFORE_FORCE,
    /** The clean-shutdown marker stays while the log is written to. */
    MARKER_STAYS,
    /** After a failure of the disk the log goes on being used. */
    NOT_FENCED;

    /** The disk as a program with this mistake uses it. */
    Disk on(Disk disk) {
        return new MistakenDisk(disk, this);
    }

    private record MistakenDisk(Disk disk, Mutant mutant) implements Disk {
        @Override
        public DiskFile open(Path path, OpenMode mode) throws IOException {
            return new MistakenFile(disk.open(path, mode), mutant);
        }

        @Override
        public boolean exists(Path path) {
            return disk.exists(path);
        }

        @Override
        public boolean isDirectory(Path path) {
            return disk.isDirectory(path);
        }

        @Override
        public List<String> list(Path directory) throws IOException {
            return disk.list(directory);
        }

        @Override
        public void createDirectories(Path directory) throws IOException {
            disk.createDirectories(directory);
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
            disk.rename(from, to);
        }

        @Override
        public void delete(Path path) throws IOException {
            disk.delete(path);
        }

        @Override
        public void forceDirectory(Path directory) throws IOException {
            if (mutant != NAMES_NOT_FORCED) disk.forceDirectory(directory);
        }

        @Override
        public long lastModifiedMs(Path path) throws IOException {
            return disk.lastModifiedMs(path);
        }

        @Override
        public long usableBytes(Path path) throws IOException {
            return disk.usableBytes(path);
        }

        @Override
        public long totalBytes(Path path) throws IOException {
            return disk.totalBytes(path);
        }

        @Override
        public @Nullable Lock tryLock(Path lockFile) throws IOException {
            return disk.tryLock(lockFile);
        }
    }

    private record MistakenFile(DiskFile file, Mutant mutant) implements DiskFile {
        @Override
        public Path path() {
            return file.path();
        }

        @Override
        public long sizeBytes() throws IOException {
            return file.sizeBytes();
        }

        @Override
        public int read(long position, ByteBuffer into) throws IOException {
            return file.read(position, into);
        }

        @Override
        public void write(long position, ByteBuffer from) throws IOException {
            file.write(position, from);
        }

        @Override
        public void truncate(long sizeBytes) throws IOException {
            file.truncate(sizeBytes);
        }

        @Override
        public void force() throws IOException {
            String name = file.path().toString();
            if (mutant == BATCHES_NOT_FORCED && name.endsWith(".log")) return;
            if (mutant == REPLACED_BEFORE_FORCED && name.endsWith(".tmp")) return;
            try {
                file.force();
            } catch (IOException failed) {
                if (mutant != FAILED_FORCE_TRIED_AGAIN) throw failed;
                file.force();
            }
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
