package io.millrace.testkit.disk;

import io.millrace.environment.Disk;
import io.millrace.environment.DiskFile;
import io.millrace.environment.OpenMode;
import io.millrace.testkit.SeededRandom;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A machine's disk, in memory. A power cut keeps what was forced. Of the rest it keeps, as the seed picks, any pages or
 * sectors of any age and any length of each file, and the name changes before some moment, as a journal does (or any of
 * them, {@linkplain #withoutJournal without} one). What else goes wrong, {@link DiskFaults} decide.
 *
 * <p>While the machine is down every operation throws {@link MachineStopped}, and so does a file that was opened before,
 * for ever.
 */
public final class SimulatedDisk implements Disk {
    /** Bytes of a disk that nobody {@linkplain #limitTo limited}. */
    private static final long TOTAL_BYTES = 1L << 40;

    private final SeededRandom random;
    private final LongSupplier wallMs;
    private final LongConsumer trace;
    private final DiskNames names;
    private final Set<Path> locks = new HashSet<>();
    private DiskFaults faults = DiskFaults.none();
    private boolean isDown;
    private int start;
    private long changeCount;
    private long interruptAt = -1;
    private @Nullable Runnable interrupt;
    private long totalBytes = TOTAL_BYTES;
    private @Nullable String failure;
    private Consumer<Path> shortened = path -> {};

    /**
     * An empty disk in a machine that is up.
     *
     * @param wallMs tells when files are written
     * @param trace  is given a digest of every operation
     */
    public SimulatedDisk(SeededRandom random, LongSupplier wallMs, LongConsumer trace) {
        this(random, wallMs, trace, new DirectoryNames());
    }

    private SimulatedDisk(SeededRandom random, LongSupplier wallMs, LongConsumer trace, DirectoryNames root) {
        this.random = random;
        this.wallMs = wallMs;
        this.trace = trace;
        this.names = new DiskNames(root);
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
     * A power cut keeps any of the name changes that were not forced, no matter in which order they were made, and of a
     * rename the new name, the old one or both. File systems in use write them in order, so what fails only without a
     * journal is no danger today.
     */
    public void withoutJournal() {
        names.withoutJournal();
    }

    /** The size of the disk from now on; a write beyond it fails. */
    public void limitTo(long bytes) {
        totalBytes = bytes;
    }

    /** Lets everything that changes or forces something fail from now on. */
    public void breakDown(String reason) {
        failure = reason;
    }

    /** Has things go wrong from now on, in place of what went wrong before. */
    public void beset(DiskFaults with) {
        faults = with;
    }

    /** What goes wrong. */
    public DiskFaults faults() {
        return faults;
    }

    /** How much longer than usual the operations since the last call took, in nanoseconds of virtual time. */
    public long takeSlowNanos() {
        return faults.takeSlowNanos();
    }

    /** Has somebody told of every file that a program makes shorter, gives another name or deletes, when that is done, by the name that it had. */
    public void whenShortened(Consumer<Path> who) {
        shortened = who;
    }

    void isShorter(Path file) {
        shortened.accept(file);
    }

    /** The paths of all files, in their order. */
    public List<Path> files() {
        List<Path> files = new ArrayList<>();
        addFiles(Path.of("/"), names.root(), files);
        return files;
    }

    /** The paths of the files of one directory, in their order; none if there is no such directory. */
    public List<Path> filesIn(Path directory) {
        List<Path> files = new ArrayList<>();
        if (names.find(directory) instanceof DirectoryNames found)
            found.live.forEach((name, entry) -> {
                if (entry instanceof FileContent) files.add(directory.resolve(name));
            });
        return files;
    }

    /** Shows the files of one directory, in the order of their names; none if there is no such directory. */
    public void eachFileIn(Path directory, BiConsumer<String, StoredFile> who) {
        if (names.find(directory) instanceof DirectoryNames found)
            found.live.forEach((name, entry) -> {
                if (entry instanceof FileContent content) who.accept(name, content);
            });
    }

    private static void addFiles(Path path, DirectoryNames directory, List<Path> into) {
        directory.live.forEach((name, entry) -> {
            switch (entry) {
                case FileContent content -> into.add(path.resolve(name));
                case DirectoryNames below -> addFiles(path.resolve(name), below, into);
            }
        });
    }

    /** The bytes of a file, whatever state the machine is in. */
    public byte[] content(Path file) {
        return fileAt(file).toBytes();
    }

    /** Turns over one bit of a file, in the cache and on the platters. */
    public void rot(Path file, int position, int bit) {
        fileAt(file).rot(position, bit);
    }

    private FileContent fileAt(Path file) {
        if (names.find(file) instanceof FileContent content) return content;
        throw new IllegalArgumentException(file + " is no file");
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
        names.losePower(random);
    }

    /** An empty disk takes its place; the machine must be down. */
    public void replace() {
        if (!isDown) throw new IllegalStateException("the disk of a machine that is up is not replaced");
        names.clear();
    }

    /** A disk of another machine, up, with what is on this one, all names forced. */
    public SimulatedDisk copy(SeededRandom itsRandom, LongSupplier itsWallMs, LongConsumer itsTrace) {
        return new SimulatedDisk(itsRandom, itsWallMs, itsTrace, names.root().copy());
    }

    SeededRandom random() {
        return random;
    }

    long wallMs() {
        return wallMs.getAsLong();
    }

    int startNumber() {
        return start;
    }

    void trace(long what) {
        trace.accept(what);
    }

    void operation(DiskOperation operation, Path path, long detail) throws IOException {
        requireUp();
        trace(operation.name().hashCode());
        trace(path.toString().hashCode());
        trace(detail);
        if (operation.changes()) {
            Runnable happening = interrupt;
            if (happening != null && changeCount == interruptAt) {
                undisturbed();
                happening.run();
                requireUp();
            }
            changeCount++;
            if (failure != null) throw new IOException(path + ": " + failure);
        }
        faults.before(operation, path);
    }

    private void requireUp() {
        if (isDown) throw new MachineStopped();
    }

    /** Whether a file cannot grow by so many bytes. */
    boolean lacksSpaceFor(long moreBytes) {
        return totalBytes != TOTAL_BYTES && moreBytes > totalBytes - names.usedBytes();
    }

    @Override
    public DiskFile open(Path path, OpenMode mode) throws IOException {
        boolean mayCreate = mode == OpenMode.CREATE || mode == OpenMode.CREATE_NEW;
        DiskEntry entry = names.find(path);
        operation(
                entry == null && mayCreate ? DiskOperation.CREATE : DiskOperation.OPEN,
                path,
                mode.name().hashCode());
        return switch (entry) {
            case DirectoryNames directory -> throw new IOException(path + " is a directory");
            case FileContent content -> {
                if (mode == OpenMode.CREATE_NEW) throw new FileAlreadyExistsException(path.toString());
                yield new SimulatedFile(this, path, content, mode != OpenMode.READ);
            }
            case null -> {
                if (!mayCreate) throw new NoSuchFileException(path.toString());
                FileContent created = new FileContent(wallMs());
                names.create(path, created);
                yield new SimulatedFile(this, path, created, true);
            }
        };
    }

    @Override
    public boolean exists(Path path) {
        requireUp();
        return names.find(path) != null;
    }

    @Override
    public boolean isDirectory(Path path) {
        requireUp();
        return names.find(path) instanceof DirectoryNames;
    }

    @Override
    public List<String> list(Path directory) throws IOException {
        operation(DiskOperation.LIST, directory, 0);
        return List.copyOf(names.directory(directory).live.keySet());
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        requireUp();
        Path path = directory.isAbsolute() ? directory.getRoot() : Path.of("");
        DirectoryNames at = names.root();
        for (String name : DiskNames.split(directory)) {
            path = path.resolve(name);
            DirectoryNames there = DiskNames.within(at, name, path);
            if (there == null) {
                operation(DiskOperation.CREATE_DIRECTORY, path, 0);
                there = new DirectoryNames();
                names.create(at, name, there);
            }
            at = there;
        }
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        operation(DiskOperation.RENAME, from, to.toString().hashCode());
        names.rename(from, to);
        isShorter(from);
    }

    @Override
    public void delete(Path path) throws IOException {
        operation(DiskOperation.DELETE, path, 0);
        names.delete(path);
        isShorter(path);
    }

    @Override
    public void forceDirectory(Path directory) throws IOException {
        operation(DiskOperation.FORCE_DIRECTORY, directory, 0);
        names.force(names.directory(directory));
    }

    @Override
    public long lastModifiedMs(Path path) throws IOException {
        requireUp();
        return switch (names.find(path)) {
            case null -> throw new NoSuchFileException(path.toString());
            case FileContent content -> content.modifiedMs();
            case DirectoryNames directory -> 0;
        };
    }

    @Override
    public long usableBytes(Path path) throws IOException {
        requireUp();
        if (names.find(path) == null) throw new NoSuchFileException(path.toString());
        return Math.max(0, totalBytes - names.usedBytes());
    }

    @Override
    public long totalBytes(Path path) throws IOException {
        requireUp();
        if (names.find(path) == null) throw new NoSuchFileException(path.toString());
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
}
