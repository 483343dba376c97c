package io.millrace.metadata;

import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.BrokerRegistrationChangeRecord;
import io.millrace.protocol.messages.RegisterBrokerRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A registered broker (KIP-631).
 *
 * @param id                     the broker's number
 * @param epoch                  given at registration; fences what an older life of the broker says
 * @param incarnationId          a new one for each life of the process
 * @param endpoints              where it can be reached, in the order it named them
 * @param features               the levels it supports, by feature
 * @param rack                   where it stands; null if it did not say
 * @param isFenced               it may not lead and no client is sent to it
 * @param isInControlledShutdown it is handing over its leaderships
 * @param logDirs                the directories it has, or none if it did not say
 * @param cordonedLogDirs        directories that take no new replicas; null before the broker has said
 * @param isMigratingZkBroker    what logs from before 4.0 may say
 */
public record BrokerImage(
        int id,
        long epoch,
        Uuid incarnationId,
        List<Endpoint> endpoints,
        Map<String, SupportedLevels> features,
        @Nullable String rack,
        boolean isFenced,
        boolean isInControlledShutdown,
        List<Uuid> logDirs,
        @Nullable List<Uuid> cordonedLogDirs,
        boolean isMigratingZkBroker) {

    static BrokerImage of(RegisterBrokerRecord record) {
        List<Endpoint> endpoints = new ArrayList<>();
        for (RegisterBrokerRecord.BrokerEndpoint each : record.endPoints())
            endpoints.add(new Endpoint(each.name(), each.host(), each.port(), each.securityProtocol()));
        Map<String, SupportedLevels> features = new TreeMap<>();
        for (RegisterBrokerRecord.BrokerFeature each : record.features())
            features.put(each.name(), new SupportedLevels(each.minSupportedVersion(), each.maxSupportedVersion()));
        return new BrokerImage(
                record.brokerId(),
                record.brokerEpoch(),
                record.incarnationId(),
                List.copyOf(endpoints),
                features,
                record.rack(),
                record.fenced(),
                record.inControlledShutdown(),
                record.logDirs(),
                record.cordonedLogDirs(),
                record.isMigratingZkBroker());
    }

    /** Whether it may lead: neither fenced nor shutting down. */
    public boolean isActive() {
        return !isFenced && !isInControlledShutdown;
    }

    /** Where it can be reached at the listener of that name. */
    public Optional<Endpoint> endpoint(String listener) {
        for (Endpoint endpoint : endpoints) if (endpoint.listener().equals(listener)) return Optional.of(endpoint);
        return Optional.empty();
    }

    /** Whether the directory exists here; brokers that do not name theirs are believed to have them all. */
    public boolean hasOnlineDirectory(Uuid directory) {
        return logDirs.isEmpty()
                || logDirs.contains(directory)
                || (DirectoryIds.isReserved(directory) && !directory.equals(DirectoryIds.LOST));
    }

    /** Whether none of its directories takes new replicas (KIP-1066). */
    public boolean isCordoned() {
        return cordonedLogDirs != null && !cordonedLogDirs.isEmpty() && cordonedLogDirs.containsAll(logDirs);
    }

    /** The directory a new replica goes to if there is no choice; otherwise the broker will choose. */
    public Uuid directoryForNewReplica() {
        return logDirs.size() == 1 ? logDirs.get(0) : DirectoryIds.UNASSIGNED;
    }

    BrokerImage withFenced(boolean fenced) {
        return changed(fenced, isInControlledShutdown, logDirs, cordonedLogDirs);
    }

    BrokerImage changedBy(BrokerRegistrationChangeRecord change) {
        return changed(
                change.fenced() == 0 ? isFenced : change.fenced() == 1,
                isInControlledShutdown || change.inControlledShutdown() == 1,
                change.logDirs().isEmpty() ? logDirs : change.logDirs(),
                change.cordonedLogDirs() == null ? cordonedLogDirs : change.cordonedLogDirs());
    }

    private BrokerImage changed(
            boolean fenced, boolean shuttingDown, List<Uuid> newLogDirs, @Nullable List<Uuid> newCordoned) {
        return new BrokerImage(
                id,
                epoch,
                incarnationId,
                endpoints,
                features,
                rack,
                fenced,
                shuttingDown,
                newLogDirs,
                newCordoned,
                isMigratingZkBroker);
    }

    VersionedRecord toRecord(MetadataVersion metadataVersion) {
        List<RegisterBrokerRecord.BrokerEndpoint> endPoints = new ArrayList<>();
        for (Endpoint each : endpoints)
            endPoints.add(RegisterBrokerRecord.BrokerEndpoint.builder()
                    .name(each.listener())
                    .host(each.host())
                    .port(each.port())
                    .securityProtocol(each.securityProtocol())
                    .build());
        List<RegisterBrokerRecord.BrokerFeature> levels = new ArrayList<>();
        features.forEach((name, supported) -> levels.add(RegisterBrokerRecord.BrokerFeature.builder()
                .name(name)
                .minSupportedVersion(supported.min())
                .maxSupportedVersion(supported.max())
                .build()));
        int version = metadataVersion.registerBrokerRecordVersion();
        RegisterBrokerRecord.Builder builder = RegisterBrokerRecord.builder()
                .brokerId(id)
                .brokerEpoch(epoch)
                .incarnationId(incarnationId)
                .endPoints(endPoints)
                .features(levels)
                .rack(rack)
                .fenced(isFenced)
                .inControlledShutdown(isInControlledShutdown);
        if (version >= 2) builder.isMigratingZkBroker(isMigratingZkBroker);
        if (version >= 3) builder.logDirs(logDirs);
        if (version >= 4) builder.cordonedLogDirs(cordonedLogDirs);
        return new VersionedRecord(builder.build(), version);
    }
}
