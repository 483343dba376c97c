package io.millrace.host;

import io.millrace.environment.Disk;
import io.millrace.environment.DiskFile;
import io.millrace.environment.DiskFull;
import io.millrace.environment.OpenMode;
import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The file systems of this machine. Safe to use from any thread. */
public final class HostDisk implements Disk {
    /**
     * Lock files this process holds. POSIX drops a process's lock as soon as the process closes any descriptor of the
     * file, so a file that is locked from here must not even be opened a second time.
     */
    private static final Set<Path> LOCKED_HERE = Collections.synchronizedSet(new HashSet<>());

    /** Windows cannot open a directory to force it; its file systems journal names by themselves. */
    private static final boolean FORCES_DIRECTORIES = File.separatorChar == '/';

    private final @Nullable PageRecycler recycler;
    private final Descriptors descriptors;

    /** Makes one; all of them see the same files. */
    public HostDisk() {
        this(null, Descriptors.ofProcess());
    }

    /** One that keeps the page cache small where its pages are dear. */
    HostDisk(@Nullable PageRecycler recycler, Descriptors descriptors) {
        this.recycler = recycler;
        this.descriptors = descriptors;
    }

    @Override
    public DiskFile open(Path path, OpenMode mode) throws IOException {
        FileChannel channel;
        try {
            channel = descriptors.open(() -> opened(path, mode));
        } catch (IOException e) {
            throw WantOfSpace.orAsItIs(e, path, "cannot open");
        }
        descriptors.fileOpened();
        return new HostDiskFile(path, channel, recycler, descriptors::fileClosed);
    }

    private static FileChannel opened(Path path, OpenMode mode) throws IOException {
        return switch (mode) {
            case READ -> FileChannel.open(path, StandardOpenOption.READ);
            case READ_WRITE -> FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
            case CREATE ->
                FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
            case CREATE_NEW ->
                FileChannel.open(
                        path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
        };
    }

    /** {@inheritDoc} As the process's limit of open files has it. */
    @Override
    public int surplusFiles() {
        return descriptors.surplusFiles();
    }

    @Override
    public boolean exists(Path path) {
        return Files.exists(path);
    }

    @Override
    public boolean isDirectory(Path path) {
        return Files.isDirectory(path);
    }

    @Override
    @SuppressWarnings("StreamResourceLeak") // It is closed: the check does not see through the lambda.
    public List<String> list(Path directory) throws IOException {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> entries = descriptors.open(() -> Files.newDirectoryStream(directory))) {
            for (Path entry : entries) names.add(String.valueOf(entry.getFileName()));
        }
        Collections.sort(names);
        return names;
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw WantOfSpace.orAsItIs(e, directory, "cannot make the directory");
        }
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw WantOfSpace.orAsItIs(e, to, "cannot rename " + from + " to it");
        }
    }

    @Override
    public void delete(Path path) throws IOException {
        Files.deleteIfExists(path);
    }

    @Override
    public void forceDirectory(Path directory) throws IOException {
        if (!FORCES_DIRECTORIES) return;
        try (FileChannel channel = descriptors.open(() -> FileChannel.open(directory, StandardOpenOption.READ))) {
            channel.force(true);
        } catch (NoSuchFileException missing) {
            throw missing;
        } catch (IOException e) {
            throw new IOException(directory + ": cannot force the directory to stable storage: " + e.getMessage(), e);
        }
    }

    @Override
    public long lastModifiedMs(Path path) throws IOException {
        return Files.getLastModifiedTime(path).toMillis();
    }

    @Override
    public long usableBytes(Path path) throws IOException {
        return present(path).getUsableSpace();
    }

    @Override
    public long totalBytes(Path path) throws IOException {
        return present(path).getTotalSpace();
    }

    /** {@link File} asks the one file system; {@code FileStore} would read the whole mount table each time. */
    private static File present(Path path) throws IOException {
        File file = path.toFile();
        if (!file.exists()) throw new NoSuchFileException(path.toString());
        return file;
    }

    @Override
    public @Nullable Lock tryLock(Path lockFile) throws IOException {
        Path name = lockFile.getFileName();
        if (name == null) throw new IOException(lockFile + ": not the name of a lock file");
        Path directory = lockFile.toAbsolutePath().getParent();
        Path identity = directory == null ? name : directory.toRealPath().resolve(name);
        if (!LOCKED_HERE.add(identity)) return null;
        boolean taken = false;
        FileChannel channel = null;
        try {
            channel = FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            if (lock == null) return null;
            taken = true;
            return new HeldLock(identity, channel);
        } catch (IOException e) {
            if (WantOfSpace.isReasonOf(e, identity)) throw new DiskFull(lockFile, "cannot be made", e);
            throw new IOException(lockFile + ": cannot be locked: " + e.getMessage(), e);
        } finally {
            if (!taken) {
                if (channel != null) channel.close();
                LOCKED_HERE.remove(identity);
            }
        }
    }

    /** Closing the channel gives the lock back; the file stays, as others may be about to open it. */
    private record HeldLock(Path identity, FileChannel channel) implements Lock {
        @Override
        public void close() throws IOException {
            if (!channel.isOpen()) return;
            try {
                channel.close();
            } finally {
                LOCKED_HERE.remove(identity);
            }
        }
    }
}
