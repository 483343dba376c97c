package io.millrace.protocol;

/** The value of a record in a coordinator's topic. */
public interface CoordinatorValue extends ApiMessage {
    /** The id of the key that such a value belongs to. */
    short recordTypeId();
}
