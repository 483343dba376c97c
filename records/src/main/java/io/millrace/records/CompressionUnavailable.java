package io.millrace.records;

/**
 * A codec this machine cannot run, because its native library does not load here. Not the batch's fault: to a client it
 * is {@code UNSUPPORTED_COMPRESSION_TYPE}, to an operator a broken installation.
 */
public final class CompressionUnavailable extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Compression compression;

    /** With what the loader had to say. */
    public CompressionUnavailable(Compression compression, Throwable cause) {
        super("compression " + compression + " does not work on this machine: " + cause, cause);
        this.compression = compression;
    }

    /** The codec that does not run here. */
    public Compression compression() {
        return compression;
    }
}
