package io.millrace.server.controller;

import io.millrace.connection.ReconnectBackoff;
import io.millrace.connection.run.Answer;
import io.millrace.controller.Controller;
import io.millrace.controller.ControllerContext;
import io.millrace.controller.Decision;
import io.millrace.environment.Environment;
import io.millrace.environment.Lane;
import io.millrace.metadata.MetadataImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Request;
import io.millrace.protocol.Response;
import io.millrace.protocol.messages.AllocateProducerIdsResponse;
import io.millrace.protocol.messages.AlterPartitionResponse;
import io.millrace.protocol.messages.AssignReplicasToDirsResponse;
import io.millrace.protocol.messages.BrokerHeartbeatResponse;
import io.millrace.protocol.messages.BrokerRegistrationResponse;
import io.millrace.protocol.messages.CreatePartitionsRequest;
import io.millrace.protocol.messages.CreateTopicsRequest;
import io.millrace.protocol.messages.DeleteTopicsRequest;
import io.millrace.protocol.messages.EnvelopeResponse;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.quorum.PeerLines;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The way to the active controller, wherever it is: this process decides if it leads the quorum; else the leader is asked by a
 * connection, as the broker itself or, for clients, in an envelope (KIP-590). While nobody leads, or who did leads no more, it is asked
 * again until the request's time is over. Its state is the metadata lane's.
 */
public final class ActiveController implements ControllerAccess {
    /** Questions that are not answered yet; more are refused. */
    private static final int MOST_OPEN = 10_000;

    private static final int OWN_IN_FLIGHT = 100;
    private static final int FORWARDED_IN_FLIGHT = 1_000;

    /** {@code request.timeout.ms} of clients, by which they give up. */
    private static final long PATIENCE_MS = 30_000;

    private static final long LEAST_PATIENCE_MS = 1_000;

    /** An image that is later than this is not waited for: something else is wrong then. */
    private static final long SHOWN_WITHIN_MS = 1_000;

    private static final ReconnectBackoff PAUSE = new ReconnectBackoff(20, 500);

    private final MetadataRole metadata;
    private final PeerLines lines;
    private final PeerLines own;
    private final PeerLines forwarded;
    private final Environment environment;
    private final Lane lane;
    private final int nodeId;
    private final Set<Open<?>> unshown = new LinkedHashSet<>();
    private int openCount;
    private int nextCorrelationId;

    /**
     * Makes the way of one node.
     *
     * @param lines to the other nodes of the quorum; questions go by conversations beside them
     * @param ownMs how long the controller may take to answer the broker's own questions
     * @param forwardedMs how long it may take to answer one of a client, {@code controller.socket.timeout.ms}
     */
    public ActiveController(
            MetadataRole metadata, PeerLines lines, Environment environment, int nodeId, long ownMs, long forwardedMs) {
        this.metadata = metadata;
        this.environment = environment;
        this.lane = environment.metadataLane();
        this.nodeId = nodeId;
        this.lines = lines;
        this.own = lines.besides("broker-" + nodeId, ownMs, OWN_IN_FLIGHT);
        this.forwarded = lines.besides("broker-" + nodeId + "-forwarding", forwardedMs, FORWARDED_IN_FLIGHT);
    }

    /** Has {@code then} told, on the metadata lane, should the quorum's other nodes turn out to be of another cluster. */
    void whenForeign(Consumer<String> then) {
        lines.whenForeign(then);
    }

    /**
     * Asks the quorum's voters whether they are there.
     *
     * @param then is told, later, on the metadata lane, whether a majority is, this node included; true if nobody is known to vote
     */
    void whetherSomebodyCanLead(Consumer<Boolean> then) {
        List<Integer> voters = metadata.quorum().voters().voters().stream()
                .map(voter -> voter.key().id())
                .toList();
        new RollCall(voters, then).begin();
    }

    /** Ends as soon as it is certain that a majority is there, or that none is. */
    private final class RollCall {
        private final List<Integer> voters;
        private final Consumer<Boolean> then;
        private int wanted;
        private int unheard;
        private boolean isOver;

        RollCall(List<Integer> voters, Consumer<Boolean> then) {
            this.voters = voters;
            this.then = then;
            this.wanted = voters.isEmpty() ? 0 : voters.size() / 2 + 1;
        }

