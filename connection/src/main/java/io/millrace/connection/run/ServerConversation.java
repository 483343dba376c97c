package io.millrace.connection.run;

import io.millrace.connection.CloseReason;
import io.millrace.connection.ConversationLimits;
import io.millrace.connection.ConversationPatience;
import io.millrace.connection.ForeignProtocol;
import io.millrace.connection.FrameReader;
import io.millrace.connection.FrameSink;
import io.millrace.connection.PooledBuffer;
import io.millrace.connection.RequestIntake;
import io.millrace.environment.Connection;
import io.millrace.environment.ConnectionEvents;
import io.millrace.environment.Lane;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.MalformedMessage;
import io.millrace.protocol.ProtocolWriter;
import io.millrace.protocol.Response;
import io.millrace.protocol.messages.ApiVersionsResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A server's end of one connection: requests in, replies out in the order of the requests, whatever order they are
 * answered in. Everything happens on the connection's lane.
 *
 * <p>A peer that asks faster than it is answered, or does not take its replies, is not read from: TCP tells it to wait.
 */
public final class ServerConversation implements ConnectionEvents {
    /** Bytes read at one event before other conversations get their turn. */
    private static final int MAX_BYTES_PER_READ_EVENT = 512 * 1024;

    private static final short ANSWERED_AS_VERSION = 0;

    private final Connection connection;
    private ConversationLane shared;
    private final ConversationLimits limits;
    private final ApiKey.Listener listener;
    private final RequestSink sink;
    private final ServerConversationEvents events;
    private final FrameReader reader;
    private final FrameWriter writer;
    private final ConversationPatience patience;
    private final FrameSink onFrame = this::onFrame;
    private final Runnable work = this::workAsked;
    private final ArrayDeque<RequestFrame> inFlight = new ArrayDeque<>(1);

    private long inFlightBytes;
    private boolean isStarved;
    private boolean isPaused;
    private boolean isTakingIn;
    private boolean isWorkAsked;
    private boolean isClosed;
    private @Nullable CloseReason closeWhenSent;
    private @Nullable ConversationLane movingTo;
    private @Nullable Supplier<Runnable> whenLeaving;
    private Lane.@Nullable Timer watch;
    private long watchAtMs;

    private ServerConversation(
            Connection connection,
            ConversationLane shared,
            ConversationLimits limits,
            ApiKey.Listener listener,
            boolean isAuthenticated,
            PayloadFiles files,
            RequestSink sink,
            ServerConversationEvents events) {
        this.connection = connection;
        this.shared = shared;
        this.limits = limits;
        this.listener = listener;
        this.sink = sink;
        this.events = events;
        this.reader = new FrameReader(
                shared.pool(), isAuthenticated ? limits.maxFrameBytes() : limits.maxFrameBytesBeforeAuthentication());
        this.writer = new FrameWriter(shared, files);
        this.patience = new ConversationPatience(limits, isAuthenticated, shared.nowMs());
    }

    /**
     * Begins a conversation on a connection that was just accepted, on its lane. The result is what hears the connection's
     * events.
     *
     * @param shared what the lane's conversations share
     * @param listener the kind of listener it was accepted on
     * @param isAuthenticated whether its peer needs not say who it is, as on a PLAINTEXT listener
     * @param files where records that are not in memory lie
     */
    public static ServerConversation begin(
            Connection connection,
            ConversationLane shared,
            ConversationLimits limits,
            ApiKey.Listener listener,
            boolean isAuthenticated,
            PayloadFiles files,
            RequestSink sink,
            ServerConversationEvents events) {
        var conversation =
                new ServerConversation(connection, shared, limits, listener, isAuthenticated, files, sink, events);
        shared.counters().opened();
        conversation.keepWatch();
        return conversation;
    }

    /** The connection, for its addresses and number; reading, writing and closing are the conversation's. */
    public Connection connection() {
        return connection;
    }

    /** Whether it has ended. */
    public boolean isClosed() {
        return isClosed;
    }

    /** Requests taken in and not answered. */
    public int requestsInFlight() {
        return inFlight.size();
    }

    /** The peer has said who it is: requests may be larger now. */
    public void authenticated() {
        patience.authenticated();
        reader.limitFrames(limits.maxFrameBytes());
    }

