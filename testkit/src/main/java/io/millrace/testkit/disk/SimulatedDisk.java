package io.millrace.simulator;

import io.millrace.environment.Disk;
import io.millrace.environment.DiskFile;
import io.millrace.environment.OpenMode;
import io.millrace.testkit.SeededRandom;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A machine's disk, in memory. A power cut keeps what was forced. Of the rest it keeps, as the seed picks, any sectors of
 * any age and any length of each file, and the name changes before some moment, as a journal does (or any of them,
 * {@linkplain #withoutJournal without} one); a rename happens wholly or not at all.
 *
 * <p>While the machine is down every operation throws {@link MachineStopped}, and so does a file that was opened before,
 * for ever.
 */
public final class SimulatedDisk implements Disk {
    /** Bytes of a disk that nobody {@linkplain #limitTo limited}. */
    private static final long TOTAL_BYTES = 1L << 40;

    private enum Operation {
        OPEN,
        CREATE,
        LIST,
        READ,
        WRITE,
        TRUNCATE,
        FORCE,
        RENAME,
        DELETE,
        CREATE_DIRECTORY,
        FORCE_DIRECTORY;

        /** Whether a power cut before it may leave something else than one after it. */
        boolean changes() {
            return this != OPEN && this != LIST && this != READ;
        }
    }

    /** A name that goes, one that comes, or both at once; {@code at} is the directory whose force makes it lasting. */
    private record NameChange(
            DirectoryNames at,
            @Nullable DirectoryNames from,
            @Nullable String gone,
            @Nullable String come,
            @Nullable DiskEntry entry) {
        void apply() {
            if (from != null && gone != null) from.forced.remove(gone);
            if (come != null && entry != null) at.forced.put(come, entry);
        }
    }

    private final Simulation simulation;
    private final SeededRandom random;
    private final DirectoryNames root;
    private final List<NameChange> unforced = new ArrayList<>();
    private final Set<Path> locks = new HashSet<>();
    private boolean hasJournal = true;
    private boolean isDown;
    private int start;
    private long changeCount;
    private long interruptAt = -1;
    private @Nullable Runnable interrupt;
    private long totalBytes = TOTAL_BYTES;
    private @Nullable String failure;

    /** An empty disk in a machine that is up. */
    public SimulatedDisk(Simulation simulation) {
        this(simulation, new DirectoryNames());
    }

    private SimulatedDisk(Simulation simulation, DirectoryNames root) {
        this.simulation = simulation;
        this.random = simulation.newRandom();
        this.root = root;
    }

    /** Operations so far that changed or forced something; a crash can be placed before any of them. */
    public long changeCount() {
        return changeCount;
    }

    /**
     * Has something happen before the change of that number, typically a crash of the machine.
     *
     * @param number as {@link #changeCount} counts, from 0
     */
    public void beforeChange(long number, Runnable what) {
        interruptAt = number;
        interrupt = what;
    }

    /** Takes back {@link #beforeChange}. */
    public void undisturbed() {
        interruptAt = -1;
        interrupt = null;
    }

    /**
     * A power cut keeps any of the name changes that were not forced, no matter in which order they were made. File systems
     * in use write them in order, so what fails only without a journal is no danger today.
     */
    public void withoutJournal() {
        hasJournal = false;
    }

    /** The size of the disk from now on; a write beyond it fails. */
    public void limitTo(long bytes) {
        totalBytes = bytes;
    }

    /** Lets everything that changes or forces something fail from now on. */
    public void breakDown(String reason) {
        failure = reason;
    }

    /** The machine is gone: open files and locks are, too. */
    public void stop() {
        isDown = true;
        start++;
        locks.clear();
        undisturbed();
    }

    /** The machine is back. */
    public void start() {
        isDown = false;
    }

    /** Loses what was not forced; the machine must be down. */
    public void losePower() {
        if (!isDown) throw new IllegalStateException("a machine without power cannot be up");
        int kept = random.nextInt(unforced.size() + 1);
        for (int i = 0; i < unforced.size(); i++)
            if (hasJournal ? i < kept : random.nextBoolean()) unforced.get(i).apply();
        unforced.clear();
        losePower(root, Collections.newSetFromMap(new IdentityHashMap<>()));
    }

    private void losePower(DirectoryNames directory, Set<DiskEntry> done) {
        directory.live.clear();
        directory.live.putAll(directory.forced);
        for (DiskEntry entry : directory.live.values()) {
            if (!done.add(entry)) continue;
            switch (entry) {
                case FileContent content -> content.losePower(random);
                case DirectoryNames below -> losePower(below, done);
            }
        }
    }

    /** A disk of another machine, up, with what is on this one, all of it forced if this one has lost its power. */
    SimulatedDisk copyTo(Simulation other) {
        return new SimulatedDisk(other, root.copy());
    }

    private void operation(Operation operation, Path path, long detail) throws IOException {
        requireUp();
        simulation.trace(operation.name().hashCode());
        simulation.trace(path.toString().hashCode());
        simulation.trace(detail);
        if (!operation.changes()) return;
        Runnable happening = interrupt;
        if (happening != null && changeCount == interruptAt) {
            undisturbed();
            happening.run();
            requireUp();
        }
        changeCount++;
        if (failure != null) throw new IOException(path + ": " + failure);
    }

    private void requireUp() {
        if (isDown) throw new MachineStopped();
    }

    private static List<String> names(Path path) {
        List<String> names = new ArrayList<>();
        for (Path name : path.normalize()) if (!name.toString().isEmpty()) names.add(name.toString());
        return names;
    }

    private @Nullable DiskEntry find(Path path) {
        DiskEntry entry = root;
        for (String name : names(path)) {
            DiskEntry next = entry instanceof DirectoryNames directory ? directory.live.get(name) : null;
            if (next == null) return null;
            entry = next;
        }
        return entry;
    }

    private DirectoryNames directory(Path path) throws IOException {
        DiskEntry entry = find(path);
        if (entry instanceof DirectoryNames directory) return directory;
        throw entry == null ? new NoSuchFileException(path.toString()) : new NotDirectoryException(path.toString());
    }

    private DirectoryNames parent(Path path) throws IOException {
        Path parent = path.getParent();
        return parent == null ? root : directory(parent);
    }

    private static String name(Path path) throws IOException {
        List<String> names = names(path);
        if (names.isEmpty()) throw new IOException(path + " is the root");
        return names.getLast();
    }

    private void put(DirectoryNames at, String name, DiskEntry entry) {
        at.live.put(name, entry);
        unforced.add(new NameChange(at, null, null, name, entry));
    }

    private long wallMs() {
        return SimulatedClock.EPOCH_MS + simulation.nowMs();
    }

    @Override
    public DiskFile open(Path path, OpenMode mode) throws IOException {
        boolean mayCreate = mode == OpenMode.CREATE || mode == OpenMode.CREATE_NEW;
        DiskEntry entry = find(path);
        operation(
                entry == null && mayCreate ? Operation.CREATE : Operation.OPEN,
                path,
                mode.name().hashCode());
        return switch (entry) {
            case DirectoryNames directory -> throw new IOException(path + " is a directory");
            case FileContent content -> {
                if (mode == OpenMode.CREATE_NEW) throw new FileAlreadyExistsException(path.toString());
                yield new SimulatedFile(path, content, mode != OpenMode.READ);
            }
            case null -> {
                if (!mayCreate) throw new NoSuchFileException(path.toString());
                FileContent created = new FileContent(wallMs());
                put(parent(path), name(path), created);
                yield new SimulatedFile(path, created, true);
            }
        };
    }

    @Override
    public boolean exists(Path path) {
        requireUp();
        return find(path) != null;
    }

    @Override
    public boolean isDirectory(Path path) {
        requireUp();
        return find(path) instanceof DirectoryNames;
    }

    @Override
    public List<String> list(Path directory) throws IOException {
        operation(Operation.LIST, directory, 0);
        return List.copyOf(directory(directory).live.keySet());
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        requireUp();
        Path path = directory.isAbsolute() ? directory.getRoot() : Path.of("");
        DirectoryNames at = root;
        for (String name : names(directory)) {
            path = path.resolve(name);
            DiskEntry there = at.live.get(name);
            if (there == null) {
                operation(Operation.CREATE_DIRECTORY, path, 0);
                there = new DirectoryNames();
                put(at, name, there);
            }
            if (!(there instanceof DirectoryNames next)) throw new FileAlreadyExistsException(path.toString());
            at = next;
        }
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        operation(Operation.RENAME, from, to.toString().hashCode());
        DiskEntry entry = find(from);
        if (entry == null) throw new NoSuchFileException(from.toString());
        DirectoryNames target = parent(to);
        switch (find(to)) {
            case null -> {}
            case FileContent file -> {
                if (entry instanceof DirectoryNames) throw new NotDirectoryException(to.toString());
            }
            case DirectoryNames directory -> {
                if (entry instanceof FileContent) throw new IOException(to + " is a directory");
                if (!directory.live.isEmpty()) throw new DirectoryNotEmptyException(to.toString());
            }
        }
        DirectoryNames source = parent(from);
        source.live.remove(name(from));
        target.live.put(name(to), entry);
        unforced.add(new NameChange(target, source, name(from), name(to), entry));
    }

    @Override
    public void delete(Path path) throws IOException {
        operation(Operation.DELETE, path, 0);
        DiskEntry entry = find(path);
        if (entry == null) return;
        if (entry instanceof DirectoryNames directory && !directory.live.isEmpty())
            throw new DirectoryNotEmptyException(path.toString());
        DirectoryNames parent = parent(path);
        parent.live.remove(name(path));
        unforced.add(new NameChange(parent, parent, name(path), null, null));
    }

    @Override
    public void forceDirectory(Path directory) throws IOException {
        operation(Operation.FORCE_DIRECTORY, directory, 0);
        DirectoryNames forced = directory(directory);
        for (NameChange change : unforced) if (change.at() == forced) change.apply();
        unforced.removeIf(change -> change.at() == forced);
    }

    @Override
    public long lastModifiedMs(Path path) throws IOException {
        requireUp();
        return switch (find(path)) {
            case null -> throw new NoSuchFileException(path.toString());
            case FileContent content -> content.modifiedMs();
            case DirectoryNames directory -> 0;
        };
    }

    @Override
    public long usableBytes(Path path) throws IOException {
        requireUp();
        if (find(path) == null) throw new NoSuchFileException(path.toString());
        return Math.max(0, totalBytes - usedBytes(root));
    }

    private static long usedBytes(DirectoryNames directory) {
        long used = 0;
        for (DiskEntry entry : directory.live.values()) {
            used += switch (entry) {
                case FileContent content -> content.sizeBytes();
                case DirectoryNames below -> usedBytes(below);
            };
        }
        return used;
    }

    @Override
    public long totalBytes(Path path) throws IOException {
        requireUp();
        if (find(path) == null) throw new NoSuchFileException(path.toString());
        return totalBytes;
    }

    @Override
    public @Nullable Lock tryLock(Path lockFile) throws IOException {
        Path identity = lockFile.normalize();
        if (locks.contains(identity)) return null;
        open(lockFile, OpenMode.CREATE).close();
        locks.add(identity);
        int startOfLock = start;
        return () -> {
            if (start == startOfLock) locks.remove(identity);
        };
    }

    private final class SimulatedFile implements DiskFile {
        private final Path path;
        private final FileContent content;
        private final boolean isWritable;
        private final int startOfFile = start;
        private boolean isClosed;

        SimulatedFile(Path path, FileContent content, boolean isWritable) {
            this.path = path;
            this.content = content;
            this.isWritable = isWritable;
        }

        private void begin(Operation operation, long detail) throws IOException {
            if (start != startOfFile) throw new MachineStopped();
            if (isClosed) throw new IOException(path + " is closed");
            if (!isWritable && (operation == Operation.WRITE || operation == Operation.TRUNCATE))
                throw new IOException(path + " was opened for reading");
            operation(operation, path, detail);
        }

        @Override
        public Path path() {
            return path;
        }

        @Override
        public long sizeBytes() throws IOException {
            begin(Operation.READ, content.sizeBytes());
            return content.sizeBytes();
        }

        @Override
        public int read(long position, ByteBuffer into) throws IOException {
            begin(Operation.READ, position);
            return content.read(position, into);
        }

        @Override
        public void write(long position, ByteBuffer from) throws IOException {
            begin(Operation.WRITE, position);
            if (position < 0 || position > content.sizeBytes())
                throw new IOException(path + ": a write at " + position + " of " + content.sizeBytes() + " bytes");
            simulation.trace(from.hashCode());
            long moreBytes = Math.max(0, position + from.remaining() - content.sizeBytes());
            if (totalBytes != TOTAL_BYTES
                    && moreBytes > usableBytes(path.getRoot() == null ? Path.of("") : path.getRoot()))
                throw new IOException(path + ": no space left on the disk");
            content.write(Math.toIntExact(position), from, wallMs());
        }

        @Override
        public void truncate(long sizeBytes) throws IOException {
            begin(Operation.TRUNCATE, sizeBytes);
            if (sizeBytes < content.sizeBytes()) content.truncate((int) sizeBytes, wallMs());
        }

        @Override
        public void force() throws IOException {
            begin(Operation.FORCE, content.sizeBytes());
            content.force();
        }

        @Override
        public void close() {
            isClosed = true;
        }
    }
}
