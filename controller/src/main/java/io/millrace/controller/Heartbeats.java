package io.millrace.controller;

import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.VersionedRecord;
import io.millrace.metadata.config.EffectiveConfigs;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.BrokerHeartbeatRequest;
import io.millrace.protocol.messages.BrokerHeartbeatResponse;
import io.millrace.protocol.messages.BrokerRegistrationChangeRecord;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** BrokerHeartbeat: wakes brokers that have caught up, fences those that ask for it, and lets brokers go once nobody needs them (KIP-631, 858). */
final class Heartbeats {
    private static final byte FENCE = 1;
    private static final byte UNFENCE = -1;
    private static final int FENCING_VERSION = 0;
    private static final int SHUTDOWN_VERSION = 1;
    private static final int LOG_DIRS_VERSION = 2;
    private static final int CORDON_VERSION = 3;

    private final MetadataImage image;
    private final EffectiveConfigs configs;
    private final BrokerSessions sessions;

    Heartbeats(MetadataImage image, EffectiveConfigs configs, BrokerSessions sessions) {
        this.image = image;
        this.configs = configs;
        this.sessions = sessions;
    }

    /** What a broker is, or is to be. */
    private enum State {
        FENCED,
        UNFENCED,
        CONTROLLED_SHUTDOWN,
        SHUTDOWN_NOW
    }

    Decision<BrokerHeartbeatResponse> handle(BrokerHeartbeatRequest request, ControllerContext context) {
        BrokerImage broker = image.cluster().broker(request.brokerId());
        if (broker == null || broker.epoch() != request.brokerEpoch())
            return Decision.answer(BrokerHeartbeatResponse.builder()
                    .errorCode(ErrorCode.STALE_BROKER_EPOCH.code())
                    .build());
        sessions.touch(broker.id(), broker.epoch(), context.nowMs(), request.currentMetadataOffset());
        boolean isCaughtUp = request.currentMetadataOffset() >= broker.epoch();
        State next = next(broker, request, isCaughtUp);
        List<VersionedRecord> records = new ArrayList<>();
        recordTransition(broker, next, context, records);
        recordDirectories(broker, request, records);
        return Decision.inParts(
                records,
                BrokerHeartbeatResponse.builder()
                        .isCaughtUp(isCaughtUp)
                        .isFenced(next == State.FENCED || next == State.SHUTDOWN_NOW)
                        .shouldShutDown(next == State.SHUTDOWN_NOW)
                        .build());
    }

    private State next(BrokerImage broker, BrokerHeartbeatRequest request, boolean isCaughtUp) {
        if (broker.isFenced()) {
            // Who has begun to stop stays stopped until it registers again.
            if (request.wantShutDown() || broker.isInControlledShutdown()) return State.SHUTDOWN_NOW;
            return !request.wantFence() && isCaughtUp ? State.UNFENCED : State.FENCED;
        }
        if (broker.isInControlledShutdown()) {
            boolean isDone = !LeadershipChanges.leadsAnything(image, broker.id())
                    && sessions.mayStop(broker.id(), image.cluster());
            return isDone ? State.SHUTDOWN_NOW : State.CONTROLLED_SHUTDOWN;
        }
        if (request.wantFence()) return request.wantShutDown() ? State.SHUTDOWN_NOW : State.FENCED;
        if (!request.wantShutDown()) return State.UNFENCED;
        return LeadershipChanges.leadsAnything(image, broker.id()) ? State.CONTROLLED_SHUTDOWN : State.SHUTDOWN_NOW;
    }

    private void recordTransition(
            BrokerImage broker, State next, ControllerContext context, List<VersionedRecord> records) {
        LeadershipChanges changes = new LeadershipChanges(image, configs, records::add);
        switch (next) {
            case FENCED, SHUTDOWN_NOW -> {
                if (!broker.isFenced()) fence(broker, changes, records);
            }
            case UNFENCED -> {
                if (!broker.isFenced()) return;
                records.add(new VersionedRecord(change(broker).fenced(UNFENCE).build(), FENCING_VERSION));
                changes.brokerArrives(broker.id());
            }
            case CONTROLLED_SHUTDOWN -> {
                boolean begins = !broker.isInControlledShutdown();
                if (begins)
                    records.add(new VersionedRecord(
                            change(broker).inControlledShutdown((byte) 1).build(), SHUTDOWN_VERSION));
                changes.brokerLeaves(broker.id());
                if (begins) sessions.shutsDownWith(broker.id(), context.nextOffset() + records.size() - 1);
            }
        }
    }

    private void fence(BrokerImage broker, LeadershipChanges changes, List<VersionedRecord> records) {
        changes.brokerLeaves(broker.id());
        records.add(new VersionedRecord(change(broker).fenced(FENCE).build(), FENCING_VERSION));
    }

    private static BrokerRegistrationChangeRecord.Builder change(BrokerImage broker) {
        return BrokerRegistrationChangeRecord.builder().brokerId(broker.id()).brokerEpoch(broker.epoch());
    }

    private void recordDirectories(BrokerImage broker, BrokerHeartbeatRequest request, List<VersionedRecord> records) {
        if (!image.features().metadataVersion().hasDirectories()) return;
        Set<Uuid> lost = new HashSet<>(request.offlineLogDirs());
        lost.retainAll(broker.logDirs());
        List<Uuid> left = new ArrayList<>(broker.logDirs());
        left.removeAll(lost);
        if (!lost.isEmpty() && !left.isEmpty()) {
            records.add(new VersionedRecord(change(broker).logDirs(left).build(), LOG_DIRS_VERSION));
            if (broker.isActive())
                new LeadershipChanges(image, configs, records::add).directoriesLost(broker.id(), lost);
        }
        List<Uuid> cordoned = request.cordonedLogDirs();
        if (cordoned != null
                && image.features().metadataVersion().hasCordonedDirectories()
                && !isSame(cordoned, broker.cordonedLogDirs()))
            records.add(
                    new VersionedRecord(change(broker).cordonedLogDirs(cordoned).build(), CORDON_VERSION));
    }

    private static boolean isSame(List<Uuid> wanted, @Nullable List<Uuid> present) {
        return present != null && new HashSet<>(wanted).equals(new HashSet<>(present));
    }

    /** Fences a broker whose process has ended. */
    Decision<Boolean> fenceGone(int brokerId, long epoch) {
        BrokerImage broker = image.cluster().broker(brokerId);
        if (broker == null || broker.epoch() != epoch || broker.isFenced()) return Decision.answer(false);
        List<VersionedRecord> records = new ArrayList<>();
        fence(broker, new LeadershipChanges(image, configs, records::add), records);
        sessions.forget(brokerId);
        return Decision.inParts(records, true);
    }

    /** Fences one broker that has been silent too long: one at a time, so that each election sees the one before. */
    Decision<Integer> expire(long nowMs) {
        List<Integer> expired = sessions.expired(image.cluster(), nowMs);
        List<VersionedRecord> records = new ArrayList<>();
        for (int brokerId : expired) {
            BrokerImage broker = image.cluster().broker(brokerId);
            if (broker == null) continue;
            fence(broker, new LeadershipChanges(image, configs, records::add), records);
            break;
        }
        return Decision.inParts(records, expired.size());
    }
}
