package io.millrace.server.controller;

import io.millrace.metadata.BrokerImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a broker has to say to the controller, and when, so that it is registered, awake, and let go (KIP-631).
 *
 * <pre>
 *   REGISTERING ──► CATCHING_UP ──► SERVING ──► LEAVING ──► GONE
 *        ▲           own registration   │
 *        └───────────── is read ────────┘  the controller does not know it (any more)
 * </pre>
 *
 * <p>One thing is asked at a time. Nothing is led before the broker has read its own registration: all that earlier lives did is older.
 */
final class BrokerLifecycle {
    private static final String ALONE =
            ". If it is a node of Millrace that is broker and controller: it takes others in once its"
                    + " controller.quorum.bootstrap.servers names another controller besides itself, and it was started with that";

    private static final long FIRST_RETRY_MS = 50;
    private static final long MOST_RETRY_MS = 1_000;
    /** Between looks whether those who lead the cluster are still there, while the broker waits to be let go. */
    private static final long LOOK_MS = 200;
    /** Between looks at what is led here, while the controller is silent. */
    private static final long SILENT_LOOK_MS = 500;

    private static final long NEVER = Long.MAX_VALUE;
    /** Between heartbeats while somebody waits for what the next one brings. */
    private static final long EAGER_MS = 100;

    /** That will be the same however often it is asked. */
    private static final Set<ErrorCode> FINAL = EnumSet.of(
            ErrorCode.INCONSISTENT_CLUSTER_ID, ErrorCode.UNSUPPORTED_VERSION, ErrorCode.INVALID_REGISTRATION);

    /**
     * How long a broker waits, in milliseconds.
     *
     * @param heartbeatMs {@code broker.heartbeat.interval.ms}, at least 1
     * @param registrationMs {@code initial.broker.registration.timeout.ms}: without a registration by then it gives up
     * @param sessionMs {@code broker.session.timeout.ms}: whoever leaves and hears nothing for so long has been fenced
     * @param leaveMs how long it waits for its leaderships to be taken over
     * @param aloneMs how long whoever leaves goes on hoping that a majority of the controllers comes back
     */
    record Times(long heartbeatMs, long registrationMs, long sessionMs, long leaveMs, long aloneMs) {}

    /** What is to be done, in list order. */
    sealed interface Action {
        /** Ask to be registered, then say {@link #registered} or {@link #unanswered}. */
        record Register() implements Action {}

        /** Send a heartbeat, then say {@link #answered} or {@link #unanswered}. */
        record Beat(long epoch, boolean wantFence, boolean wantShutDown) implements Action {}

        /** See whether so many controllers answer that one of them can lead, then say {@link #looked}. */
        record Look() implements Action {}

        /** Send the lanes the image, and all that follow. */
        record ShowImages() implements Action {}

        /** The broker may lead; the lanes have been told so. */
        record Awake() implements Action {}

        /** The controller has not been heard of for a session, and fences this broker if it lives. Told again and again while that lasts. */
        record Silent() implements Action {}

        /** It has been heard of again. */
        record Heard() implements Action {}

        /** The broker cannot be one of its cluster. */
        record Fail(String why) implements Action {}

        /**
         * The broker may stop.
         *
         * @param reproach what did not go as it should; empty if nothing
         */
        record Left(String reproach) implements Action {}
    }

    private enum Stage {
        NEW,
        REGISTERING,
        CATCHING_UP,
        SERVING,
        LEAVING,
        GONE
    }

    private final Uuid incarnation;
    private final Times times;
    private Stage stage = Stage.NEW;
    private long epoch = -1;
    private boolean isAsking;
    /** Something has happened meanwhile that the controller is to hear of with no delay. */
    private boolean isPressed;

    /** Others are to lead what this broker leads: it asks to be fenced. */
    private boolean isYielding;

    private boolean hasShown;
    private boolean isAwake;
    private long dueAtMs;
    private long registerUntilMs;
    private long leaveUntilMs;
    private long heardAtMs;
    private boolean isSilent;
    private long silentAtMs = NEVER;
    private boolean isLooking;
    private long lookAtMs;
    private long aloneSinceMs = NEVER;
    private int failures;
    private @Nullable String whyForeign;

    /** @param incarnation the id of this run, by which it knows its registration */
    BrokerLifecycle(Uuid incarnation, Times times) {
        this.incarnation = incarnation;
        this.times = times;
    }

