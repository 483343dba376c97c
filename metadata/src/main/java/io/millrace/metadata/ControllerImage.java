package io.millrace.metadata;

import io.millrace.protocol.Uuid;
import io.millrace.protocol.messages.RegisterControllerRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A registered controller (KIP-919).
 *
 * @param id               the controller's number
 * @param incarnationId    a new one for each life of the process
 * @param endpoints        where it can be reached
 * @param features         the levels it supports, by feature
 * @param zkMigrationReady what logs from before 4.0 may say
 */
public record ControllerImage(
        int id,
        Uuid incarnationId,
        List<Endpoint> endpoints,
        Map<String, SupportedLevels> features,
        boolean zkMigrationReady) {

    static ControllerImage of(RegisterControllerRecord record) {
        List<Endpoint> endpoints = new ArrayList<>();
        for (RegisterControllerRecord.ControllerEndpoint each : record.endPoints())
            endpoints.add(new Endpoint(each.name(), each.host(), each.port(), each.securityProtocol()));
        Map<String, SupportedLevels> features = new TreeMap<>();
        for (RegisterControllerRecord.ControllerFeature each : record.features())
            features.put(each.name(), new SupportedLevels(each.minSupportedVersion(), each.maxSupportedVersion()));
        return new ControllerImage(
                record.controllerId(),
                record.incarnationId(),
                List.copyOf(endpoints),
                features,
                record.zkMigrationReady());
    }

    VersionedRecord toRecord() {
        List<RegisterControllerRecord.ControllerEndpoint> endPoints = new ArrayList<>();
        for (Endpoint each : endpoints)
            endPoints.add(RegisterControllerRecord.ControllerEndpoint.builder()
                    .name(each.listener())
                    .host(each.host())
                    .port(each.port())
                    .securityProtocol(each.securityProtocol())
                    .build());
        List<RegisterControllerRecord.ControllerFeature> levels = new ArrayList<>();
        features.forEach((name, supported) -> levels.add(RegisterControllerRecord.ControllerFeature.builder()
                .name(name)
                .minSupportedVersion(supported.min())
                .maxSupportedVersion(supported.max())
                .build()));
        return VersionedRecord.v0(RegisterControllerRecord.builder()
                .controllerId(id)
                .incarnationId(incarnationId)
                .endPoints(endPoints)
                .features(levels)
                .zkMigrationReady(zkMigrationReady)
                .build());
    }
}