    /**
     * Moves it to another lane at the next moment when nothing is under way: no request, no reply, no part of a frame. Until
     * then no new request is read, so that the moment comes. From then on everything happens on the other lane.
     *
     * @param to what the other lane's conversations share
     * @param leaving run once, as the last thing on this lane; what it gives is run as the first thing on the other lane.
     *     Never run if the conversation is closed before
     * @throws IllegalStateException if it is moving already, or there already
     */
    public void moveTo(ConversationLane to, Supplier<Runnable> leaving) {
        if (movingTo != null || to == shared) throw new IllegalStateException("a conversation is moved twice");
        movingTo = to;
        whenLeaving = leaving;
        if (!isTakingIn) workSoon();
    }

    private boolean isAtRest() {
        return inFlight.isEmpty()
                && writer.waitingBytes() == 0
                && !reader.isInFrame()
                && !reader.isHolding()
                && !isStarved
                && !isWorkAsked;
    }

    /** The last this lane does with it. */
    private void leave(ConversationLane to) {
        if (watch != null) watch.cancel();
        watch = null;
        shared.counters().movedOut();
        reader.lendFrom(to.pool());
        writer.moveTo(to);
        Runnable first = whenLeaving == null ? () -> {} : whenLeaving.get();
        whenLeaving = null;
        movingTo = null;
        shared = to;
        connection.moveTo(to.lane(), () -> arrive(first));
    }

    private void arrive(Runnable first) {
        shared.counters().movedIn();
        first.run();
        if (!isClosed) settle();
    }

    /** Answers a request; see {@link #reply(RequestFrame, Response, Runnable)}. */
    public void reply(RequestFrame frame, Response response) {
        answer(frame, response, null);
    }

    /**
     * Answers a request, in the version it was asked in. The reply leaves once all requests before it are answered.
     *
     * @param response it, and the records in it, stay as they are until {@code whenDone}
     * @param whenDone run once, on the lane, when the reply has been sent or will never be
     * @throws IllegalStateException if the request has been answered already
     */
    public void reply(RequestFrame frame, Response response, Runnable whenDone) {
        answer(frame, response, whenDone);
    }

    /** Marks a request as one that gets no reply, as a Produce with acks=0. */
    public void replyWithout(RequestFrame frame) {
        answer(frame, null, null);
    }

    private void answer(RequestFrame frame, @Nullable Response response, @Nullable Runnable whenDone) {
        if (frame.conversation() != this) throw new IllegalArgumentException("a request of another conversation");
        if (frame.isAnswered) throw new IllegalStateException("a request " + frame.apiKey() + " is answered twice");
        frame.isAnswered = true;
        if (isClosed) {
            if (whenDone != null) whenDone.run();
            return;
        }
        frame.response = response;
        frame.whenDone = whenDone;
        if (!isTakingIn && inFlight.peek() == frame) workSoon();
    }

    /** Replies that come one by one in the same turn of the lane leave together. */
    private void workSoon() {
        if (isWorkAsked) return;
        isWorkAsked = true;
        shared.lane().execute(work);
    }

    /** Closes it now; replies not sent yet are dropped. */
    public void close(CloseReason reason) {
        if (isClosed) return;
        isClosed = true;
        connection.close();
        reader.release();
        if (watch != null) watch.cancel();
        shared.counters().closed(reason.kind());
        writer.drop();
        for (RequestFrame frame = inFlight.poll(); frame != null; frame = inFlight.poll()) {
            Runnable whenDone = frame.whenDone;
            frame.whenDone = null;
            frame.response = null;
            if (whenDone != null) whenDone.run();
        }
        events.onClosed(this, reason);
    }

    /** Reads no more, and closes it once the requests in flight are answered and their replies sent. */
    public void closeWhenSent(CloseReason reason) {
        if (closeWhenSent != null) return;
        closeWhenSent = reason;
        if (!isTakingIn) workSoon();
    }

    @Override
    public void onReadable() {
        if (isClosed) return;
        isTakingIn = true;
        try {
            readBounded();
        } finally {
            isTakingIn = false;
        }
        work();
    }

    private void readBounded() {
        int eventBytes = 0;
        while (eventBytes < MAX_BYTES_PER_READ_EVENT && mayRead()) {
            ByteBuffer target = movingTo == null
                    ? reader.target(shared.readBuffer())
                    : reader.targetWithinFrame(shared.readBuffer());
            int roomBytes = target.remaining();
            int readBytes;
            try {
                readBytes = connection.read(target);
            } catch (IOException e) {
                close(new CloseReason(CloseReason.Kind.CONNECTION_LOST, "broke the connection: " + e.getMessage(), e));
                return;
            }
            if (readBytes < 0) {
                close(endOfStream());
                return;
            }
            if (readBytes == 0) return;
            shared.counters().read(readBytes);
            eventBytes += readBytes;
            take(reader.filled(target, onFrame));
            if (isClosed) return;
            notePartOfFrame();
            if (readBytes < roomBytes) return;
        }
    }

