package io.millrace.host;

/** What was done about the page cache, for metrics. Read on any thread. */
public interface CacheNumbers {
    /** Whether new pages are dear, so that those in use are recycled. */
    boolean isThrifty();

    /** Bytes of file whose pages were given back. */
    long droppedBytes();
}
