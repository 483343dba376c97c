package io.millrace.connection.run;

import io.millrace.connection.CloseReason;
import io.millrace.connection.ForeignProtocol;
import io.millrace.connection.FrameReader;
import io.millrace.connection.FrameSink;
import io.millrace.connection.PooledBuffer;
import io.millrace.connection.VersionChoice;
import io.millrace.connection.sasl.SaslExchange;
import io.millrace.connection.sasl.SaslLogin;
import io.millrace.environment.Connection;
import io.millrace.environment.ConnectionEvents;
import io.millrace.environment.Lane;
import io.millrace.environment.TlsRefused;
import io.millrace.environment.Transport;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.MalformedMessage;
import io.millrace.protocol.ProtocolReader;
import io.millrace.protocol.ProtocolWriter;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.UnsupportedVersion;
import io.millrace.protocol.messages.ApiVersionsRequest;
import io.millrace.protocol.messages.ApiVersionsResponse;
import io.millrace.protocol.messages.RequestHeader;
import io.millrace.protocol.messages.SaslAuthenticateRequest;
import io.millrace.protocol.messages.SaslAuthenticateResponse;
import io.millrace.protocol.messages.SaslHandshakeRequest;
import io.millrace.protocol.messages.SaslHandshakeResponse;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A client's end of one connection: asks the server for its versions (KIP-35, KIP-511), sends requests in the highest
 * version both know, and hands each its answer, in the order they were sent. A request that is not answered in time takes
 * the connection down, as nothing tells whether the rest of the stream can be trusted. Everything happens on one lane.
 */
public final class ClientConversation implements ConnectionEvents {
    private static final int MAX_BYTES_PER_READ_EVENT = 512 * 1024;
    /** Before, SaslHandshake was followed by bytes outside of requests. */
    private static final short FIRST_SASL_WITHIN_REQUESTS = 1;

    /** A request handed in; its turn to be answered is its place in the queue. */
    private record Pending(
            Request request, short maxVersion, short version, int correlationId, long untilMs, Consumer<Answer> then) {
        Pending sentAs(short chosenVersion, int chosenCorrelationId) {
            return new Pending(request, maxVersion, chosenVersion, chosenCorrelationId, untilMs, then);
        }
    }

    private enum State {
        CONNECTING,
        NEGOTIATING,
        LOGGING_IN,
        READY,
        CLOSED
    }

    private final ConversationLane shared;
    private final ClientSettings settings;
    private final ClientConversationEvents events;
    private final InetSocketAddress address;
    private final FrameReader reader;
    private final FrameWriter writer;
    private final FrameSink onFrame = this::onFrame;
    private final Runnable flush = this::flush;
    private final ArrayDeque<Pending> waiting = new ArrayDeque<>();
    private final ArrayDeque<Pending> inFlight = new ArrayDeque<>();
    private final VersionChoice versions = new VersionChoice();
    private final long readyUntilMs;

    private State state = State.CONNECTING;
    private @Nullable Connection connection;
    private int nextCorrelationId;
    private boolean isFlushAsked;
    private boolean isStarved;
    /** What the answer that is being told lies in, unless it was taken over. */
    private @Nullable PooledBuffer answerBuffer;

    private Lane.@Nullable Timer watch;
    private long watchAtMs;

    private ClientConversation(
            InetSocketAddress address,
            ConversationLane shared,
            ClientSettings settings,
            PayloadFiles files,
            ClientConversationEvents events) {
        this.address = address;
        this.shared = shared;
        this.settings = settings;
        this.events = events;
        this.reader = new FrameReader(shared.pool(), settings.maxResponseBytes());
        this.writer = new FrameWriter(shared, files);
        this.readyUntilMs = shared.nowMs() + settings.connectMs();
    }

    /**
     * Begins to connect; requests may be handed in at once. Called on the lane of {@code shared}.
     *
     * @param files where records that are not in memory lie
     */
    public static ClientConversation open(
            Transport transport,
            InetSocketAddress address,
            ConversationLane shared,
            ClientSettings settings,
            PayloadFiles files,
            ClientConversationEvents events) {
        var conversation = new ClientConversation(address, shared, settings, files, events);
        shared.counters().opened();
        conversation.connection = transport.connect(address, shared.lane(), conversation);
        conversation.keepWatch(conversation.readyUntilMs);
        return conversation;
    }

