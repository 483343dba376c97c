package io.millrace.testkit.disk;

/** What a program can ask of a disk. */
enum DiskOperation {
    OPEN,
    CREATE,
    LIST,
    READ,
    SIZE,
    WRITE,
    TRUNCATE,
    FORCE,
    RENAME,
    DELETE,
    CREATE_DIRECTORY,
    FORCE_DIRECTORY;

    /** Whether a power cut before it may leave something else than one after it. */
    boolean changes() {
        return this != OPEN && this != LIST && this != READ && this != SIZE;
    }
}
