package io.millrace.protocol;

/** A message that answers a {@link Request}. */
public interface Response extends ApiMessage {
    /** Which API answers. */
    ApiKey apiKey();
}
