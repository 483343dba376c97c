package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.ConfigAdmin.Detail;
import io.millrace.client.ConfigAdmin.Kind;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.Response;
import io.millrace.protocol.messages.DescribeConfigsRequest;
import io.millrace.protocol.messages.DescribeConfigsResponse;
import io.millrace.protocol.messages.DescribeConfigsResponse.DescribeConfigsResourceResult;
import io.millrace.protocol.messages.DescribeConfigsResponse.DescribeConfigsResult;
import io.millrace.protocol.messages.DescribeConfigsResponse.DescribeConfigsSynonym;
import io.millrace.protocol.messages.IncrementalAlterConfigsRequest;
import io.millrace.protocol.messages.IncrementalAlterConfigsResponse;
import io.millrace.protocol.messages.IncrementalAlterConfigsResponse.AlterConfigsResourceResponse;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ConfigAdminTest {
    private static final AdminOptions PATIENT = new AdminOptions("test", 20_000, 20_000);

    private ScriptedNode zero;
    private ScriptedNode one;

    @BeforeEach
    void begin() throws IOException {
        zero = new ScriptedNode();
        one = new ScriptedNode();
        zero.knowsOf(0, zero, one);
        one.knowsOf(0, zero, one);
    }

    @AfterEach
    void end() throws IOException {
        zero.close();
        one.close();
    }

    private Admin admin() {
        return Admin.of(List.of(zero.address()), PATIENT);
    }

    private static Response altered(IncrementalAlterConfigsRequest request) {
        return IncrementalAlterConfigsResponse.builder()
                .responses(request.resources().stream()
                        .map(it -> AlterConfigsResourceResponse.builder()
                                .resourceType(it.resourceType())
                                .resourceName(it.resourceName())
                                .build())
                        .toList())
                .build();
    }

    private static Response described(DescribeConfigsRequest request) {
        var retention = DescribeConfigsResourceResult.builder()
                .name("retention.ms")
                .value("5")
                .configSource((byte) 1)
                .configType((byte) 5)
                .documentation(request.includeDocumentation() ? "How long." : null)
                .synonyms(
                        request.includeSynonyms()
                                ? List.of(
                                        new DescribeConfigsSynonym("retention.ms", "5", (byte) 1),
                                        new DescribeConfigsSynonym("log.retention.ms", "7", (byte) 3))
                                : List.of())
                .build();
        return DescribeConfigsResponse.builder()
                .results(request.resources().stream()
                        .map(it -> DescribeConfigsResult.builder()
                                .resourceType(it.resourceType())
                                .resourceName(it.resourceName())
                                .configs(List.of(retention))
                                .build())
                        .toList())
                .build();
    }

    @Test
    void listsGrowAndShrinkByTheElementsThatAreNamed() {
        zero.answers(ApiKey.INCREMENTAL_ALTER_CONFIGS, request -> altered((IncrementalAlterConfigsRequest) request));
        var change = new ConfigAdmin.Change(
                Map.of("a", "1"), List.of("b"), Map.of("cleanup.policy", "compact"), Map.of("d", "x,y"));
        try (Admin admin = admin()) {
            assertEquals(
                    Map.of("t", new Answer.Granted<>("t")),
                    admin.configs().alter(Kind.TOPIC, Map.of("t", change), true));
        }
        var sent = (IncrementalAlterConfigsRequest)
                zero.received(ApiKey.INCREMENTAL_ALTER_CONFIGS).getFirst().request();
        assertTrue(sent.validateOnly());
        assertEquals(
                Map.of("a", 0, "b", 1, "cleanup.policy", 2, "d", 3),
                sent.resources().getFirst().configs().stream()
                        .collect(Collectors.toMap(it -> it.name(), it -> (int) it.configOperation())));
        assertNull(sent.resources().getFirst().configs().stream()
                .filter(it -> it.name().equals("b"))
                .findFirst()
                .orElseThrow()
                .value());
    }

    @Test
    void anAlterationIsCarriedOutUnlessItIsOnlyToBeValidated() {
        zero.answers(ApiKey.INCREMENTAL_ALTER_CONFIGS, request -> altered((IncrementalAlterConfigsRequest) request));
        try (Admin admin = admin()) {
            admin.configs().alter(Kind.GROUP, Map.of("g", new ConfigAdmin.Change(Map.of("a", "1"), List.of())));
        }
        var sent = (IncrementalAlterConfigsRequest)
                zero.received(ApiKey.INCREMENTAL_ALTER_CONFIGS).getFirst().request();
        assertEquals(false, sent.validateOnly());
        assertEquals(32, sent.resources().getFirst().resourceType());
    }

    @Test
    void placesOfAValueAndDocumentationAreToldIfTheyAreAskedFor() {
        zero.answers(ApiKey.DESCRIBE_CONFIGS, request -> described((DescribeConfigsRequest) request));
        try (Admin admin = admin()) {
            var plain = new ConfigEntry(
                    "retention.ms",
                    "5",
                    ConfigEntry.Source.DYNAMIC_TOPIC_CONFIG,
                    false,
                    false,
                    ConfigEntry.Type.LONG,
                    List.of(),
                    null);
            assertEquals(
                    Map.of("t", new Answer.Granted<>(List.of(plain))),
                    admin.configs().describe(Kind.TOPIC, List.of("t")));
            var whole = new ConfigEntry(
                    "retention.ms",
                    "5",
                    ConfigEntry.Source.DYNAMIC_TOPIC_CONFIG,
                    false,
                    false,
                    ConfigEntry.Type.LONG,
                    List.of(
                            new ConfigEntry.Synonym("retention.ms", "5", ConfigEntry.Source.DYNAMIC_TOPIC_CONFIG),
                            new ConfigEntry.Synonym(
                                    "log.retention.ms", "7", ConfigEntry.Source.DYNAMIC_DEFAULT_BROKER_CONFIG)),
                    "How long.");
            assertEquals(
                    Map.of("t", new Answer.Granted<>(List.of(whole))),
                    admin.configs()
                            .describeOnly(
                                    Kind.TOPIC,
                                    Map.of("t", List.of("retention.ms")),
                                    Set.of(Detail.SYNONYMS, Detail.DOCUMENTATION)));
        }
        var asked = zero.received(ApiKey.DESCRIBE_CONFIGS);
        assertNull(((DescribeConfigsRequest) asked.get(0).request())
                .resources()
                .getFirst()
                .configurationKeys());
        assertEquals(
                List.of("retention.ms"),
                ((DescribeConfigsRequest) asked.get(1).request())
                        .resources()
                        .getFirst()
                        .configurationKeys());
    }

    @Test
    void eachBrokerIsAskedAboutItself() {
        for (ScriptedNode node : List.of(zero, one))
            node.answers(ApiKey.DESCRIBE_CONFIGS, request -> described((DescribeConfigsRequest) request));
        try (Admin admin = admin()) {
            var told = admin.configs().describe(Kind.BROKER, List.of("1", "0", ""));
            assertEquals(List.of("1", "0", ""), List.copyOf(told.keySet()));
            told.values().forEach(answer -> assertTrue(answer instanceof Answer.Granted, answer::toString));
            assertThrows(IllegalArgumentException.class, () -> admin.configs().describe(Kind.BROKER, List.of("one")));
        }
        assertEquals(
                List.of("1"),
                one.received(ApiKey.DESCRIBE_CONFIGS).stream()
                        .flatMap(it -> ((DescribeConfigsRequest) it.request()).resources().stream())
                        .map(it -> it.resourceName())
                        .toList());
    }

    @Test
    void anOldNodeIsNotAskedForDocumentationItCannotTell() {
        zero.speaks(ApiKey.DESCRIBE_CONFIGS, 1, 2, (request, version) -> described((DescribeConfigsRequest) request));
        try (Admin admin = admin()) {
            assertThrows(
                    ClientFailure.NotSupported.class,
                    () -> admin.configs().describe(Kind.TOPIC, List.of("t"), Set.of(Detail.DOCUMENTATION)));
        }
    }
}
