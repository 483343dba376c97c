package io.millrace.cli.start;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.ReadOnlyFileSystemException;

/** Says what a failed file or socket means; the JDK's own messages often are a path and nothing else. */
final class DiskSentence {
    private DiskSentence() {}

    static String of(IOException failure) {
        return switch (failure) {
            case AccessDeniedException denied -> "permission denied for " + denied.getFile();
            case NoSuchFileException missing -> missing.getFile() + " does not exist";
            case FileAlreadyExistsException exists -> exists.getFile() + " exists and is not a directory";
            case NotDirectoryException file -> file.getFile() + " is a file, not a directory";
            case FileSystemException other when other.getReason() != null -> other.getFile() + ": " + other.getReason();
            default ->
                failure.getCause() instanceof ReadOnlyFileSystemException
                        ? "the file system is read-only"
                        : String.valueOf(failure.getMessage());
        };
    }
}