    /** Whom it talks to. */
    public InetSocketAddress address() {
        return address;
    }

    /** Whether the server's versions are known and it has not ended. */
    public boolean isReady() {
        return state == State.READY;
    }

    /** Whether it has ended. */
    public boolean isClosed() {
        return state == State.CLOSED;
    }

    /** What the server said about its versions, its features among them, once it is ready. */
    public VersionChoice versions() {
        return versions;
    }

    /** Requests handed in and not answered. */
    public int requestsInFlight() {
        return waiting.size() + inFlight.size();
    }

    /** Sends a request in the highest version both sides know. The answer comes later, on the lane. */
    public void send(Request request, Consumer<Answer> then) {
        send(request, request.apiKey().latestStableVersion(), settings.requestMs(), then);
    }

    /**
     * Sends a request. The answer comes later, on the lane.
     *
     * @param maxVersion highest version to use
     * @param timeoutMs how long it may take from now
     */
    public void send(Request request, short maxVersion, long timeoutMs, Consumer<Answer> then) {
        if (state == State.CLOSED) {
            failLater(then, Answer.Reason.CONNECTION_LOST, "the conversation with " + address + " has ended");
        } else if (requestsInFlight() >= settings.maxRequestsInFlight()) {
            failLater(
                    then,
                    Answer.Reason.TOO_MANY,
                    settings.maxRequestsInFlight() + " requests to " + address + " are in flight already");
        } else {
            var pending = new Pending(request, maxVersion, (short) -1, 0, shared.nowMs() + timeoutMs, then);
            if (state == State.READY) {
                dispatch(pending);
            } else {
                waiting.add(pending);
            }
            keepWatch(pending.untilMs());
        }
    }

    /** {@link #sendWithoutAnswer(Request, short, Runnable)} in the highest version both sides know. */
    public boolean sendWithoutAnswer(Request request) {
        return sendWithoutAnswer(request, request.apiKey().latestStableVersion(), null);
    }

    /**
     * Sends a request that the server does not answer, such as Produce with acks=0. It has to be ready.
     *
     * @param maxVersion highest version to use
     * @param whenDone run once the request has left, or never will; its records are not needed from then on. Null for
     *     nothing
     * @return false if it has no version in common with the server; {@code whenDone} is then not run
     */
    public boolean sendWithoutAnswer(Request request, short maxVersion, @Nullable Runnable whenDone) {
        if (state != State.READY) throw new IllegalStateException("the conversation with " + address + " is not ready");
        short version = versions.highestCommon(request.apiKey(), maxVersion);
        if (version < 0) return false;
        write(request, version, nextCorrelationId++, whenDone);
        return true;
    }

    private void failLater(Consumer<Answer> then, Answer.Reason reason, String sentence) {
        shared.lane().execute(() -> then.accept(new Answer.Failed(reason, sentence)));
    }

    private void dispatch(Pending pending) {
        ApiKey apiKey = pending.request().apiKey();
        short version = versions.highestCommon(apiKey, pending.maxVersion());
        if (version < 0) {
            failLater(
                    pending.then(),
                    Answer.Reason.UNSUPPORTED_VERSION,
                    address + " knows no version of " + apiKey + " that is known here");
            return;
        }
        Pending sent = pending.sentAs(version, nextCorrelationId++);
        try {
            if (write(sent.request(), version, sent.correlationId())) inFlight.add(sent);
            else failLater(pending.then(), Answer.Reason.CONNECTION_LOST, "the request could not be written");
        } catch (UnsupportedVersion e) {
            failLater(
                    pending.then(),
                    Answer.Reason.UNSUPPORTED_VERSION,
                    address + " knows " + apiKey + " only in versions that cannot say it: " + e.getMessage());
        }
    }

    /** False if that ended the conversation. */
    private boolean write(Request request, short version, int correlationId) {
        return write(request, version, correlationId, null);
    }

