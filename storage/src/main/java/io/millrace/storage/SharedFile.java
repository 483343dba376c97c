package io.millrace.storage;

import io.millrace.environment.DiskFile;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An open file with a count of its users: its log holds one reference while it keeps the file open, and every range
 * handed out for sending holds one. The last to let go closes it. References are taken on the log's lane, while the log
 * holds its own, and given back from any thread.
 */
final class SharedFile {
    private final DiskFile file;
    private final AtomicInteger references = new AtomicInteger(1);

    SharedFile(DiskFile file) {
        this.file = file;
    }

    DiskFile file() {
        return file;
    }

    SharedFile retain() {
        if (references.getAndIncrement() <= 0) throw new IllegalStateException(file.path() + " is closed already");
        return this;
    }

    void release() throws IOException {
        int left = references.decrementAndGet();
        if (left == 0) file.close();
        if (left < 0) throw new IllegalStateException(file.path() + " was released more often than retained");
    }
}
