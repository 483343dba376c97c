package io.millrace.environment;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The file system has no space left, or the quota is used up. Unlike any other failure it says nothing of what was written
 * before, and passes once there is space: a write may have left a part of its bytes behind the end of the file, which the
 * caller cuts; everything else that met it has had no effect.
 *
 * <p>Writes, and operations that make a name, throw it. A failed {@link DiskFile#force} is final whatever its reason, so it
 * never does.
 */
public final class DiskFull extends IOException {
    private static final long serialVersionUID = 1L;

    /** @param what was being done, as a phrase such as "cannot write 17 bytes at 0" */
    public DiskFull(Path path, String what, IOException cause) {
        super(path + ": " + what + ": " + cause.getMessage(), cause);
    }

    /** One that no operating system has told of. */
    public DiskFull(Path path, String what) {
        super(path + ": " + what + ": no space left");
    }
}