        void begin() {
            List<Integer> others = new ArrayList<>(voters);
            if (others.remove(Integer.valueOf(nodeId))) wanted--;
            unheard = others.size();
            for (int voter : others) own.reach(voter, this::heard);
            if (wanted <= 0) lane.execute(this::endIfCertain);
        }

        private void heard(boolean isThere) {
            unheard--;
            if (isThere) wanted--;
            endIfCertain();
        }

        private void endIfCertain() {
            if (isOver || (wanted > 0 && unheard >= wanted)) return;
            isOver = true;
            then.accept(wanted <= 0);
        }
    }

    /** What one attempt to ask came to. */
    sealed interface Outcome<R> {
        /** The active controller has answered. */
        record Answered<R>(R answer) implements Outcome<R> {}

        /** It will not, however often it is asked. */
        record Refused<R>(ErrorCode error) implements Outcome<R> {}

        /** Nobody leads, or the leader does not answer. It may have acted. */
        record NotNow<R>() implements Outcome<R> {}
    }

    @Override
    public <R extends Response> void ask(BrokerLane home, Question<R> question, Consumer<R> then) {
        onLane(() -> new Open<>(question, null, at(home, then)).begin());
    }

    @Override
    public <R extends Response> void ask(Question<R> question, Consumer<R> then) {
        new Open<>(question, null, then).begin();
    }

    @Override
    public <R extends Response> void forward(BrokerLane home, Question<R> question, Caller caller, Consumer<R> then) {
        onLane(() -> new Open<>(question, caller, at(home, then)).begin());
    }

    private static <R> Consumer<R> at(BrokerLane home, Consumer<R> then) {
        return answer -> home.lane().execute(() -> then.accept(answer));
    }

    private void onLane(Runnable task) {
        if (lane.isCurrent()) task.run();
        else lane.execute(task);
    }

    /** Committed records were read, and the lanes have been sent the image. */
    public void imageRead(MetadataImage image) {
        if (unshown.isEmpty()) return;
        for (Open<?> open : List.copyOf(unshown)) open.showIfRead(image);
    }

    /** Asks once, for the broker itself; answered on the metadata lane, at once or later. */
    <R extends Response> void once(Question<R> question, Consumer<Outcome<R>> then) {
        once(question, null, then);
    }

    private <R extends Response> void once(Question<R> question, @Nullable Caller caller, Consumer<Outcome<R>> then) {
        OptionalInt leader = metadata.quorum().leader().leaderId();
        if (leader.isEmpty()) {
            lane.execute(() -> then.accept(new Outcome.NotNow<>()));
            return;
        }
        int leaderId = leader.getAsInt();
        if (leaderId == nodeId) {
            metadata.decide(new Here<>(question), then);
            return;
        }
        Request request = question.request();
        if (caller == null) {
            own.send(leaderId, request, answer -> then.accept(read(question, answer)));
            return;
        }
        int correlationId = nextCorrelationId++;
        forwarded.send(
                leaderId,
                Envelopes.write(request, caller, correlationId),
                answer -> then.accept(open(question, answer, caller.version(), correlationId)));
    }

    private static <R extends Response> Outcome<R> read(Question<R> question, Answer answer) {
        return switch (answer) {
            case Answer.Answered(Response response, short version) ->
                isNoController(response)
                        ? new Outcome.NotNow<>()
                        : new Outcome.Answered<>(answerTo(question, response));
            case Answer.Failed(Answer.Reason reason, String sentence) ->
                reason == Answer.Reason.UNSUPPORTED_VERSION
                        ? new Outcome.Refused<>(ErrorCode.UNSUPPORTED_VERSION)
                        : new Outcome.NotNow<>();
        };
    }

    private static <R extends Response> Outcome<R> open(
            Question<R> question, Answer answer, int version, int correlationId) {
        if (!(answer instanceof Answer.Answered(EnvelopeResponse envelope, short ignored)))
            return read(question, answer) instanceof Outcome.Refused<R> refused ? refused : new Outcome.NotNow<>();
        return switch (Envelopes.open(envelope, question.request().apiKey(), version, correlationId)) {
            case Envelopes.Opened.Answer(Response response) -> new Outcome.Answered<>(answerTo(question, response));
            case Envelopes.Opened.Refused(ErrorCode error) ->
                error == ErrorCode.NOT_CONTROLLER ? new Outcome.NotNow<>() : new Outcome.Refused<>(error);
        };
    }

