package io.millrace.protocol;

/** A message from a client. */
public interface Request extends ApiMessage {
    /** Which API it asks. */
    ApiKey apiKey();
}
