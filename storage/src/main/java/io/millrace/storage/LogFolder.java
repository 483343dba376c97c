package io.millrace.storage;

import io.millrace.environment.Disk;
import java.nio.file.Path;

/** Where the files of one log are: a disk and the partition's directory, which changes name when it is deleted. */
final class LogFolder {
    private final Disk disk;
    private Path directory;

    LogFolder(Disk disk, Path directory) {
        this.disk = disk;
        this.directory = directory;
    }

    Disk disk() {
        return disk;
    }

    Path directory() {
        return directory;
    }

    void movedTo(Path newDirectory) {
        directory = newDirectory;
    }

    Path file(String name) {
        return directory.resolve(name);
    }
}