    private boolean write(Request request, short version, int correlationId, @Nullable Runnable whenDone) {
        ApiKey apiKey = request.apiKey();
        ProtocolWriter out = writer.beginFrame();
        RequestHeader.builder()
                .requestApiKey(apiKey.code())
                .requestApiVersion(version)
                .correlationId(correlationId)
                .clientId(settings.clientId())
                .build()
                .write(out, apiKey.requestHeaderVersion(version));
        request.write(out, version);
        try {
            writer.endFrame(out, whenDone);
        } catch (IOException e) {
            end(CloseReason.Kind.REPLY_FAILED, Answer.Reason.CONNECTION_LOST, "got no request: " + e.getMessage(), e);
            return false;
        }
        flushSoon();
        return true;
    }

    private void flushSoon() {
        if (isFlushAsked) return;
        isFlushAsked = true;
        shared.lane().execute(flush);
    }

    private void flush() {
        isFlushAsked = false;
        Connection open = connection;
        if (state == State.CLOSED || state == State.CONNECTING || open == null) return;
        try {
            open.wantWrites(writer.flush(open));
        } catch (IOException e) {
            lost("took no request: " + e.getMessage(), e);
        }
    }

    @Override
    public void onConnected() {
        state = State.NEGOTIATING;
        askForVersions(ApiKey.API_VERSIONS.latestStableVersion());
    }

    private void askForVersions(short version) {
        var request = ApiVersionsRequest.builder()
                .clientSoftwareName(settings.softwareName())
                .clientSoftwareVersion(settings.softwareVersion())
                .build();
        ask(request, version, this::versionsAnswered);
    }

    /** Sends a request of the conversation's own. */
    private void ask(Request request, short version, Consumer<Answer> then) {
        int correlationId = nextCorrelationId++;
        inFlight.add(new Pending(request, version, version, correlationId, readyUntilMs, then));
        write(request, version, correlationId);
    }

    private void versionsAnswered(Answer answer) {
        if (!(answer instanceof Answer.Answered(ApiVersionsResponse response, short version))) return;
        ErrorCode error = ErrorCode.forCode(response.errorCode());
        if (error == ErrorCode.UNSUPPORTED_VERSION && version > 0) {
            askForVersions(VersionChoice.apiVersionsAfterRefusal(response, version));
            return;
        }
        if (error != ErrorCode.NONE) {
            end(
                    CloseReason.Kind.REQUEST_REFUSED,
                    Answer.Reason.CONNECTION_LOST,
                    "answered ApiVersions with " + error,
                    null);
            return;
        }
        versions.learn(response);
        SaslLogin login = settings.login();
        if (login == null) getReady();
        else logIn(login.newExchange());
    }

    /** SASL within requests (KIP-43, KIP-152): the mechanism is agreed upon, then each says what the mechanism has it say. */
    private void logIn(SaslExchange exchange) {
        state = State.LOGGING_IN;
        short version = versions.highestCommon(ApiKey.SASL_HANDSHAKE, ApiKey.SASL_HANDSHAKE.latestStableVersion());
        if (version < FIRST_SASL_WITHIN_REQUESTS) {
            notLoggedIn("does not know SASL");
            return;
        }
        ask(new SaslHandshakeRequest(exchange.mechanism()), version, answer -> {
            if (!(answer instanceof Answer.Answered(SaslHandshakeResponse response, short spoken))) return;
            ErrorCode error = ErrorCode.forCode(response.errorCode());
            if (error == ErrorCode.NONE) say(exchange, exchange.begin());
            else
                notLoggedIn("does not take SASL mechanism " + exchange.mechanism()
                        + (response.mechanisms().isEmpty()
                                ? " (" + error + ")"
                                : "; it takes " + response.mechanisms()));
        });
    }

    private void say(SaslExchange exchange, byte[] words) {
        short version =
                versions.highestCommon(ApiKey.SASL_AUTHENTICATE, ApiKey.SASL_AUTHENTICATE.latestStableVersion());
        if (version < 0) {
            notLoggedIn("does not know SaslAuthenticate");
            return;
        }
        ask(new SaslAuthenticateRequest(words), version, answer -> {
            if (!(answer instanceof Answer.Answered(SaslAuthenticateResponse response, short spoken))) return;
            ErrorCode error = ErrorCode.forCode(response.errorCode());
            if (error == ErrorCode.NONE) heard(exchange, response.authBytes());
            else
                notLoggedIn("refused the login by " + exchange.mechanism() + ": "
                        + (response.errorMessage() == null ? error.message() : response.errorMessage()));
        });
    }

