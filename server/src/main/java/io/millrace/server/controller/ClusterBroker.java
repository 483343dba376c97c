package io.millrace.server.controller;

import io.millrace.environment.Environment;
import io.millrace.environment.Lane;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.config.EffectiveConfigs;
import io.millrace.protocol.ErrorCode;
import io.millrace.server.config.BadConfig;
import io.millrace.server.config.ListenerAddress;
import io.millrace.server.config.ServerConfig;
import io.millrace.server.partitions.BrokerLane;
import io.millrace.server.storage.LogDirectories;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The life of a broker whose controller may be in another process: it registers, shows that it lives, and leaves in order. Carries out
 * what {@link BrokerLifecycle} decides.
 */
public final class ClusterBroker implements BrokerLife {
    private static final System.Logger LOG = System.getLogger(ClusterBroker.class.getName());
    /** Below what an operator's tools wait before they kill; Kafka's broker waits five minutes. */
    private static final long LEAVE_MS = 30_000;
    /** A node that votes knows that others are gone by their ports being closed: it looks twice. */
    private static final long VOTER_ALONE_MS = 100;
    /** The only controller may just be starting anew. */
    private static final long ALONE_MS = 2_000;
    /** A shortage that retention ends at once moves no leaders. */
    private static final long YIELD_AFTER_MS = 2_000;

    private static final long NEVER = Long.MAX_VALUE;

    private final MetadataRole metadata;
    private final ActiveController controller;
    private final Environment environment;
    private final int nodeId;
    private final LogDirectories directories;
    private final List<BrokerLane> lanes;
    private final long sessionMs;
    private final BrokerMessages messages;
    private final BrokerLifecycle lifecycle;
    /** {@code controlled.shutdown.enable}; without it the controller notices by the session's end. */
    private final boolean leavesInOrder;

    private BrokerMessages.@Nullable Registration registration;
    private Runnable awake = () -> {};
    private Consumer<Exception> failed = why -> {};
    private Runnable left = () -> {};
    private Lane.@Nullable Timer wake;
    private long wakeAtMs = Long.MAX_VALUE;
    private short lastRefusal;
    private long fullSinceMs = NEVER;
    private boolean isYielding;
    private boolean isControllerSilent;

    /**
     * Makes the life of a broker that is not registered yet.
     */
    public ClusterBroker(
            MetadataRole metadata,
            ActiveController controller,
            ServerConfig config,
            LogDirectories directories,
            List<BrokerLane> lanes,
            Environment environment) {
        this.metadata = metadata;
        this.controller = controller;
        this.environment = environment;
        this.nodeId = config.nodeId();
        this.directories = directories;
        this.lanes = lanes;
        this.sessionMs = config.effective().brokerLong("broker.session.timeout.ms");
        this.messages = new BrokerMessages(metadata, config, directories, environment.randomness());
        this.leavesInOrder = config.effective().brokerBoolean("controlled.shutdown.enable");
        this.lifecycle = new BrokerLifecycle(messages.incarnation(), times(config));
        controller.whenForeign(why -> carryOut(lifecycle.foreign(why)));
    }

    private static BrokerLifecycle.Times times(ServerConfig config) {
        EffectiveConfigs configs = config.effective();
        long heartbeatMs = configs.brokerLong("broker.heartbeat.interval.ms");
        if (heartbeatMs < 1) throw new BadConfig("broker.heartbeat.interval.ms is " + heartbeatMs + ", less than 1");
        return new BrokerLifecycle.Times(
                heartbeatMs,
                configs.brokerLong("initial.broker.registration.timeout.ms"),
                configs.brokerLong("broker.session.timeout.ms"),
                LEAVE_MS,
                config.isController() ? VOTER_ALONE_MS : ALONE_MS);
    }

    @Override
    public long epoch() {
        return lifecycle.epoch();
    }

    @Override
    public void begin(List<ListenerAddress> bound, Runnable whenAwake, Consumer<Exception> whenFailed) {
        registration = messages.registration(bound);
        awake = whenAwake;
        failed = whenFailed;
        carryOut(lifecycle.begin(nowMs()));
    }

    @Override
    public void imageRead(MetadataImage image) {
        carryOut(lifecycle.imageRead(
                image.cluster().broker(nodeId), image.provenance().lastOffset(), nowMs()));
    }

    @Override
    public void propertiesMayHaveChanged(MetadataImage image) {
        if (messages.cordonsAnew(image)) carryOut(lifecycle.press(nowMs()));
    }

    @Override
    public void directoriesFailed() {
        carryOut(lifecycle.press(nowMs()));
    }

    @Override
    public void leave(Runnable then) {
        if (!leavesInOrder) {
            then.run();
            return;
        }
        left = then;
        carryOut(lifecycle.leave(nowMs()));
    }

    @Override
    public void stop() {
        lifecycle.stop();
        wakeInTime();
    }

    private long nowMs() {
        return environment.clock().monotonicMs();
    }

