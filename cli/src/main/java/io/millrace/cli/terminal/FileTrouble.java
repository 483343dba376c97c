package io.millrace.cli.terminal;

import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Why a file cannot be read or written, in words for people. */
public final class FileTrouble {
    private FileTrouble() {}

    /** The words, without the file's name, behind which they stand. */
    public static String why(Exception failure) {
        return switch (failure) {
            case NoSuchFileException _ -> "there is no such file";
            case FileAlreadyExistsException _ -> "there is one already";
            case AccessDeniedException _ -> "that is not allowed";
            case FileSystemException e when e.getReason() != null -> e.getReason();
            default -> String.valueOf(failure.getMessage());
        };
    }
}