    /** What a mechanism computes may take too long for a lane. */
    private void heard(SaslExchange exchange, byte[] challenge) {
        shared.lane().<byte[]>offload(() -> exchange.answer(challenge), outcome -> {
            if (state != State.LOGGING_IN) return;
            switch (outcome) {
                case Lane.Outcome.Failed<byte[]>(Exception cause) ->
                    notLoggedIn("cannot be logged in to by " + exchange.mechanism() + ": " + cause.getMessage());
                case Lane.Outcome.Done<byte[]>(byte[] words) -> {
                    if (words.length > 0 || !exchange.isComplete()) say(exchange, words);
                    else getReady();
                }
            }
        });
    }

    private void notLoggedIn(String sentence) {
        end(CloseReason.Kind.NOT_AUTHENTICATED, Answer.Reason.CONNECTION_LOST, sentence, null);
    }

    private void getReady() {
        state = State.READY;
        for (Pending next = waiting.poll(); next != null && state == State.READY; next = waiting.poll()) dispatch(next);
        if (state == State.READY) events.onReady(this);
    }

    @Override
    public void onReadable() {
        int eventBytes = 0;
        while (eventBytes < MAX_BYTES_PER_READ_EVENT && state != State.CLOSED && !isStarved) {
            ByteBuffer target = reader.target(shared.readBuffer());
            int roomBytes = target.remaining();
            int readBytes;
            try {
                readBytes = Objects.requireNonNull(connection).read(target);
            } catch (IOException e) {
                lost("broke the connection: " + e.getMessage(), e);
                return;
            }
            if (readBytes < 0) {
                lost("ended its stream", null);
                return;
            }
            if (readBytes == 0) return;
            shared.counters().read(readBytes);
            eventBytes += readBytes;
            take(reader.filled(target, onFrame));
            if (readBytes < roomBytes) return;
        }
    }

    private void take(FrameReader.Progress progress) {
        if (state == State.CLOSED) return;
        switch (progress) {
            case FrameReader.Progress.Going going -> {}
            case FrameReader.Progress.Held held -> throw new IllegalStateException("answers are always taken");
            case FrameReader.Progress.Starved starved -> {
                isStarved = true;
                Objects.requireNonNull(connection).wantReads(false);
                shared.pool().whenLargeReturns(() -> shared.lane().execute(this::retryStarved));
            }
            case FrameReader.Progress.Refused(CloseReason reason) ->
                end(reason.kind(), Answer.Reason.MALFORMED, reason.sentence(), null);
            case FrameReader.Progress.Foreign(ForeignProtocol protocol) ->
                end(CloseReason.Kind.FOREIGN_PROTOCOL, Answer.Reason.MALFORMED, protocol.sentence(), null);
        }
    }

    private void retryStarved() {
        if (state == State.CLOSED) return;
        isStarved = false;
        take(reader.resume(onFrame));
        if (state != State.CLOSED && !isStarved)
            Objects.requireNonNull(connection).wantReads(true);
    }

    private boolean onFrame(ByteBuffer frame, @Nullable PooledBuffer owner) {
        answerBuffer = owner;
        try {
            answered(frame);
        } catch (MalformedMessage e) {
            end(CloseReason.Kind.REQUEST_REFUSED, Answer.Reason.MALFORMED, "sent no answer: " + e.getMessage(), e);
        } finally {
            PooledBuffer buffer = takeAnswerBuffer();
            if (buffer != null) buffer.release();
        }
        return true;
    }

    /**
     * Takes over the buffer of the answer that is being told, whose records then stay valid until it is released. Called while an
     * answer is told, at most once for each.
     *
     * @return null if the answer lies in the lane's shared buffer, as small ones may, or none is being told
     */
    public @Nullable PooledBuffer takeAnswerBuffer() {
        PooledBuffer taken = answerBuffer;
        answerBuffer = null;
        return taken;
    }