    /** The epoch of the last registration, or -1. */
    long epoch() {
        return epoch;
    }

    /** When {@link #timePassed} is due. */
    long wakeAtMs() {
        if (stage == Stage.NEW || stage == Stage.GONE) return Long.MAX_VALUE;
        long askAtMs = isAsking ? Long.MAX_VALUE : dueAtMs;
        if (stage == Stage.SERVING) return Math.min(askAtMs, silentAtMs);
        if (stage != Stage.LEAVING) return askAtMs;
        long leavingAtMs = Math.min(Math.min(askAtMs, leaveUntilMs), isLooking ? Long.MAX_VALUE : lookAtMs);
        return Math.min(leavingAtMs, silentAtMs);
    }

    List<Action> begin(long nowMs) {
        stage = Stage.REGISTERING;
        if (whyForeign != null) return fail(whyForeign);
        registerUntilMs = nowMs + times.registrationMs();
        dueAtMs = nowMs;
        return askIfDue(nowMs);
    }

    List<Action> timePassed(long nowMs) {
        if (stage == Stage.LEAVING && nowMs >= leaveUntilMs)
            return left("the controller did not let the broker go within " + times.leaveMs() + " ms");
        List<Action> actions = new ArrayList<>();
        if ((stage == Stage.SERVING || stage == Stage.LEAVING) && nowMs >= silentAtMs) {
            isSilent = true;
            silentAtMs = nowMs + SILENT_LOOK_MS;
            actions.add(new Action.Silent());
        }
        // Behind that: the controller may be this node's own, and answers at once.
        actions.addAll(askIfDue(nowMs));
        if (stage == Stage.LEAVING && !isLooking && nowMs >= lookAtMs) {
            isLooking = true;
            actions.add(new Action.Look());
        }
        return actions;
    }

    /**
     * The answer to {@link Action.Look}. Whoever leaves while most controllers are gone, as when a whole cluster is stopped, would wait for
     * nobody: with one node of a quorum away, as in a restart of one after the other, the rest can still let it go.
     */
    List<Action> looked(boolean canLead, long nowMs) {
        isLooking = false;
        lookAtMs = nowMs + LOOK_MS;
        if (stage != Stage.LEAVING) return List.of();
        if (canLead) aloneSinceMs = NEVER;
        else if (aloneSinceMs == NEVER) aloneSinceMs = nowMs;
        if (aloneSinceMs == NEVER || nowMs - aloneSinceMs < times.aloneMs()) return List.of();
        return left("no majority of the controllers can be reached, so that nobody takes over what this broker leads;"
                + " it stops without that");
    }

    /**
     * Those who are to lead this broker's cluster are of another one. A broker that was registered once goes on: its controllers are elsewhere
     * then, or will be again.
     *
     * @param why the sentence to end with
     */
    List<Action> foreign(String why) {
        if (epoch >= 0 || stage == Stage.GONE) return List.of();
        if (stage != Stage.NEW) return fail(why);
        whyForeign = why;
        return List.of();
    }

    private List<Action> askIfDue(long nowMs) {
        if (isAsking || stage == Stage.NEW || stage == Stage.GONE || nowMs < dueAtMs) return List.of();
        isAsking = true;
        isPressed = false;
        return List.of(
                stage == Stage.REGISTERING
                        ? new Action.Register()
                        : new Action.Beat(
                                epoch,
                                stage == Stage.CATCHING_UP || (stage == Stage.SERVING && isYielding),
                                stage == Stage.LEAVING));
    }

    /** The answer to {@link Action.Register}. */
    List<Action> registered(ErrorCode error, long brokerEpoch, long nowMs) {
        isAsking = false;
        if (stage != Stage.REGISTERING) return askIfDue(nowMs);
        if (error != ErrorCode.NONE) {
            String why = "the controller refuses to register the broker: " + error + ", " + error.message()
                    + (error == ErrorCode.UNSUPPORTED_VERSION ? ALONE : "");
            return epoch < 0 && FINAL.contains(error) ? fail(why) : retry(why, nowMs);
        }
        List<Action> actions = heard(nowMs);
        epoch = brokerEpoch;
        stage = Stage.CATCHING_UP;
        dueAtMs = nowMs;
        actions.addAll(askIfDue(nowMs));
        return actions;
    }