    private CloseReason endOfStream() {
        if (!reader.isInFrame()) return new CloseReason(CloseReason.Kind.ENDED_BY_PEER, "ended its stream");
        return new CloseReason(CloseReason.Kind.ENDED_BY_PEER, "ended its stream in the middle of a frame");
    }

    private void notePartOfFrame() {
        long nowMs = shared.nowMs();
        if (reader.isInFrame()) {
            patience.readPartOfFrame(reader.framesBegun(), reader.partialFrameBytes(), nowMs);
        } else {
            patience.readWholeFrames(nowMs);
        }
    }

    private void take(FrameReader.Progress progress) {
        isStarved = false;
        if (isClosed) return;
        switch (progress) {
            case FrameReader.Progress.Going going -> {}
            case FrameReader.Progress.Held held -> {}
            case FrameReader.Progress.Starved starved -> {
                isStarved = true;
                shared.pool().whenLargeReturns(() -> shared.lane().execute(this::retryStarved));
            }
            case FrameReader.Progress.Refused(CloseReason reason) -> refuse(reason);
            case FrameReader.Progress.Foreign(ForeignProtocol protocol) -> {
                if (protocol == ForeignProtocol.HTTP) writer.queueRaw(HTTP_ANSWER);
                refuse(new CloseReason(CloseReason.Kind.FOREIGN_PROTOCOL, protocol.sentence()));
            }
        }
    }

    private void retryStarved() {
        isStarved = false;
        work();
    }

    private void refuse(CloseReason reason) {
        // Requests before it may still be answered, as they would have been had it come a little later.
        closeWhenSent = reason;
    }

    private boolean onFrame(ByteBuffer frame, @Nullable PooledBuffer owner) {
        switch (RequestIntake.of(frame, listener)) {
            case RequestIntake.Accepted header ->
                handOver(new RequestFrame(this, header, frame, owner, shared.nowMs()));
            case RequestIntake.NegotiateDown(int correlationId) -> negotiateDown(correlationId, frame, owner);
            case RequestIntake.Refused(CloseReason reason) -> {
                if (owner != null) owner.release();
                refuse(reason);
            }
        }
        if (!isClosed) queueAnswered();
        return mayTakeMore();
    }

    private void handOver(RequestFrame frame) {
        admit(frame);
        try {
            sink.onRequest(this, frame);
        } catch (MalformedMessage e) {
            close(new CloseReason(
                    CloseReason.Kind.REQUEST_REFUSED,
                    "sent a malformed request " + frame.apiKey() + " of version " + frame.version() + ": "
                            + e.getMessage(),
                    e));
        } finally {
            frame.callEnded();
        }
    }

    private void negotiateDown(int correlationId, ByteBuffer frame, @Nullable PooledBuffer owner) {
        var header = new RequestIntake.Accepted(
                ApiKey.API_VERSIONS, ANSWERED_AS_VERSION, correlationId, null, frame.remaining());
        RequestFrame request = new RequestFrame(this, header, frame, owner, shared.nowMs());
        admit(request);
        request.isAnswered = true;
        request.response = UNSUPPORTED_API_VERSIONS;
        request.callEnded();
    }

    private void admit(RequestFrame frame) {
        shared.counters().request();
        inFlight.add(frame);
        inFlightBytes += frame.sizeBytes();
    }

    private boolean mayTakeMore() {
        return !isClosed
                && closeWhenSent == null
                && inFlight.size() < limits.maxRequestsInFlight()
                && inFlightBytes < limits.maxRequestBytesInFlight()
                && writer.waitingBytes() < limits.maxReplyBytesWaiting();
    }

    private boolean mayResume() {
        return reader.isHolding() && !isStarved && mayTakeMore();
    }

    private boolean mayRead() {
        return mayTakeMore() && !isStarved && !reader.isHolding() && (movingTo == null || reader.isInFrame());
    }

    /** Until the task has run, the conversation cannot leave its lane, though the work may have been done meanwhile. */
    private void workAsked() {
        isWorkAsked = false;
        work();
    }

    /** Sends the replies whose turn has come, goes on with held bytes, and sees what is to be waited for next. */
    private void work() {
        if (isClosed) return;
        isTakingIn = true;
        try {
            queueAnswered();
            while (mayResume()) {
                take(reader.resume(onFrame));
                if (!isClosed) queueAnswered();
            }
        } finally {
            isTakingIn = false;
        }
        if (!isClosed) flush();
        if (!isClosed) settle();
    }