    /** A question's answer is the response of its request's API, by which this one was read. */
    @SuppressWarnings("unchecked")
    private static <R extends Response> R answerTo(Question<R> question, Response response) {
        if (response.apiKey() != question.request().apiKey())
            throw new IllegalStateException(
                    response.apiKey() + " answers " + question.request().apiKey());
        return (R) response;
    }

    private static boolean isNoController(Response response) {
        int error = switch (response) {
            case BrokerHeartbeatResponse heartbeat -> heartbeat.errorCode();
            case BrokerRegistrationResponse registration -> registration.errorCode();
            case AllocateProducerIdsResponse block -> block.errorCode();
            case AlterPartitionResponse altered -> altered.errorCode();
            case AssignReplicasToDirsResponse assigned -> assigned.errorCode();
            default -> ErrorCode.NONE.code();
        };
        return error == ErrorCode.NOT_CONTROLLER.code();
    }

    /** A question for the controller of this process, of which it has to be known whether it was decided. */
    private record Here<R extends Response>(Question<R> question) implements OwnQuestion<Outcome<R>> {
        @Override
        public Decision<Outcome<R>> decide(Controller controller, ControllerContext context) {
            Decision<R> decision = question.decide(controller, context);
            return new Decision<>(decision.records(), new Outcome.Answered<>(decision.response()), decision.isAtomic());
        }

        @Override
        public Outcome<R> refused(ErrorCode error) {
            return error == ErrorCode.NOT_CONTROLLER ? new Outcome.NotNow<>() : new Outcome.Refused<>(error);
        }
    }

    private static long patienceMs(Request request) {
        long wantedMs = switch (request) {
            case CreateTopicsRequest create -> create.timeoutMs();
            case DeleteTopicsRequest delete -> delete.timeoutMs();
            case CreatePartitionsRequest create -> create.timeoutMs();
            default -> PATIENCE_MS;
        };
        return Math.clamp(wantedMs, LEAST_PATIENCE_MS, PATIENCE_MS);
    }

    /** A question on its way. */
    private final class Open<R extends Response> {
        private final Question<R> question;
        private final @Nullable Caller caller;
        private final Consumer<R> then;
        private int failures;
        private boolean isAnswered;
        private Lane.@Nullable Timer deadline;
        private @Nullable R unshownAnswer;

        Open(Question<R> question, @Nullable Caller caller, Consumer<R> then) {
            this.question = question;
            this.caller = caller;
            this.then = then;
        }

        void begin() {
            if (openCount >= MOST_OPEN) {
                then.accept(question.refused(ErrorCode.REQUEST_TIMED_OUT));
                return;
            }
            openCount++;
            deadline = lane.schedule(
                    patienceMs(question.request()), () -> answer(question.refused(ErrorCode.REQUEST_TIMED_OUT)));
            attempt();
        }

        private void attempt() {
            if (isAnswered) return;
            once(question, caller, outcome -> {
                if (isAnswered) return;
                switch (outcome) {
                    case Outcome.Answered<R>(R given) -> given(given);
                    case Outcome.Refused<R>(ErrorCode error) -> answer(question.refused(error));
                    case Outcome.NotNow<R>() -> {
                        failures++;
                        lane.schedule(
                                PAUSE.waitMs(failures, environment.randomness().nextLong()), this::attempt);
                    }
                }
            });
        }

        private void given(R given) {
            if (question.isShownBy(metadata.image(), given)) {
                answer(given);
                return;
            }
            unshownAnswer = given;
            unshown.add(this);
            Optional.ofNullable(deadline).ifPresent(Lane.Timer::cancel);
            deadline = lane.schedule(SHOWN_WITHIN_MS, () -> answer(given));
        }

        void showIfRead(MetadataImage image) {
            R waiting = unshownAnswer;
            if (waiting != null && question.isShownBy(image, waiting)) answer(waiting);
        }

        private void answer(R answer) {
            if (isAnswered) return;
            isAnswered = true;
            openCount--;
            unshown.remove(this);
            if (deadline != null) deadline.cancel();
            then.accept(answer);
        }
    }
}