    /** The answer to {@link Action.Beat}. */
    List<Action> answered(ErrorCode error, boolean isFenced, boolean shouldShutDown, long nowMs) {
        isAsking = false;
        if (stage == Stage.GONE) return List.of();
        boolean isUnknown = error == ErrorCode.STALE_BROKER_EPOCH || error == ErrorCode.BROKER_ID_NOT_REGISTERED;
        if (isUnknown && stage == Stage.LEAVING) return left("");
        if (isUnknown) {
            stage = Stage.REGISTERING;
            dueAtMs = nowMs + EAGER_MS;
            return List.of();
        }
        if (error != ErrorCode.NONE) return retry("the controller answers a heartbeat with " + error, nowMs);
        List<Action> actions = heard(nowMs);
        if (stage == Stage.LEAVING && shouldShutDown) return left("");
        boolean isEager = stage == Stage.LEAVING || (stage == Stage.SERVING && isFenced && !isYielding);
        dueAtMs = nowMs + (isEager ? Math.min(EAGER_MS, times.heartbeatMs()) : times.heartbeatMs());
        if (isPressed) dueAtMs = nowMs;
        actions.addAll(askIfDue(nowMs));
        return actions;
    }

    /** There was no answer, or not from the active controller. */
    List<Action> unanswered(long nowMs) {
        isAsking = false;
        if (stage == Stage.LEAVING && nowMs - heardAtMs >= times.sessionMs())
            return left("no controller was heard of for " + (nowMs - heardAtMs) + " ms");
        return retry("no active controller answers", nowMs);
    }

    private List<Action> heard(long nowMs) {
        heardAtMs = nowMs;
        silentAtMs = nowMs + times.sessionMs();
        aloneSinceMs = NEVER;
        failures = 0;
        List<Action> actions = new ArrayList<>();
        if (isSilent) actions.add(new Action.Heard());
        isSilent = false;
        return actions;
    }

    private List<Action> retry(String why, long nowMs) {
        if (stage == Stage.GONE) return List.of();
        if (epoch < 0 && nowMs >= registerUntilMs)
            return fail(
                    why + "; it has been tried for initial.broker.registration.timeout.ms=" + times.registrationMs());
        dueAtMs = nowMs + Math.min(MOST_RETRY_MS, FIRST_RETRY_MS << Math.min(failures++, 10));
        return List.of();
    }

    private List<Action> fail(String why) {
        stage = Stage.GONE;
        return List.of(new Action.Fail(why));
    }

    /**
     * More of the metadata has been read.
     *
     * @param self what it says of this broker; null if nothing
     * @param lastOffset of the last record read
     */
    List<Action> imageRead(@Nullable BrokerImage self, long lastOffset, long nowMs) {
        boolean isOwn =
                self != null && self.epoch() == epoch && self.incarnationId().equals(incarnation);
        if (self == null || !isOwn) return List.of();
        List<Action> actions = new ArrayList<>();
        if (stage == Stage.CATCHING_UP && lastOffset >= epoch) {
            stage = Stage.SERVING;
            if (!hasShown) actions.add(new Action.ShowImages());
            hasShown = true;
            actions.addAll(press(nowMs));
        }
        if (stage == Stage.SERVING && !isAwake && !self.isFenced()) {
            isAwake = true;
            actions.add(new Action.Awake());
        }
        return actions;
    }

    /** The controller is to be told something with the next heartbeat, which is due at once. */
    List<Action> press(long nowMs) {
        isPressed = true;
        if (stage == Stage.REGISTERING) return List.of();
        dueAtMs = nowMs;
        return askIfDue(nowMs);
    }

    /** From now on the broker asks to be fenced while it serves, or does so no more. */
    List<Action> yields(boolean wanted, long nowMs) {
        if (wanted == isYielding) return List.of();
        isYielding = wanted;
        return stage == Stage.SERVING ? press(nowMs) : List.of();
    }

    /** The broker wants to stop. */
    List<Action> leave(long nowMs) {
        if (stage != Stage.CATCHING_UP && stage != Stage.SERVING) return stage == Stage.LEAVING ? List.of() : left("");
        stage = Stage.LEAVING;
        leaveUntilMs = nowMs + times.leaveMs();
        lookAtMs = nowMs + LOOK_MS;
        return press(nowMs);
    }

    private List<Action> left(String reproach) {
        stage = Stage.GONE;
        return List.of(new Action.Left(reproach));
    }

    /** Nothing is asked any more. */
    void stop() {
        stage = Stage.GONE;
    }
}
