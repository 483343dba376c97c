package io.millrace.host;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The kernel's calls about its page cache, by way of the C library. The file is opened for each call, since a
 * {@link java.nio.channels.FileChannel} does not tell its descriptor; that costs little beside the megabytes it is about, and no
 * descriptor is ever used that might by now belong to another file.
 *
 * <p>Of {@code sync_file_range} only the part that begins to write is used: waiting would fetch the file's error, and a later
 * {@code fsync} through a newly opened descriptor would not see it.
 */
final class LinuxPageCache implements PageCacheCalls {
    private static final int O_RDONLY_CLOEXEC = 0x80000;
    private static final int SYNC_FILE_RANGE_WRITE = 2;
    private static final int POSIX_FADV_DONTNEED = 4;
    private static final int ENOENT = 2;

    private static final Path MEMORY = Path.of("/proc/meminfo");

    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private final MethodHandle open;
    private final MethodHandle close;
    private final MethodHandle syncFileRange;
    private final MethodHandle fadvise;

    private LinuxPageCache(MethodHandle open, MethodHandle close, MethodHandle syncFileRange, MethodHandle fadvise) {
        this.open = open;
        this.close = close;
        this.syncFileRange = syncFileRange;
        this.fadvise = fadvise;
    }

    /** Finds the calls; nothing if this system does not have them, or the JVM may not use them. */
    // Restricted, as a wrong descriptor would crash the JVM; these are those of the C library's manual pages.
    @SuppressWarnings("restricted")
    static Optional<PageCacheCalls> find() {
        if (!System.getProperty("os.name", "").equals("Linux") || ValueLayout.ADDRESS.byteSize() != Long.BYTES)
            return Optional.empty();
        Linker linker = Linker.nativeLinker();
        SymbolLookup library = linker.defaultLookup();
        Optional<MemorySegment> open = library.find("open");
        Optional<MemorySegment> close = library.find("close");
        Optional<MemorySegment> syncFileRange = library.find("sync_file_range");
        Optional<MemorySegment> fadvise = library.find("posix_fadvise");
        if (open.isEmpty() || close.isEmpty() || syncFileRange.isEmpty() || fadvise.isEmpty()) return Optional.empty();
        Linker.Option errno = Linker.Option.captureCallState("errno");
        FunctionDescriptor ofRange = FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT);
        return Optional.of(new LinuxPageCache(
                linker.downcallHandle(
                        open.get(),
                        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
                        errno,
                        Linker.Option.firstVariadicArg(2)),
                linker.downcallHandle(
                        close.get(), FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT), errno),
                linker.downcallHandle(syncFileRange.get(), ofRange, errno),
                linker.downcallHandle(fadvise.get(), ofRange, errno)));
    }

    @Override
    public void writeOut(Path file, long from, long byteCount) throws IOException {
        withFile(file, (descriptor, state) -> {
            int failed = (int) syncFileRange.invokeExact(state, descriptor, from, byteCount, SYNC_FILE_RANGE_WRITE);
            return failed == 0 ? 0 : errno(state);
        });
    }

    @Override
    public void drop(Path file, long from, long byteCount) throws IOException {
        withFile(file, (descriptor, state) ->
                (int) fadvise.invokeExact(state, descriptor, from, byteCount, POSIX_FADV_DONTNEED));
    }

    @Override
    public long memoryBytes() throws IOException {
        for (String line : Files.readAllLines(MEMORY)) {
            String[] words = line.split("\\s+", -1);
            if (words[0].equals("MemTotal:") && words.length > 1) return Long.parseLong(words[1]) * 1024;
        }
        throw new IOException(MEMORY + " has no MemTotal");
    }

    /** A call on an open descriptor; returns an error number, or 0. */
    private interface Call {
        int on(int descriptor, MemorySegment state) throws Throwable;
    }

    private void withFile(Path file, Call call) throws IOException {
        int error;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            MemorySegment name = arena.allocateFrom(file.toString());
            int descriptor = (int) open.invokeExact(state, name, O_RDONLY_CLOEXEC);
            if (descriptor < 0) {
                error = errno(state);
            } else {
                error = call.on(descriptor, state);
                int closed = (int) close.invokeExact(state, descriptor);
                if (error == 0 && closed != 0) error = errno(state);
            }
        } catch (Throwable thrown) {
            if (thrown instanceof Error serious) throw serious;
            throw new IOException(file + ": cannot advise the kernel: " + thrown, thrown);
        }
        if (error != 0 && error != ENOENT)
            throw new IOException(file + ": cannot advise the kernel: error number " + error);
    }

    private static int errno(MemorySegment state) {
        return (int) ERRNO.get(state, 0L);
    }
}
