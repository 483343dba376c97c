package io.millrace.server.network;

import io.millrace.environment.Lane;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Response;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * One request being answered: who asks, how, and the way back. It may be answered from any lane, once; replies leave the
 * connection in the order of its requests whatever the order of the answers.
 *
 * @param <R> the API's response
 */
public interface Exchange<R extends Response> {
    /** The API asked for. */
    ApiKey apiKey();

    /** The version of the request, which is that of the response. */
    int version();

    /** What the client calls itself; empty if it does not say. */
    String clientId();

    /** The peer. */
    InetSocketAddress clientAddress();

    /** Our end of the connection: the address the client used. */
    InetSocketAddress localAddress();

    /** The name of the listener the request came in by. */
    String listenerName();

    /** Who asks, in Kafka's form {@code type:name}; {@code User:ANONYMOUS} on a listener without authentication. */
    String principal();

    /** What the client's ApiVersions request said of its software; null before it has. */
    @Nullable
    String clientSoftware();

    /** Remembers what the client's software is, for the life of the connection. */
    void clientSoftware(String nameAndVersion);

    /**
     * Says which lane owns all partitions the request is about, so that a connection can be moved to where its work is.
     *
     * @param owner null if several lanes do
     */
    default void partitionsOf(@Nullable Lane owner) {}

    /** Says which fetch session the connection uses, 0 for none: it goes where the connection goes. */
    default void usesFetchSession(int id) {}

    /** Answers. */
    default void reply(R response) {
        reply(response, () -> {});
    }

    /**
     * Answers with something that has to be given back, such as ranges of open files.
     *
     * @param whenDone run once, on the connection's lane, when the reply has been sent or will never be
     */
    void reply(R response, Runnable whenDone);

    /**
     * Says that nobody here could decide, as this node is not the active controller any more, or not yet. Whoever hands requests on then asks
     * the next one; a client that asked this node itself is told.
     *
     * @param answer what such a client is told
     */
    default void replyNoController(R answer) {
        reply(answer);
    }

    /** Lets the connection go on without an answer: Produce with acks 0. */
    void replyNothing();

    /** Gives the connection up with a reason for the log: Produce with acks 0 that failed, a request that breaks the protocol. */
    void closeConnection(ErrorCode why, String reason);

    /** Runs {@code then}, on the connection's lane, when the connection has ended; in the place of what was said before. */
    default void whenClosed(Runnable then) {}

    /** Runs {@code cleanUp}, on the connection's lane, if the connection ends before the answer. Called while the handler runs. */
    void whenAbandoned(Runnable cleanUp);
}
