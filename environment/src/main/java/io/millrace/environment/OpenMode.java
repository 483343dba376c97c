package io.millrace.environment;

/** How a {@link Disk} opens a file. */
public enum OpenMode {
    /** The file must exist; writes are refused. */
    READ,
    /** The file must exist. */
    READ_WRITE,
    /** The file is made, empty, if it does not exist. */
    CREATE,
    /** The file must not exist yet. */
    CREATE_NEW
}
