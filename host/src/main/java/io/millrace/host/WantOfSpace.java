package io.millrace.host;

import io.millrace.environment.DiskFull;
import java.io.File;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/**
 * Tells want of space from other failures. The JDK hands on the system's sentence and not its number, so the sentences of
 * ENOSPC and EDQUOT are looked for; where they are in another language, a file system that says it has no byte left is
 * believed.
 */
final class WantOfSpace {
    private static final String ENOSPC = "No space left on device";
    private static final String EDQUOT = "Disk quota exceeded";

    private WantOfSpace() {}

    /** Whether an operation on a path failed because there is no space left. */
    static boolean isReasonOf(IOException failure, Path path) {
        String why = failure instanceof FileSystemException named ? named.getReason() : failure.getMessage();
        if (why != null && (why.contains(ENOSPC) || why.contains(EDQUOT))) return true;
        if (failure.getClass() != IOException.class && failure.getClass() != FileSystemException.class) return false;
        Path directory = path.toAbsolutePath().getParent();
        File there = (directory == null ? path : directory).toFile();
        return there.getTotalSpace() > 0 && there.getUsableSpace() == 0;
    }

    /** The failure, or a {@link DiskFull} that stands for it. */
    static IOException orAsItIs(IOException failure, Path path, String what) {
        return isReasonOf(failure, path) ? new DiskFull(path, what, failure) : failure;
    }
}
