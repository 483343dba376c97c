package io.millrace.controller;

import io.millrace.metadata.BrokerImage;
import io.millrace.metadata.DirectoryIds;
import io.millrace.metadata.Feature;
import io.millrace.metadata.MetadataImage;
import io.millrace.metadata.MetadataVersion;
import io.millrace.metadata.SupportedLevels;
import io.millrace.metadata.VersionedRecord;
import io.millrace.metadata.config.EffectiveConfigs;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.BrokerRegistrationRequest;
import io.millrace.protocol.messages.BrokerRegistrationResponse;
import io.millrace.protocol.messages.ControllerRegistrationRequest;
import io.millrace.protocol.messages.ControllerRegistrationResponse;
import io.millrace.protocol.messages.RegisterBrokerRecord;
import io.millrace.protocol.messages.RegisterControllerRecord;
import io.millrace.protocol.messages.UnregisterBrokerRecord;
import io.millrace.protocol.messages.UnregisterBrokerRequest;
import io.millrace.protocol.messages.UnregisterBrokerResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** BrokerRegistration, ControllerRegistration and UnregisterBroker (KIP-631, 858, 919). */
final class Registration {
    private final MetadataImage image;
    private final ControllerSettings settings;
    private final EffectiveConfigs configs;
    private final BrokerSessions sessions;

    Registration(MetadataImage image, ControllerSettings settings, EffectiveConfigs configs, BrokerSessions sessions) {
        this.image = image;
        this.settings = settings;
        this.configs = configs;
        this.sessions = sessions;
    }

    Decision<BrokerRegistrationResponse> register(BrokerRegistrationRequest request, ControllerContext context) {
        BrokerImage previous = image.cluster().broker(request.brokerId());
        ErrorCode refusal = refusal(request, previous, context.nowMs());
        if (refusal != ErrorCode.NONE)
            return Decision.answer(BrokerRegistrationResponse.builder()
                    .errorCode(refusal.code())
                    .brokerEpoch(-1)
                    .build());
        List<VersionedRecord> records = new ArrayList<>();
        BrokerImage living =
                previous != null && previous.incarnationId().equals(request.incarnationId()) ? previous : null;
        if (living == null) {
            LeadershipChanges changes = new LeadershipChanges(image, configs, records::add);
            boolean cleanly = !image.features().isElrEnabled()
                    || (previous != null && request.previousBrokerEpoch() == previous.epoch());
            // A broker that was unregistered in between may come back with anything, or nothing, in its directories.
            if (!cleanly) changes.brokerStoppedUncleanly(request.brokerId());
            else if (previous != null) changes.brokerLeaves(previous.id());
        }
        // A new life gets the offset of its own record, so that it is awake no earlier than it has read of it.
        long epoch = living == null ? context.nextOffset() + records.size() : living.epoch();
        records.add(record(request, epoch, living != null && !living.isFenced()));
        return Decision.inParts(
                records, BrokerRegistrationResponse.builder().brokerEpoch(epoch).build());
    }

    private ErrorCode refusal(BrokerRegistrationRequest request, @Nullable BrokerImage previous, long nowMs) {
        if (!request.clusterId().equals(settings.clusterId())) return ErrorCode.INCONSISTENT_CLUSTER_ID;
        // The broker of this very process registers anew only because its former life ended with the process. Kafka has
        // a broker that stopped in order wait
        // for the end of its session, too (ADR 52).
        boolean isOwn = request.brokerId() == settings.nodeId();
        if (previous != null
                && !isOwn
                && !previous.incarnationId().equals(request.incarnationId())
                && previous.isActive()
                && sessions.isValid(previous.id(), previous.epoch(), nowMs))
            return ErrorCode.DUPLICATE_BROKER_REGISTRATION;
        if (request.isMigratingZkBroker()) return ErrorCode.INVALID_REGISTRATION;
        if (request.listeners().isEmpty()) return ErrorCode.INVALID_REGISTRATION;
        if (!supportsFinalizedFeatures(request)) return ErrorCode.UNSUPPORTED_VERSION;
        return directoriesRefusal(request);
    }

    private boolean supportsFinalizedFeatures(BrokerRegistrationRequest request) {
        Map<String, SupportedLevels> supported = new HashMap<>();
        for (BrokerRegistrationRequest.Feature each : request.features())
            supported.put(each.name(), new SupportedLevels(each.minSupportedVersion(), each.maxSupportedVersion()));
        if (!supported.containsKey(MetadataVersion.FEATURE_NAME)) return false;
        for (Map.Entry<String, Short> level : image.features().levels().entrySet()) {
            SupportedLevels levels = supported.get(level.getKey());
            if (levels == null || !levels.include(level.getValue())) return false;
        }
        return true;
    }

