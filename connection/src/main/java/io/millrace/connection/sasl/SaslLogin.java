package io.millrace.connection.sasl;

/** How a client logs in: gives each of its connections an exchange of its own. Called on any thread; does not block. */
@FunctionalInterface
public interface SaslLogin {
    /** An exchange that has not begun. */
    SaslExchange newExchange();
}
