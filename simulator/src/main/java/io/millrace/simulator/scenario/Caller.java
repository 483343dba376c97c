package io.millrace.simulator.scenario;

import io.millrace.connection.CloseReason;
import io.millrace.connection.run.Answer;
import io.millrace.connection.run.ClientConversation;
import io.millrace.connection.run.ClientConversationEvents;
import io.millrace.connection.run.ClientSettings;
import io.millrace.connection.run.ConversationLane;
import io.millrace.connection.run.PayloadFiles;
import io.millrace.environment.Transport;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.testkit.SeededRandom;
import java.net.InetSocketAddress;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One client program's line to a server: a conversation that is begun anew whenever it has ended. On one lane. */
final class Caller {
    private static final long CONNECT_MS = 2_000;
    private static final long REQUEST_MS = 6_000;
    private static final int MOST_RESPONSE_BYTES = 16 << 20;
    private static final int MOST_REQUESTS_IN_FLIGHT = 16;
    private static final int LEAST_PAUSE_MS = 20;
    private static final int MOST_PAUSE_MS = 500;

    private final Transport transport;
    private final Supplier<InetSocketAddress> server;
    private final ConversationLane shared;
    private final ClientSettings settings;
    private final SeededRandom random;
    private @Nullable ClientConversation conversation;
    private @Nullable InetSocketAddress calledAt;

    Caller(String name, Transport transport, InetSocketAddress server, ConversationLane shared, SeededRandom random) {
        this(name, transport, () -> server, shared, random);
    }

    /**
     * A line to whichever server it is.
     *
     * @param server says before each request who is to be asked
     */
    Caller(
            String name,
            Transport transport,
            Supplier<InetSocketAddress> server,
            ConversationLane shared,
            SeededRandom random) {
        this.transport = transport;
        this.server = server;
        this.shared = shared;
        this.random = random;
        this.settings = new ClientSettings(
                name, "millrace", "0.1.0", CONNECT_MS, REQUEST_MS, MOST_RESPONSE_BYTES, MOST_REQUESTS_IN_FLIGHT);
    }

    /**
     * Asks the server.
     *
     * @param then gets the answer, whose records hold during the call only
     * @param lost is told instead if there will be no answer; the server may have done it all the same
     */
    <R extends Response> void ask(Request request, Class<R> type, Consumer<R> then, Runnable lost) {
        InetSocketAddress address = server.get();
        if (!address.equals(calledAt)) hangUp();
        ClientConversation open = conversation;
        if (open == null || open.isClosed()) {
            open = ClientConversation.open(transport, address, shared, settings, PayloadFiles.NONE, Ends.UNHEARD);
            conversation = open;
            calledAt = address;
        }
        open.send(request, answer -> {
            switch (answer) {
                case Answer.Answered(Response response, short version) -> then.accept(type.cast(response));
                case Answer.Failed(Answer.Reason reason, String sentence) -> {
                    switch (reason) {
                        case CONNECTION_LOST, TIMED_OUT, CLOSED_HERE -> lost.run();
                        case UNSUPPORTED_VERSION, TOO_MANY, MALFORMED ->
                            throw new AssertionError(request.apiKey() + ": " + reason + ", " + sentence);
                    }
                }
            }
        });
    }

    /** Ends the conversation; whatever is in flight is lost. */
    void hangUp() {
        if (conversation != null) conversation.close();
    }

    /** Does something after a pause, as after a failure. */
    void afterPause(Runnable then) {
        shared.lane().schedule(random.nextInt(LEAST_PAUSE_MS, MOST_PAUSE_MS), then);
    }

    /** Every failed request is told of by itself. */
    private enum Ends implements ClientConversationEvents {
        UNHEARD;

        @Override
        public void onReady(ClientConversation ready) {}

        @Override
        public void onClosed(ClientConversation closed, CloseReason reason) {}
    }
}
