package io.millrace.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.messages.GroupCoordinatorRecordType;
import io.millrace.protocol.messages.MetadataRecordType;
import io.millrace.protocol.messages.RemoteLogMetadataRecordType;
import io.millrace.protocol.messages.ShareCoordinatorRecordType;
import io.millrace.protocol.messages.TransactionCoordinatorRecordType;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;

/** The tables of numbers and names, beside Kafka's. */
class TablesTest {
    @Test
    void errorsHaveKafkasCodesAndNamesAndAreRetriableWhereKafkasAre() {
        assertEquals(Errors.values().length, ErrorCode.values().length);
        for (Errors kafkas : Errors.values()) {
            ErrorCode ours = ErrorCode.forCode(kafkas.code());
            assertEquals(kafkas.name(), ours.name());
            assertEquals(kafkas.code(), ours.code());
            assertEquals(kafkas.exception() instanceof RetriableException, ours.isRetriable(), ours.name());
            assertFalse(ours.message().isBlank(), ours.name());
        }
        assertEquals(ErrorCode.UNKNOWN_SERVER_ERROR, ErrorCode.forCode(137));
        assertEquals(ErrorCode.UNKNOWN_SERVER_ERROR, ErrorCode.forCode(Short.MIN_VALUE));
    }

    @Test
    void apisHaveKafkasVersionsHeadersAndListeners() {
        for (ApiKeys kafkas : ApiKeys.values()) {
            Optional<ApiKey> found = ApiKey.forCode(kafkas.id);
            assertEquals(kafkas.hasValidVersion(), found.isPresent(), kafkas.name());
            if (found.isEmpty()) continue;
            ApiKey ours = found.get();
            assertEquals(kafkas.name(), ours.name());
            assertEquals(kafkas.id, ours.code());
            assertEquals(kafkas.oldestVersion(), ours.oldestVersion(), kafkas.name());
            assertEquals(kafkas.latestVersion(), ours.latestVersion(), kafkas.name());
            assertEquals(kafkas.latestVersion(false), ours.latestStableVersion(), kafkas.name());
            assertEquals(names(kafkas.messageType.listeners()), names(ours.listeners()), kafkas.name());
            for (short version = ours.oldestVersion(); version <= ours.latestVersion(); version++) {
                assertEquals(kafkas.requestHeaderVersion(version), ours.requestHeaderVersion(version), kafkas.name());
                assertEquals(kafkas.responseHeaderVersion(version), ours.responseHeaderVersion(version), kafkas.name());
                assertTrue(ours.isSupported(version));
            }
            assertFalse(ours.isSupported(ours.oldestVersion() - 1));
            assertFalse(ours.isSupported(ours.latestVersion() + 1));
        }
        assertEquals(Optional.empty(), ApiKey.forCode(-1));
        assertEquals(Optional.empty(), ApiKey.forCode(Short.MAX_VALUE));
    }

    private static Set<String> names(Set<? extends Enum<?>> constants) {
        return constants.stream().map(Enum::name).collect(Collectors.toSet());
    }

    @Test
    void anApiReadsItsOwnRequestsAndResponses() {
        for (MessageClass message : MessageClass.all()) {
            ApiMessage defaults = message.defaults();
            int version = message.highestVersion();
            if (defaults instanceof Request request)
                assertEquals(request, request.apiKey().readRequest(written(request, version), version));
            if (defaults instanceof Response response)
                assertEquals(response, response.apiKey().readResponse(written(response, version), version));
        }
    }

    private static ProtocolReader written(ApiMessage message, int version) {
        return new ProtocolReader(ProtocolWriter.toBuffer(message, version));
    }

    @Test
    void recordTypesHaveKafkasIdsAndNames() {
        var metadata = org.apache.kafka.common.metadata.MetadataRecordType.values();
        assertEquals(
                Arrays.stream(metadata)
                        .map(type -> type.id() + " " + type.name())
                        .toList(),
                Arrays.stream(MetadataRecordType.values())
                        .map(type -> type.id() + " " + type.name())
                        .toList());
        var remote = org.apache.kafka.server.log.remote.metadata.storage.generated.MetadataRecordType.values();
        assertEquals(
                Arrays.stream(remote).map(type -> type.id() + " " + type.name()).toList(),
                Arrays.stream(RemoteLogMetadataRecordType.values())
                        .map(type -> type.id() + " " + type.name())
                        .toList());
        var group = org.apache.kafka.coordinator.group.generated.CoordinatorRecordType.values();
        assertEquals(
                Arrays.stream(group)
                        .map(type -> coordinator(
                                type.id(), type.name(), type.lowestSupportedVersion(), type.highestSupportedVersion()))
                        .toList(),
                Arrays.stream(GroupCoordinatorRecordType.values())
                        .map(type -> coordinator(
                                type.id(), type.name(), type.lowestSupportedVersion(), type.highestSupportedVersion()))
                        .toList());
        assertEquals(
                List.of("SHARE_SNAPSHOT", "SHARE_UPDATE"),
                Arrays.stream(ShareCoordinatorRecordType.values())
                        .map(Enum::name)
                        .toList());
        assertEquals(
                List.of("TRANSACTION_LOG"),
                Arrays.stream(TransactionCoordinatorRecordType.values())
                        .map(Enum::name)
                        .toList());
    }

    private static String coordinator(short id, String name, short lowest, short highest) {
        return id + " " + name + " " + lowest + " to " + highest;
    }

    @Test
    void anUnknownRecordTypeIsNone() {
        assertEquals(Optional.empty(), MetadataRecordType.forId(6));
        assertEquals(Optional.empty(), MetadataRecordType.forId(-1));
        assertEquals(Optional.empty(), GroupCoordinatorRecordType.forId(9));
        assertEquals(Optional.empty(), GroupCoordinatorRecordType.forId(1000));
    }
}
