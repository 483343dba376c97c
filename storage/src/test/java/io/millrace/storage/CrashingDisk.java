package io.millrace.storage;

import io.millrace.environment.Disk;
import io.millrace.environment.DiskFile;
import io.millrace.environment.DiskFull;
import io.millrace.environment.OpenMode;
import io.millrace.testkit.SeededRandom;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A disk in memory. A power cut keeps what was forced; of file content that was not, any subset of small pages and any
 * length between, and of name changes, a prefix. Directories are there at once. It can stop at a chosen operation.
 */
final class CrashingDisk implements Disk {
    private static final int PAGE_BYTES = 64;

    /** The power went off in the midst of an operation. */
    static final class PowerCut extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private static final class Content {
        byte[] now = new byte[0];
        byte[] forced = new byte[0];
    }

    private record NameChange(
            Path directory,
            @Nullable Path removed,
            @Nullable Path added,
            @Nullable Content content) {}

    private final Map<Path, Content> files = new TreeMap<>();
    private final Map<Path, Content> forcedFiles = new TreeMap<>();
    private final List<NameChange> unforcedNames = new ArrayList<>();
    private final Set<Path> directories = new TreeSet<>();
    private final Set<Path> locked = new HashSet<>();
    private long lastModifiedMs = 1_000;
    private long operations;
    private long cutAt = Long.MAX_VALUE;
    private long forces;
    private int openFiles;
    private @Nullable IOException failure;
    private long capacityBytes = Long.MAX_VALUE;

    /** Goes off at the operation with this number, counted from now, from 0. */
    void cutPowerAfter(long moreOperations) {
        cutAt = operations + moreOperations;
    }

    void keepPower() {
        cutAt = Long.MAX_VALUE;
    }

    /** Lets every operation fail from now on. */
    void breakDown(IOException with) {
        failure = with;
    }

    /** Has writes and new names fail once files have that many bytes together, a write in the midst. */
    void limitTo(long bytes) {
        capacityBytes = bytes;
    }

    long usedBytes() {
        long used = 0;
        for (Content content : files.values()) used += content.now.length;
        return used;
    }

    private long freeBytes() {
        return capacityBytes == Long.MAX_VALUE ? Long.MAX_VALUE : Math.max(0, capacityBytes - usedBytes());
    }

    long operations() {
        return operations;
    }

    long forces() {
        return forces;
    }

    int openFiles() {
        return openFiles;
    }

    void setLastModifiedMs(long ms) {
        lastModifiedMs = ms;
    }

    private void step() throws IOException {
        if (failure != null) throw new IOException("broken", failure);
        if (operations++ >= cutAt) throw new PowerCut();
    }

    /** What is left after a power cut. */
    CrashingDisk afterPowerCut(SeededRandom random) {
        CrashingDisk left = new CrashingDisk();
        left.directories.addAll(directories);
        Map<Path, Content> names = new TreeMap<>(forcedFiles);
        int kept = random.nextInt(unforcedNames.size() + 1);
        for (NameChange change : unforcedNames.subList(0, kept)) apply(change, names);
        IdentityHashMap<Content, Content> torn = new IdentityHashMap<>();
        names.forEach((path, content) -> left.files.put(path, torn.computeIfAbsent(content, c -> torn(c, random))));
        left.forcedFiles.putAll(left.files);
        return left;
    }

    /** What a killed process leaves: everything it wrote. */
    CrashingDisk afterKill() {
        CrashingDisk left = new CrashingDisk();
        left.directories.addAll(directories);
        IdentityHashMap<Content, Content> copies = new IdentityHashMap<>();
        files.forEach((path, content) -> left.files.put(path, copies.computeIfAbsent(content, CrashingDisk::copy)));
        left.forcedFiles.putAll(left.files);
        return left;
    }

    private static Content copy(Content content) {
        Content copy = new Content();
        copy.now = content.now.clone();
        copy.forced = content.now.clone();
        return copy;
    }

