package io.millrace.server.controller;

import io.millrace.controller.Controller;
import io.millrace.controller.ControllerContext;
import io.millrace.controller.Decision;
import io.millrace.environment.Clock;
import io.millrace.environment.Lane;
import io.millrace.metadata.config.EffectiveConfigs;
import io.millrace.protocol.ErrorCode;
import java.util.function.BiFunction;

/**
 * What a controller that leads does by the clock: fences brokers whose session has run out, gives partitions back to their
 * preferred leaders, elects unclean leaders where that is allowed, grows the offsets' topic. Touched on the metadata lane.
 */
public final class ControllerDuties {
    private static final System.Logger LOG = System.getLogger(ControllerDuties.class.getName());
    private static final long LEAST_TICK_MS = 20;
    private static final long MOST_TICK_MS = 1_000;

    /** Brokers that start together are to be found together. */
    private static final long GROWTH_MS = 2_000;

    private final MetadataRole metadata;
    private final Lane lane;
    private final Clock clock;
    private final long tickMs;
    private final long balanceMs;
    private final long uncleanMs;
    private final boolean growsOffsetsTopic;
    /** Counts the times this node came to lead; what belongs to an earlier one stops. */
    private int term;

    private boolean isLeading;
    private long balanceAtMs;
    private long uncleanAtMs;
    private long growthAtMs;

    /**
     * Duties that nobody has yet, at the intervals of these properties.
     *
     * @param growsOffsetsTopic whether {@code __consumer_offsets} gets the replicas it lacks when brokers join
     */
    public ControllerDuties(
            MetadataRole metadata, Lane lane, Clock clock, EffectiveConfigs configs, boolean growsOffsetsTopic) {
        this.growsOffsetsTopic = growsOffsetsTopic;
        this.metadata = metadata;
        this.lane = lane;
        this.clock = clock;
        this.tickMs = Math.clamp(configs.brokerLong("broker.session.timeout.ms") / 8, LEAST_TICK_MS, MOST_TICK_MS);
        this.balanceMs = Math.multiplyExact(
                Math.min(configs.brokerLong("leader.imbalance.check.interval.seconds"), Integer.MAX_VALUE), 1_000L);
        this.uncleanMs = configs.brokerLong("unclean.leader.election.interval.ms");
    }

    /** This node leads from now on. */
    public void begin() {
        isLeading = true;
        balanceAtMs = clock.monotonicMs() + balanceMs;
        uncleanAtMs = clock.monotonicMs() + uncleanMs;
        growthAtMs = clock.monotonicMs() + GROWTH_MS;
        tick(++term);
    }

    /** It leads no more. */
    public void end() {
        isLeading = false;
    }

    private boolean isOver(int itsTerm) {
        return !isLeading || itsTerm != term;
    }

    private void tick(int itsTerm) {
        if (isOver(itsTerm)) return;
        long nowMs = clock.monotonicMs();
        repeat(itsTerm, (controller, context) -> more(controller.fenceExpiredBrokers(context)));
        if (nowMs >= balanceAtMs) {
            balanceAtMs = nowMs + balanceMs;
            repeat(itsTerm, (controller, context) -> controller.balanceLeaders());
        }
        if (nowMs >= uncleanAtMs) {
            uncleanAtMs = nowMs + uncleanMs;
            repeat(itsTerm, (controller, context) -> controller.electUncleanLeaders());
        }
        if (growsOffsetsTopic && nowMs >= growthAtMs) {
            growthAtMs = nowMs + GROWTH_MS;
            // What was begun is seen to next time: it takes the brokers a while.
            metadata.decide(new Round((controller, context) -> controller.growOffsetsTopic()), hasBegun -> {
                if (hasBegun)
                    LOG.log(
                            System.Logger.Level.INFO,
                            "partitions of __consumer_offsets get the replicas they lack, now that there are brokers for them");
            });
        }
        lane.schedule(tickMs, () -> tick(itsTerm));
    }

    private static Decision<Boolean> more(Decision<Integer> expired) {
        return new Decision<>(expired.records(), expired.response() > 1, expired.isAtomic());
    }

    /** Each round is a task of its own: there may be many. */
    private void repeat(int itsTerm, BiFunction<Controller, ControllerContext, Decision<Boolean>> round) {
        if (isOver(itsTerm)) return;
        metadata.decide(new Round(round), hasMore -> {
            if (hasMore) lane.execute(() -> repeat(itsTerm, round));
        });
    }

    private record Round(BiFunction<Controller, ControllerContext, Decision<Boolean>> round)
            implements ControllerAccess.OwnQuestion<Boolean> {
        @Override
        public Decision<Boolean> decide(Controller controller, ControllerContext context) {
            return round.apply(controller, context);
        }

        @Override
        public Boolean refused(ErrorCode error) {
            return false;
        }
    }
}