    private void queueAnswered() {
        for (RequestFrame head = inFlight.peek(); head != null && head.isAnswered; head = inFlight.peek()) {
            inFlight.remove();
            inFlightBytes -= head.sizeBytes();
            Response response = head.response;
            if (response != null && !queue(head, response)) return;
        }
    }

    /** False if that closed the conversation. */
    private boolean queue(RequestFrame frame, Response response) {
        Runnable whenDone = frame.whenDone;
        boolean isQueued = false;
        try {
            ProtocolWriter out = writer.beginFrame();
            out.writeInt32(frame.correlationId());
            if (frame.apiKey().responseHeaderVersion(frame.version()) > 0) out.writeUnsignedVarint(0);
            response.write(out, frame.version());
            isQueued = true;
            writer.endFrame(out, whenDone);
            shared.counters().reply();
            return true;
        } catch (IOException | RuntimeException e) {
            // The peer cannot be given a reply out of order, and nothing else; the listener learns whose fault it was.
            if (!isQueued && whenDone != null) whenDone.run();
            close(new CloseReason(
                    CloseReason.Kind.REPLY_FAILED,
                    "gets no reply to its request " + frame.apiKey() + " of version " + frame.version() + ": "
                            + e.getMessage(),
                    e));
            return false;
        }
    }

    private void flush() {
        long waitingBefore = writer.waitingBytes();
        if (waitingBefore == 0) return;
        boolean isLeft;
        try {
            isLeft = writer.flush(connection);
        } catch (IOException e) {
            close(new CloseReason(CloseReason.Kind.CONNECTION_LOST, "took no reply: " + e.getMessage(), e));
            return;
        }
        if (isClosed) return;
        patience.wrote(writer.waitingBytes(), writer.waitingBytes() < waitingBefore, shared.nowMs());
        connection.wantWrites(isLeft);
    }

    private void settle() {
        CloseReason ending = closeWhenSent;
        if (ending != null && inFlight.isEmpty() && writer.waitingBytes() == 0) {
            close(ending);
            return;
        }
        if (mayResume()) workSoon();
        ConversationLane to = movingTo;
        if (to != null && isAtRest()) {
            leave(to);
            return;
        }
        boolean pause = !mayRead();
        if (pause != isPaused) {
            isPaused = pause;
            patience.pausedOrResumed(shared.nowMs());
            connection.wantReads(!pause);
        }
        patience.busy(pause || !inFlight.isEmpty());
        keepWatch();
    }

    @Override
    public void onWritable() {
        work();
    }

    @Override
    public void onClosed(@Nullable IOException cause) {
        String why = cause == null ? "lost the connection" : "lost the connection: " + cause.getMessage();
        close(new CloseReason(CloseReason.Kind.CONNECTION_LOST, why, cause));
    }

    /** Has the timer run no later than patience may end; one that runs too early only looks again. */
    private void keepWatch() {
        long nowMs = shared.nowMs();
        long atMs = patience.lookAgainAtMs(nowMs);
        if (watch != null) {
            if (watchAtMs <= atMs) return;
            watch.cancel();
        }
        watchAtMs = atMs;
        watch = shared.lane().schedule(Math.max(0, atMs - nowMs), this::look);
    }

    private void look() {
        watch = null;
        CloseReason ended = patience.endedBy(shared.nowMs()).orElse(null);
        if (ended != null) close(ended);
        else keepWatch();
    }

    ConversationLane shared() {
        return shared;
    }

    /** What an ApiVersions request of a version unknown here is told: which versions of ApiVersions there are (KIP-511). */
    private static final ApiVersionsResponse UNSUPPORTED_API_VERSIONS = ApiVersionsResponse.builder()
            .errorCode(ErrorCode.UNSUPPORTED_VERSION.code())
            .apiKeys(List.of(ApiVersionsResponse.ApiVersion.builder()
                    .apiKey(ApiKey.API_VERSIONS.code())
                    .minVersion(ApiKey.API_VERSIONS.oldestVersion())
                    .maxVersion(ApiKey.API_VERSIONS.latestStableVersion())
                    .build()))
            .build();

    private static final byte[] HTTP_ANSWER = httpAnswer();

    private static byte[] httpAnswer() {
        String sentence = "This port speaks the Kafka protocol, not HTTP: point a Kafka client at it.\n";
        String answer = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: "
                + sentence.length() + "\r\nConnection: close\r\n\r\n" + sentence;
        return answer.getBytes(StandardCharsets.US_ASCII);
    }
}
