package io.millrace.raft.run;

import io.millrace.environment.Disk;
import io.millrace.environment.DiskFile;
import io.millrace.environment.OpenMode;
import io.millrace.testkit.SeededRandom;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A disk in memory that forgets in {@link #crash} whatever was not forced: bytes of files, and names that were made,
 * renamed or deleted since their directory was forced.
 */
final class MemoryDisk implements Disk {
    private TreeMap<Path, Content> names = new TreeMap<>();
    private TreeMap<Path, Content> durableNames = new TreeMap<>();
    private final TreeSet<Path> directories = new TreeSet<>();
    private final TreeSet<Path> locks = new TreeSet<>();
    private int forces;
    private boolean failing;

    /** What a power cut leaves. */
    void crash() {
        names = new TreeMap<>(durableNames);
        names.values().forEach(Content::forgetUnforced);
        locks.clear();
    }

    /** A power cut that happens to spare some of what was not forced: names, and beginnings of what files have grown by. */
    void crash(SeededRandom random) {
        TreeMap<Path, Content> left = new TreeMap<>();
        TreeSet<Path> paths = new TreeSet<>(names.keySet());
        paths.addAll(durableNames.keySet());
        for (Path path : paths) {
            Content content = random.nextBoolean() ? names.get(path) : durableNames.get(path);
            if (content != null) left.put(path, content);
        }
        names = left;
        names.values().forEach(content -> content.forgetSome(random));
        durableNames = new TreeMap<>(names);
        locks.clear();
    }

    /** From now on every write and force fails. */
    void failWrites() {
        failing = true;
    }

    /** How many files have been forced. */
    int forces() {
        return forces;
    }

    /** Writes a file as if it had always been there. */
    void put(Path path, byte[] bytes) {
        Content content = new Content();
        content.bytes = bytes.clone();
        content.durable = bytes.clone();
        directories.add(path.getParent());
        names.put(path, content);
        durableNames.put(path, content);
    }

    byte[] get(Path path) throws IOException {
        return readAll(path, Integer.MAX_VALUE);
    }

    @Override
    public DiskFile open(Path path, OpenMode mode) throws IOException {
        Content content = names.get(path);
        if (content == null) {
            if (mode == OpenMode.READ || mode == OpenMode.READ_WRITE) throw new NoSuchFileException(path.toString());
            if (failing) throw new IOException(path + ": disk failed");
            content = new Content();
            names.put(path, content);
        } else if (mode == OpenMode.CREATE_NEW) {
            throw new FileAlreadyExistsException(path.toString());
        }
        return new OpenFile(path, content);
    }

    @Override
    public boolean exists(Path path) {
        return names.containsKey(path) || isDirectory(path);
    }

    @Override
    public boolean isDirectory(Path path) {
        return directories.contains(path);
    }

    @Override
    public List<String> list(Path directory) throws IOException {
        if (!isDirectory(directory)) throw new NoSuchFileException(directory.toString());
        TreeSet<String> found = new TreeSet<>();
        for (Path path : names.keySet()) addIfIn(directory, path, found);
        for (Path path : directories) addIfIn(directory, path, found);
        return List.copyOf(found);
    }

    private static void addIfIn(Path directory, Path path, Set<String> found) {
        if (directory.equals(path.getParent())) found.add(path.getFileName().toString());
    }

    @Override
    public void createDirectories(Path directory) {
        for (Path path = directory; path != null; path = path.getParent()) directories.add(path);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        Content content = names.remove(from);
        if (content == null) throw new NoSuchFileException(from.toString());
        names.put(to, content);
    }

    @Override
    public void delete(Path path) {
        names.remove(path);
        directories.remove(path);
    }

    @Override
    public void forceDirectory(Path directory) throws IOException {
        if (failing) throw new IOException(directory + ": disk failed");
        durableNames.keySet().removeIf(path -> directory.equals(path.getParent()));
        names.forEach((path, content) -> {
            if (directory.equals(path.getParent())) durableNames.put(path, content);
        });
    }

    @Override
    public long lastModifiedMs(Path path) {
        return 0;
    }

    @Override
    public long usableBytes(Path path) {
        return Long.MAX_VALUE;
    }

    @Override
    public long totalBytes(Path path) {
        return Long.MAX_VALUE;
    }

    @Override
    public @Nullable Lock tryLock(Path lockFile) {
        return locks.add(lockFile) ? () -> locks.remove(lockFile) : null;
    }

    private static final class Content {
        private byte[] bytes = {};
        private byte[] durable = {};

        void forgetUnforced() {
            bytes = durable.clone();
        }

        void forgetSome(SeededRandom random) {
            boolean hasGrown = bytes.length > durable.length
                    && Arrays.equals(bytes, 0, durable.length, durable, 0, durable.length);
            int kept = hasGrown ? random.nextInt(bytes.length - durable.length + 1) : 0;
            bytes = hasGrown ? Arrays.copyOf(bytes, durable.length + kept) : durable.clone();
            durable = bytes.clone();
        }
    }

    private final class OpenFile implements DiskFile {
        private final Path path;
        private final Content content;

        OpenFile(Path path, Content content) {
            this.path = path;
            this.content = content;
        }

        @Override
        public Path path() {
            return path;
        }

        @Override
        public long sizeBytes() {
            return content.bytes.length;
        }

        @Override
        public int read(long position, ByteBuffer into) {
            if (position >= content.bytes.length) return 0;
            int count = Math.min(into.remaining(), content.bytes.length - (int) position);
            into.put(content.bytes, (int) position, count);
            return count;
        }

        @Override
        public void write(long position, ByteBuffer from) throws IOException {
            if (failing) throw new IOException(path + ": disk failed");
            int end = (int) position + from.remaining();
            if (end > content.bytes.length) content.bytes = Arrays.copyOf(content.bytes, end);
            from.get(content.bytes, (int) position, from.remaining());
        }

        @Override
        public void truncate(long sizeBytes) {
            if (sizeBytes < content.bytes.length) content.bytes = Arrays.copyOf(content.bytes, (int) sizeBytes);
        }

        @Override
        public void force() throws IOException {
            if (failing) throw new IOException(path + ": disk failed");
            forces++;
            content.durable = content.bytes.clone();
        }

        @Override
        public void close() {}
    }
}