    private static Content torn(Content content, SeededRandom random) {
        if (Arrays.equals(content.now, content.forced)) return copy(content);
        int low = Math.min(content.now.length, content.forced.length);
        int high = Math.max(content.now.length, content.forced.length);
        int size = switch (random.nextInt(3)) {
            case 0 -> content.forced.length;
            case 1 -> content.now.length;
            default -> random.nextInt(low, high + 1);
        };
        byte[] result = new byte[size];
        for (int page = 0; page < size; page += PAGE_BYTES) {
            byte[] from = random.nextBoolean() ? content.now : content.forced;
            int bytes = Math.min(Math.min(PAGE_BYTES, size - page), from.length - page);
            if (bytes > 0) System.arraycopy(from, page, result, page, bytes);
        }
        Content torn = new Content();
        torn.now = result;
        torn.forced = result.clone();
        return torn;
    }

    private static void apply(NameChange change, Map<Path, Content> names) {
        if (change.removed() != null) names.remove(change.removed());
        if (change.added() != null && change.content() != null) names.put(change.added(), change.content());
    }

    private void change(Path directory, @Nullable Path removed, @Nullable Path added, @Nullable Content content) {
        NameChange change = new NameChange(directory, removed, added, content);
        apply(change, files);
        unforcedNames.add(change);
    }

    private static Path parent(Path path) {
        Path parent = path.getParent();
        return parent == null ? Path.of("") : parent;
    }

    // What tests look at and change behind the log's back

    Map<String, byte[]> contents(Path directory) {
        Map<String, byte[]> contents = new TreeMap<>();
        files.forEach((path, content) -> {
            if (parent(path).equals(directory)) contents.put(path.getFileName().toString(), content.now.clone());
        });
        return contents;
    }

    byte[] content(Path file) {
        Content content = files.get(file);
        if (content == null) throw new AssertionError(file + " does not exist");
        return content.now;
    }

    void put(Path file, byte[] bytes) {
        Content content = new Content();
        content.now = bytes.clone();
        content.forced = bytes.clone();
        files.put(file, content);
        forcedFiles.put(file, content);
        directories.add(parent(file));
    }

    void remove(Path file) {
        files.remove(file);
        forcedFiles.remove(file);
    }

    /** Writes all files of a directory to a real one. */
    void exportTo(Path directory, Path target) throws IOException {
        Files.createDirectories(target);
        for (Map.Entry<String, byte[]> file : contents(directory).entrySet())
            Files.write(target.resolve(file.getKey()), file.getValue());
    }

    /** Takes over all files of a real directory. */
    void importFrom(Path source, Path directory) throws IOException {
        directories.add(directory);
        try (var listed = Files.list(source)) {
            for (Path file : listed.filter(Files::isRegularFile).toList())
                put(directory.resolve(file.getFileName().toString()), Files.readAllBytes(file));
        }
    }

    // The disk

    @Override
    public DiskFile open(Path path, OpenMode mode) throws IOException {
        step();
        Content content = files.get(path);
        if (content == null) {
            if (mode == OpenMode.READ || mode == OpenMode.READ_WRITE) throw new NoSuchFileException(path.toString());
            if (!directories.contains(parent(path)))
                throw new NoSuchFileException(parent(path).toString());
            if (freeBytes() == 0) throw new DiskFull(path, "cannot make the file");
            content = new Content();
            change(parent(path), null, path, content);
        } else if (mode == OpenMode.CREATE_NEW) {
            throw new FileAlreadyExistsException(path.toString());
        }
        openFiles++;
        return new OpenFile(path, content, mode != OpenMode.READ);
    }

    @Override
    public boolean exists(Path path) {
        return files.containsKey(path) || directories.contains(path);
    }

    @Override
    public boolean isDirectory(Path path) {
        return directories.contains(path);
    }

