package io.millrace.client;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.messages.AlterConfigsRequest;
import io.millrace.protocol.messages.AlterConfigsResponse;
import io.millrace.protocol.messages.DescribeConfigsRequest;
import io.millrace.protocol.messages.DescribeConfigsRequest.DescribeConfigsResource;
import io.millrace.protocol.messages.DescribeConfigsResponse;
import io.millrace.protocol.messages.DescribeConfigsResponse.DescribeConfigsResult;
import io.millrace.protocol.messages.IncrementalAlterConfigsRequest;
import io.millrace.protocol.messages.IncrementalAlterConfigsRequest.AlterConfigsResource;
import io.millrace.protocol.messages.IncrementalAlterConfigsRequest.AlterableConfig;
import io.millrace.protocol.messages.IncrementalAlterConfigsResponse;
import io.millrace.protocol.messages.IncrementalAlterConfigsResponse.AlterConfigsResourceResponse;
import io.millrace.protocol.messages.ListConfigResourcesRequest;
import io.millrace.protocol.messages.ListConfigResourcesResponse;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What an {@link Admin} does with configurations. Maps it returns have the order of what was asked. */
public final class ConfigAdmin {
    /** What can be configured, with the protocol's numbers. */
    public enum Kind {
        /** A topic, by name. */
        TOPIC(2),
        /** A broker, by id; the empty name stands for all. */
        BROKER(4),
        /** The loggers of a broker, by its id. */
        BROKER_LOGGER(8),
        /** A subscription to metrics of clients, by name (KIP-714). */
        CLIENT_METRICS(16),
        /** A group, by id. */
        GROUP(32);

        private final byte code;

        Kind(int code) {
            this.code = (byte) code;
        }
    }

    /** The first version of ListConfigResources that tells of more than client metrics (KIP-1142). */
    private static final int FIRST_WITH_ALL_KINDS = 1;

    private final Cluster cluster;

    ConfigAdmin(Cluster cluster) {
        this.cluster = cluster;
    }

    /** Changes to one resource: values to set, and names to bring back to their defaults. */
    public record Change(Map<String, String> set, List<String> delete) {
        private static final byte SET = 0;
        private static final byte DELETE = 1;

        /** Fixes the collections. */
        public Change {
            set = Map.copyOf(set);
            delete = List.copyOf(delete);
        }

        private List<AlterableConfig> operations() {
            List<AlterableConfig> operations = new ArrayList<>();
            set.forEach((name, value) -> operations.add(new AlterableConfig(name, SET, value)));
            for (String name : delete) operations.add(new AlterableConfig(name, DELETE, null));
            return operations;
        }
    }

    /**
     * Names of what is, or can be, configured, ascending (KIP-1142).
     *
     * @param kind for a broker the names are their ids
     * @throws ClientFailure.NotSupported if the cluster cannot tell (before Kafka 4.1, client metrics excepted)
     */
    public List<String> resources(Kind kind) {
        var call = new Call<>(
                ApiKey.LIST_CONFIG_RESOURCES,
                kind == Kind.CLIENT_METRICS ? 0 : FIRST_WITH_ALL_KINDS,
                ApiKey.LIST_CONFIG_RESOURCES.latestVersion(),
                version -> ListConfigResourcesRequest.builder()
                        .resourceTypes(version < FIRST_WITH_ALL_KINDS ? List.of() : List.of(kind.code))
                        .build(),
                ListConfigResourcesResponse.class,
                answer -> List.of(answer.errorCode()));
        var answer = cluster.ask(new Destination.AnyNode(), call, cluster.deadline());
        if (answer.errorCode() != ErrorCode.NONE.code())
            throw new ClientFailure.Refused(ErrorCode.forCode(answer.errorCode()), null);
        return answer.configResources().stream()
                .map(ListConfigResourcesResponse.ConfigResource::resourceName)
                .sorted()
                .toList();
    }

