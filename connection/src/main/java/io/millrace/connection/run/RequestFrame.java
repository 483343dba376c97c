package io.millrace.connection.run;

import io.millrace.connection.PooledBuffer;
import io.millrace.connection.RequestIntake;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ProtocolReader;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One request, and the place in its conversation's order that its reply will take. Its body lies in a buffer that is on
 * loan for the call of {@link RequestSink#onRequest}; whoever needs it longer says {@link #retain} before reading it, and
 * {@link #release} once nothing that was read from it is in use any more.
 */
public final class RequestFrame {
    private final ServerConversation conversation;
    /** The lane it came in on, where its buffer belongs. */
    private final ConversationLane shared;

    private final ApiKey apiKey;
    private final short version;
    private final int correlationId;
    private final @Nullable String clientId;
    private final int sizeBytes;
    private final long receivedAtMs;
    private ByteBuffer body;
    private @Nullable PooledBuffer owner;
    private boolean isLoanOver;
    private boolean isRetained;

    // The reply, kept until its turn comes; touched by the conversation only.
    boolean isAnswered;

    @Nullable
    Response response;

    @Nullable
    Runnable whenDone;

    RequestFrame(
            ServerConversation conversation,
            RequestIntake.Accepted header,
            ByteBuffer frame,
            @Nullable PooledBuffer owner,
            long receivedAtMs) {
        this.conversation = conversation;
        this.shared = conversation.shared();
        this.apiKey = header.apiKey();
        this.version = header.version();
        this.correlationId = header.correlationId();
        this.clientId = header.clientId();
        this.sizeBytes = frame.remaining();
        this.receivedAtMs = receivedAtMs;
        this.body = frame.slice(frame.position() + header.bodyAt(), frame.remaining() - header.bodyAt());
        this.owner = owner;
    }

    /** The conversation it came in. */
    public ServerConversation conversation() {
        return conversation;
    }

    /** Which API it asks. */
    public ApiKey apiKey() {
        return apiKey;
    }

    /** In which version, one that is supported; its reply has the same. */
    public short version() {
        return version;
    }

    /** What its reply repeats. */
    public int correlationId() {
        return correlationId;
    }

    /** What the client calls itself; null if nothing. */
    public @Nullable String clientId() {
        return clientId;
    }

    /** Header and body, in bytes. */
    public int sizeBytes() {
        return sizeBytes;
    }

    /** When it had come in whole, in monotonic milliseconds. */
    public long receivedAtMs() {
        return receivedAtMs;
    }

    /**
     * The body, from position to limit.
     *
     * @throws IllegalStateException if it is not on loan any more
     */
    public ByteBuffer body() {
        if (isLoanOver) throw new IllegalStateException("the body of a request " + apiKey + " is used after its time");
        return body;
    }

    /**
     * Reads the body. What is read may share its bytes, and lives as long as they do. Bytes behind the request are
     * ignored, as Kafka ignores them.
     *
     * @throws io.millrace.protocol.MalformedMessage if it is not a request of its API and version
     */
    public Request read() {
        return apiKey.readRequest(new ProtocolReader(body()), version);
    }

    /**
     * Keeps the body until {@link #release}, copying it if it lies in the lane's shared buffer. Called at most once, during
     * {@link RequestSink#onRequest}, before anything is read.
     */
    public void retain() {
        if (isLoanOver || isRetained) throw new IllegalStateException("a request " + apiKey + " is retained too late");
        isRetained = true;
        if (owner != null) return;
        PooledBuffer copy = shared.pool().lend(body.remaining());
        copy.bytes().put(body).flip();
        owner = copy;
        body = copy.bytes();
    }

    /** Gives the body of a retained request back; may be called on any lane, once. */
    public void release() {
        if (shared.lane().isCurrent()) {
            giveBack();
        } else {
            shared.lane().execute(this::giveBack);
        }
    }

    private void giveBack() {
        if (!isRetained || isLoanOver) {
            throw new IllegalStateException("a request " + apiKey + " is released that was not retained");
        }
        endLoan();
    }

    /** The sink has returned: what it did not retain goes back. */
    void callEnded() {
        if (!isRetained) endLoan();
    }

    private void endLoan() {
        isLoanOver = true;
        PooledBuffer buffer = owner;
        owner = null;
        if (buffer != null) buffer.release();
    }
}