    private ErrorCode directoriesRefusal(BrokerRegistrationRequest request) {
        if (!image.features().metadataVersion().hasDirectories()) return ErrorCode.NONE;
        if (request.logDirs().isEmpty()) return ErrorCode.INVALID_REGISTRATION;
        Set<Uuid> own = new HashSet<>();
        for (Uuid directory : request.logDirs())
            if (DirectoryIds.isReserved(directory) || !own.add(directory)) return ErrorCode.INVALID_REGISTRATION;
        for (BrokerImage other : image.cluster().brokersInOrder())
            if (other.id() != request.brokerId() && other.logDirs().stream().anyMatch(own::contains))
                return ErrorCode.INVALID_REGISTRATION;
        return ErrorCode.NONE;
    }

    private VersionedRecord record(BrokerRegistrationRequest request, long epoch, boolean isAwake) {
        MetadataVersion metadataVersion = image.features().metadataVersion();
        List<RegisterBrokerRecord.BrokerEndpoint> endPoints = new ArrayList<>();
        for (BrokerRegistrationRequest.Listener each : request.listeners())
            endPoints.add(RegisterBrokerRecord.BrokerEndpoint.builder()
                    .name(each.name())
                    .host(each.host())
                    .port(each.port())
                    .securityProtocol(each.securityProtocol())
                    .build());
        List<RegisterBrokerRecord.BrokerFeature> features = new ArrayList<>();
        for (BrokerRegistrationRequest.Feature each : request.features())
            features.add(RegisterBrokerRecord.BrokerFeature.builder()
                    .name(each.name())
                    .minSupportedVersion(each.minSupportedVersion())
                    .maxSupportedVersion(each.maxSupportedVersion())
                    .build());
        RegisterBrokerRecord.Builder builder = RegisterBrokerRecord.builder()
                .brokerId(request.brokerId())
                .incarnationId(request.incarnationId())
                .brokerEpoch(epoch)
                .endPoints(endPoints)
                .features(features)
                .rack(request.rack())
                .fenced(!isAwake);
        if (metadataVersion.hasDirectories()) builder.logDirs(request.logDirs());
        return new VersionedRecord(builder.build(), metadataVersion.registerBrokerRecordVersion());
    }

    Decision<UnregisterBrokerResponse> unregister(UnregisterBrokerRequest request) {
        BrokerImage broker = image.cluster().broker(request.brokerId());
        if (broker == null)
            return Decision.answer(UnregisterBrokerResponse.builder()
                    .errorCode(ErrorCode.BROKER_ID_NOT_REGISTERED.code())
                    .errorMessage("Broker ID " + request.brokerId() + " is not currently registered")
                    .build());
        List<VersionedRecord> records = new ArrayList<>();
        new LeadershipChanges(image, configs, records::add).brokerLeaves(broker.id());
        records.add(VersionedRecord.v0(UnregisterBrokerRecord.builder()
                .brokerId(broker.id())
                .brokerEpoch(broker.epoch())
                .build()));
        return Decision.inParts(
                records, UnregisterBrokerResponse.builder().errorMessage("").build());
    }

    Decision<ControllerRegistrationResponse> register(ControllerRegistrationRequest request) {
        if (!image.features().metadataVersion().hasControllerRegistrations())
            return Decision.answer(ControllerRegistrationResponse.builder()
                    .errorCode(ErrorCode.UNSUPPORTED_VERSION.code())
                    .errorMessage("The current MetadataVersion is too old to support controller registrations.")
                    .build());
        List<RegisterControllerRecord.ControllerEndpoint> endPoints = new ArrayList<>();
        for (ControllerRegistrationRequest.Listener each : request.listeners())
            endPoints.add(RegisterControllerRecord.ControllerEndpoint.builder()
                    .name(each.name())
                    .host(each.host())
                    .port(each.port())
                    .securityProtocol(each.securityProtocol())
                    .build());
        List<RegisterControllerRecord.ControllerFeature> features = new ArrayList<>();
        for (ControllerRegistrationRequest.Feature each : request.features())
            features.add(RegisterControllerRecord.ControllerFeature.builder()
                    .name(each.name())
                    .minSupportedVersion(each.minSupportedVersion())
                    .maxSupportedVersion(each.maxSupportedVersion())
                    .build());
        VersionedRecord record = VersionedRecord.v0(RegisterControllerRecord.builder()
                .controllerId(request.controllerId())
                .incarnationId(request.incarnationId())
                .zkMigrationReady(request.zkMigrationReady())
                .endPoints(endPoints)
                .features(features)
                .build());
        return Decision.atomic(
                List.of(record),
                ControllerRegistrationResponse.builder().errorMessage(null).build());
    }

    /** The levels this version supports, for a node's own registration. */
    static Map<String, SupportedLevels> ownLevels() {
        Map<String, SupportedLevels> levels = new TreeMap<>();
        for (Feature feature : Feature.values())
            levels.put(feature.featureName(), new SupportedLevels(feature.minLevel(), feature.maxLevel()));
        return levels;
    }
}