    @Override
    public List<String> list(Path directory) throws IOException {
        step();
        if (!directories.contains(directory)) throw new NoSuchFileException(directory.toString());
        Set<String> names = new TreeSet<>();
        for (Path path : files.keySet())
            if (parent(path).equals(directory)) names.add(path.getFileName().toString());
        for (Path path : directories)
            if (!path.equals(directory) && parent(path).equals(directory))
                names.add(path.getFileName().toString());
        return List.copyOf(names);
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        step();
        for (Path path = directory; path != null; path = path.getParent()) directories.add(path);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        step();
        if (directories.remove(from)) {
            directories.add(to);
            for (Map<Path, Content> names : List.of(files, forcedFiles))
                for (Path path : List.copyOf(names.keySet()))
                    if (parent(path).equals(from)) {
                        Content content = names.remove(path);
                        if (content != null) names.put(to.resolve(path.getFileName()), content);
                    }
            return;
        }
        Content content = files.get(from);
        if (content == null) throw new NoSuchFileException(from.toString());
        change(parent(from), from, to, content);
    }

    @Override
    public void delete(Path path) throws IOException {
        step();
        if (files.containsKey(path)) change(parent(path), path, null, null);
        else directories.remove(path);
    }

    @Override
    public void forceDirectory(Path directory) throws IOException {
        step();
        forces++;
        for (NameChange change : unforcedNames) if (change.directory().equals(directory)) apply(change, forcedFiles);
        unforcedNames.removeIf(change -> change.directory().equals(directory));
    }

    @Override
    public long lastModifiedMs(Path path) {
        return lastModifiedMs;
    }

    @Override
    public long usableBytes(Path path) {
        return Math.min(1L << 30, freeBytes());
    }

    @Override
    public long totalBytes(Path path) {
        return 1L << 31;
    }

    @Override
    public @Nullable Lock tryLock(Path lockFile) {
        return locked.add(lockFile) ? () -> locked.remove(lockFile) : null;
    }

    private final class OpenFile implements DiskFile {
        private final Path path;
        private final Content content;
        private final boolean writable;
        private boolean closed;

        OpenFile(Path path, Content content, boolean writable) {
            this.path = path;
            this.content = content;
            this.writable = writable;
        }

        private void use() throws IOException {
            if (closed) throw new IOException(path + " is closed");
            step();
        }

        @Override
        public Path path() {
            return path;
        }

        @Override
        public long sizeBytes() throws IOException {
            use();
            return content.now.length;
        }

        @Override
        public int read(long position, ByteBuffer into) throws IOException {
            use();
            if (position >= content.now.length) return 0;
            int bytes = (int) Math.min(into.remaining(), content.now.length - position);
            into.put(content.now, (int) position, bytes);
            return bytes;
        }

        @Override
        public void write(long position, ByteBuffer from) throws IOException {
            use();
            if (!writable) throw new IOException(path + " is open for reading only");
            if (position > content.now.length) throw new IOException(path + ": write leaves a gap at " + position);
            long grows = position + from.remaining() - content.now.length;
            if (grows > freeBytes()) {
                int part = (int) Math.max(0, Math.min(from.remaining() - 1, from.remaining() - (grows - freeBytes())));
                put(position, from.slice(from.position(), part));
                throw new DiskFull(path, "cannot write " + from.remaining() + " bytes at " + position);
            }
            put(position, from);
        }

        private void put(long position, ByteBuffer from) {
            int bytes = from.remaining();
            byte[] changed = Arrays.copyOf(content.now, Math.max(content.now.length, (int) position + bytes));
            from.get(changed, (int) position, bytes);
            content.now = changed;
        }

        @Override
        public void truncate(long sizeBytes) throws IOException {
            use();
            if (sizeBytes < content.now.length) content.now = Arrays.copyOf(content.now, (int) sizeBytes);
        }

        @Override
        public void force() throws IOException {
            use();
            forces++;
            content.forced = content.now.clone();
        }

        @Override
        public void close() {
            if (!closed) openFiles--;
            closed = true;
        }
    }
}