    private void carryOut(List<BrokerLifecycle.Action> actions) {
        for (BrokerLifecycle.Action action : actions) {
            switch (action) {
                case BrokerLifecycle.Action.Register ignored -> register();
                case BrokerLifecycle.Action.Beat(long epoch, boolean wantFence, boolean wantShutDown) ->
                    beat(epoch, wantFence, wantShutDown);
                case BrokerLifecycle.Action.Look ignored ->
                    controller.whetherSomebodyCanLead(canLead -> carryOut(lifecycle.looked(canLead, nowMs())));
                case BrokerLifecycle.Action.ShowImages ignored -> metadata.showImages();
                case BrokerLifecycle.Action.Awake ignored -> awake.run();
                case BrokerLifecycle.Action.Silent ignored -> controllerIsSilent();
                case BrokerLifecycle.Action.Heard ignored -> controllerIsHeard();
                case BrokerLifecycle.Action.Fail(String why) -> failed.accept(new IllegalStateException(why));
                case BrokerLifecycle.Action.Left(String reproach) -> {
                    if (!reproach.isEmpty()) LOG.log(System.Logger.Level.WARNING, reproach);
                    left.run();
                }
            }
        }
        wakeInTime();
    }

    private void controllerIsSilent() {
        if (!isControllerSilent)
            LOG.log(
                    System.Logger.Level.WARNING,
                    "no active controller has been heard of for " + sessionMs
                            + " ms: producers with acks=all are sent away from partitions with replicas in sync that are silent, too");
        isControllerSilent = true;
        for (BrokerLane lane : lanes)
            lane.lane().execute(() -> lane.applier().inSync().controllerIsSilent(sessionMs));
    }

    private void controllerIsHeard() {
        isControllerSilent = false;
        LOG.log(System.Logger.Level.INFO, "the active controller is heard of again");
        for (BrokerLane lane : lanes)
            lane.lane().execute(() -> lane.applier().inSync().controllerIsHeard());
    }

    private void register() {
        BrokerMessages.Registration asked = registration;
        if (asked == null) throw new IllegalStateException("the broker's life has not begun");
        if (lifecycle.epoch() >= 0)
            LOG.log(
                    System.Logger.Level.WARNING,
                    "the controller knows no broker " + nodeId + " of epoch " + lifecycle.epoch()
                            + "; it is registered again");
        controller.once(asked, outcome -> {
            switch (outcome) {
                case ActiveController.Outcome.Answered(var response) -> {
                    noteRefusal(response.errorCode());
                    carryOut(lifecycle.registered(
                            ErrorCode.forCode(response.errorCode()), response.brokerEpoch(), nowMs()));
                    // Its record may have been read before this answer came.
                    imageRead(metadata.image());
                }
                case ActiveController.Outcome.Refused(ErrorCode error) ->
                    carryOut(lifecycle.registered(error, -1, nowMs()));
                case ActiveController.Outcome.NotNow() -> carryOut(lifecycle.unanswered(nowMs()));
            }
        });
    }

    /** Once for each reason; it is asked again and again. */
    private void noteRefusal(short error) {
        boolean isNews = error != lastRefusal;
        lastRefusal = error;
        if (isNews && error != ErrorCode.NONE.code())
            LOG.log(
                    System.Logger.Level.WARNING,
                    "the controller does not register broker " + nodeId + " yet: " + ErrorCode.forCode(error) + ", "
                            + ErrorCode.forCode(error).message());
    }

    private void beat(long epoch, boolean wantFence, boolean wantShutDown) {
        controller.once(messages.heartbeat(epoch, wantFence, wantShutDown), outcome -> {
            switch (outcome) {
                case ActiveController.Outcome.Answered(var response) ->
                    carryOut(lifecycle.answered(
                            ErrorCode.forCode(response.errorCode()),
                            response.isFenced(),
                            response.shouldShutDown(),
                            nowMs()));
                case ActiveController.Outcome.Refused(ErrorCode error) ->
                    carryOut(lifecycle.answered(error, false, false, nowMs()));
                case ActiveController.Outcome.NotNow() -> carryOut(lifecycle.unanswered(nowMs()));
            }
        });
    }

    /** A broker that can write nothing leaves it to others to lead, if they can (ADR 29). */
    private void lookForSpace() {
        long nowMs = nowMs();
        if (!directories.isFull()) fullSinceMs = NEVER;
        else if (fullSinceMs == NEVER) fullSinceMs = nowMs;
        boolean isLong = fullSinceMs != NEVER && nowMs - fullSinceMs >= YIELD_AFTER_MS;
        boolean yields = isLong && YieldedLeads.canYield(metadata.image(), nodeId);
        if (yields == isYielding) return;
        isYielding = yields;
        LOG.log(
                System.Logger.Level.WARNING,
                yields
                        ? "no log directory takes records: the broker asks to be fenced, so that others lead, until there is space"
                        : "the broker asks to be fenced no more");
        carryOut(lifecycle.yields(yields, nowMs));
    }

    private void wakeInTime() {
        long atMs = lifecycle.wakeAtMs();
        if (atMs == wakeAtMs) return;
        Optional.ofNullable(wake).ifPresent(Lane.Timer::cancel);
        wake = null;
        wakeAtMs = atMs;
        if (atMs == Long.MAX_VALUE) return;
        wake = environment.metadataLane().schedule(Math.max(0, atMs - nowMs()), () -> {
            wake = null;
            wakeAtMs = Long.MAX_VALUE;
            lookForSpace();
            carryOut(lifecycle.timePassed(nowMs()));
        });
    }
}