    /**
     * Sets all properties of resources: what is not named goes back to its default (KIP-133). {@link #alter} is what clusters of
     * today should be asked for.
     *
     * @param configs by resource, then by property
     * @param validateOnly only say what would happen
     */
    public Map<String, Answer<String>> replace(
            Kind kind, Map<String, Map<String, String>> configs, boolean validateOnly) {
        if (configs.isEmpty()) return Map.of();
        var request = AlterConfigsRequest.builder()
                .resources(configs.entrySet().stream()
                        .map(it -> new AlterConfigsRequest.AlterConfigsResource(
                                kind.code,
                                it.getKey(),
                                it.getValue().entrySet().stream()
                                        .map(config -> new AlterConfigsRequest.AlterableConfig(
                                                config.getKey(), config.getValue()))
                                        .toList()))
                        .toList())
                .validateOnly(validateOnly)
                .build();
        var call = Call.of(
                request,
                AlterConfigsResponse.class,
                answer -> answer.responses().stream()
                        .map(AlterConfigsResponse.AlterConfigsResourceResponse::errorCode)
                        .toList());
        var answer = cluster.ask(destination(kind, configs.keySet()), call, cluster.deadline());
        Map<String, Answer<String>> outcomes = new LinkedHashMap<>();
        for (String name : configs.keySet()) outcomes.put(name, TopicAdmin.unanswered());
        for (var result : answer.responses())
            outcomes.put(
                    result.resourceName(), Answer.of(result.errorCode(), result.errorMessage(), result.resourceName()));
        return outcomes;
    }

    /** The properties in force of topics or groups, each by property name. */
    public Map<String, Answer<List<ConfigEntry>>> describe(Kind kind, Collection<String> names) {
        if (names.isEmpty()) return Map.of();
        var request = DescribeConfigsRequest.builder()
                .resources(names.stream()
                        .map(name -> new DescribeConfigsResource(kind.code, name, null))
                        .toList())
                .build();
        var call = Call.of(
                request,
                DescribeConfigsResponse.class,
                answer -> answer.results().stream()
                        .map(DescribeConfigsResult::errorCode)
                        .toList());
        var answer = cluster.ask(destination(kind, names), call, cluster.deadline());
        Map<String, Answer<List<ConfigEntry>>> outcomes = new LinkedHashMap<>();
        for (String name : names) outcomes.put(name, TopicAdmin.unanswered());
        for (var result : answer.results())
            outcomes.put(result.resourceName(), Answer.of(result.errorCode(), result.errorMessage(), entries(result)));
        return outcomes;
    }

    private static List<ConfigEntry> entries(DescribeConfigsResult result) {
        return result.configs().stream()
                .map(it -> new ConfigEntry(
                        it.name(),
                        it.value(),
                        ConfigEntry.Source.forCode(it.configSource()),
                        it.readOnly(),
                        it.isSensitive()))
                .sorted(Comparator.comparing(ConfigEntry::name))
                .toList();
    }

    /** Changes single properties and leaves the others as they are (KIP-339). */
    public Map<String, Answer<String>> alter(Kind kind, Map<String, Change> changes) {
        if (changes.isEmpty()) return Map.of();
        var request = IncrementalAlterConfigsRequest.builder()
                .resources(changes.entrySet().stream()
                        .map(it -> new AlterConfigsResource(
                                kind.code, it.getKey(), it.getValue().operations()))
                        .toList())
                .build();
        var call = Call.of(
                request,
                IncrementalAlterConfigsResponse.class,
                answer -> answer.responses().stream()
                        .map(AlterConfigsResourceResponse::errorCode)
                        .toList());
        var answer = cluster.ask(destination(kind, changes.keySet()), call, cluster.deadline());
        Map<String, Answer<String>> outcomes = new LinkedHashMap<>();
        for (String name : changes.keySet()) outcomes.put(name, TopicAdmin.unanswered());
        for (var result : answer.responses())
            outcomes.put(
                    result.resourceName(), Answer.of(result.errorCode(), result.errorMessage(), result.resourceName()));
        return outcomes;
    }

    /** Only a broker itself knows what it was started with. */
    private static Destination destination(Kind kind, Collection<String> names) {
        if (kind != Kind.BROKER && kind != Kind.BROKER_LOGGER) return new Destination.AnyNode();
        if (names.size() != 1) throw new IllegalArgumentException("brokers are asked one at a time, not " + names);
        String id = names.iterator().next();
        return id.isEmpty() ? new Destination.AnyNode() : new Destination.Broker(Integer.parseInt(id));
    }
}