    private void answered(ByteBuffer frame) {
        if (state == State.CLOSED) return;
        ProtocolReader in = new ProtocolReader(frame);
        int correlationId = in.readInt32("ResponseHeader.correlationId");
        Pending pending = inFlight.peek();
        if (pending == null || pending.correlationId() != correlationId) {
            String expected = pending == null ? "none" : String.valueOf(pending.correlationId());
            throw new MalformedMessage(
                    "ResponseHeader.correlationId", 0, "is " + correlationId + ", expected " + expected);
        }
        ApiKey apiKey = pending.request().apiKey();
        short version = pending.version();
        Response response;
        if (apiKey == ApiKey.API_VERSIONS && VersionChoice.isRefusal(frame)) {
            response = ApiVersionsResponse.read(in, (short) 0);
        } else {
            if (apiKey.responseHeaderVersion(version) > 0) in.skipTaggedFields("ResponseHeader");
            response = apiKey.readResponse(in, version);
        }
        inFlight.remove();
        pending.then().accept(new Answer.Answered(response, version));
    }

    @Override
    public void onWritable() {
        flush();
    }

    @Override
    public void onClosed(@Nullable IOException cause) {
        String what = state == State.CONNECTING ? "cannot be reached" : "lost the connection";
        lost(cause == null ? what : what + ": " + whyOf(cause), cause);
    }

    /** Without the address, where the cause begins with it as the sentence does. */
    private String whyOf(IOException cause) {
        String why = String.valueOf(cause.getMessage());
        String named = address.getHostString() + ":" + address.getPort() + ": ";
        return why.startsWith(named) ? why.substring(named.length()) : why;
    }

    /** Ends it; requests in flight fail. */
    public void close() {
        end(CloseReason.Kind.CLOSED_HERE, Answer.Reason.CLOSED_HERE, "was left", null);
    }

    private void lost(String sentence, @Nullable IOException cause) {
        CloseReason.Kind kind =
                cause instanceof TlsRefused ? CloseReason.Kind.NOT_AUTHENTICATED : CloseReason.Kind.CONNECTION_LOST;
        end(kind, Answer.Reason.CONNECTION_LOST, sentence, cause);
    }

    private void end(CloseReason.Kind kind, Answer.Reason reason, String sentence, @Nullable Exception cause) {
        if (state == State.CLOSED) return;
        state = State.CLOSED;
        if (connection != null) connection.close();
        reader.release();
        writer.drop();
        if (watch != null) watch.cancel();
        shared.counters().closed(kind);
        Answer.Failed failed = new Answer.Failed(reason, address + " " + sentence);
        for (Pending next = inFlight.poll(); next != null; next = inFlight.poll())
            next.then().accept(failed);
        for (Pending next = waiting.poll(); next != null; next = waiting.poll())
            next.then().accept(failed);
        events.onClosed(this, new CloseReason(kind, sentence, cause));
    }

    /** Has the timer run at a deadline or before; one that runs too early only looks again. */
    private void keepWatch(long atMs) {
        if (state == State.CLOSED) return;
        if (watch != null) {
            if (watchAtMs <= atMs) return;
            watch.cancel();
        }
        watchAtMs = atMs;
        watch = shared.lane().schedule(Math.max(0, atMs - shared.nowMs()), this::look);
    }

    private long earliestDeadlineMs() {
        long earliestMs = state == State.READY ? Long.MAX_VALUE : readyUntilMs;
        for (Pending pending : inFlight) earliestMs = Math.min(earliestMs, pending.untilMs());
        for (Pending pending : waiting) earliestMs = Math.min(earliestMs, pending.untilMs());
        return earliestMs;
    }

    private void look() {
        watch = null;
        long earliestMs = earliestDeadlineMs();
        if (earliestMs > shared.nowMs()) {
            if (earliestMs != Long.MAX_VALUE) keepWatch(earliestMs);
            return;
        }
        String what = state == State.READY ? "did not answer in time" : "could not be reached in time";
        end(CloseReason.Kind.CONNECTION_LOST, Answer.Reason.TIMED_OUT, what, null);
    }
}
