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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

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

    /** The first version of DescribeConfigs that can be asked for documentation. */
    private static final int FIRST_WITH_DOCUMENTATION = 3;

    private final Cluster cluster;

    ConfigAdmin(Cluster cluster) {
        this.cluster = cluster;
    }

    /** What else may be told of a property. */
    public enum Detail {
        /** All places where a value for it is set (KIP-226). */
        SYNONYMS,
        /** What it is for; of clusters from 2.6 on (KIP-569). */
        DOCUMENTATION
    }

    /**
     * Changes to one resource; a property is named once at most.
     *
     * @param set values to set
     * @param delete names to bring back to their defaults
     * @param append to properties that are lists, elements with commas between; one that is in the list already stays there once
     * @param subtract from properties that are lists, elements with commas between
     */
    public record Change(
            Map<String, String> set, List<String> delete, Map<String, String> append, Map<String, String> subtract) {
        private static final byte SET = 0;
        private static final byte DELETE = 1;
        private static final byte APPEND = 2;
        private static final byte SUBTRACT = 3;

        /** Fixes the collections. */
        public Change {
            set = Map.copyOf(set);
            delete = List.copyOf(delete);
            append = Map.copyOf(append);
            subtract = Map.copyOf(subtract);
        }

        /** One that leaves lists as they are, or sets them as a whole. */
        public Change(Map<String, String> set, List<String> delete) {
            this(set, delete, Map.of(), Map.of());
        }

        private List<AlterableConfig> operations() {
            List<AlterableConfig> operations = new ArrayList<>();
            set.forEach((name, value) -> operations.add(new AlterableConfig(name, SET, value)));
            for (String name : delete) operations.add(new AlterableConfig(name, DELETE, null));
            append.forEach((name, elements) -> operations.add(new AlterableConfig(name, APPEND, elements)));
            subtract.forEach((name, elements) -> operations.add(new AlterableConfig(name, SUBTRACT, elements)));
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
        Deadline deadline = cluster.deadline();
        return inParts(kind, configs.keySet(), (asked, names) -> {
            var request = AlterConfigsRequest.builder()
                    .resources(names.stream()
                            .map(name -> new AlterConfigsRequest.AlterConfigsResource(
                                    kind.code,
                                    name,
                                    configs.getOrDefault(name, Map.of()).entrySet().stream()
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
            Map<String, Answer<String>> outcomes = new LinkedHashMap<>();
            for (var result : cluster.ask(asked, call, deadline).responses())
                outcomes.put(
                        result.resourceName(),
                        Answer.of(result.errorCode(), result.errorMessage(), result.resourceName()));
            return outcomes;
        });
    }

    /** The properties in force of resources, each by property name. */
    public Map<String, Answer<List<ConfigEntry>>> describe(Kind kind, Collection<String> names) {
        return describe(kind, names, Set.of());
    }

    /** As {@link #describe(Kind, Collection)}, with these details. */
    public Map<String, Answer<List<ConfigEntry>>> describe(Kind kind, Collection<String> names, Set<Detail> details) {
        return describe(kind, new LinkedHashSet<>(names), Map.of(), details);
    }

    /**
     * As {@link #describe(Kind, Collection)}, and of each resource these properties only, or all where none is named; names that the
     * cluster does not know are left out.
     */
    public Map<String, Answer<List<ConfigEntry>>> describeOnly(
            Kind kind, Map<String, ? extends Collection<String>> properties, Set<Detail> details) {
        return describe(kind, properties.keySet(), properties, details);
    }

    private Map<String, Answer<List<ConfigEntry>>> describe(
            Kind kind,
            Set<String> resources,
            Map<String, ? extends Collection<String>> properties,
            Set<Detail> details) {
        Deadline deadline = cluster.deadline();
        return inParts(kind, resources, (asked, names) -> {
            var request = DescribeConfigsRequest.builder()
                    .resources(names.stream()
                            .map(name -> {
                                Collection<String> only = properties.get(name);
                                return new DescribeConfigsResource(
                                        kind.code, name, only == null || only.isEmpty() ? null : List.copyOf(only));
                            })
                            .toList())
                    .includeSynonyms(details.contains(Detail.SYNONYMS))
                    .includeDocumentation(details.contains(Detail.DOCUMENTATION))
                    .build();
            var call = Call.of(
                    request,
                    DescribeConfigsResponse.class,
                    answer -> answer.results().stream()
                            .map(DescribeConfigsResult::errorCode)
                            .toList());
            if (details.contains(Detail.DOCUMENTATION)) call = call.from(FIRST_WITH_DOCUMENTATION);
            Map<String, Answer<List<ConfigEntry>>> outcomes = new LinkedHashMap<>();
            for (var result : cluster.ask(asked, call, deadline).results())
                outcomes.put(
                        result.resourceName(), Answer.of(result.errorCode(), result.errorMessage(), entries(result)));
            return outcomes;
        });
    }

    private static List<ConfigEntry> entries(DescribeConfigsResult result) {
        return result.configs().stream()
                .map(it -> new ConfigEntry(
                        it.name(),
                        it.value(),
                        ConfigEntry.Source.forCode(it.configSource()),
                        it.readOnly(),
                        it.isSensitive(),
                        ConfigEntry.Type.forCode(it.configType()),
                        it.synonyms().stream()
                                .map(each -> new ConfigEntry.Synonym(
                                        each.name(), each.value(), ConfigEntry.Source.forCode(each.source())))
                                .toList(),
                        it.documentation()))
                .sorted(Comparator.comparing(ConfigEntry::name))
                .toList();
    }

    /** Changes single properties and leaves the others as they are (KIP-339). */
    public Map<String, Answer<String>> alter(Kind kind, Map<String, Change> changes) {
        return alter(kind, changes, false);
    }

    /**
     * As {@link #alter(Kind, Map)}.
     *
     * @param validateOnly only say what would happen
     */
    public Map<String, Answer<String>> alter(Kind kind, Map<String, Change> changes, boolean validateOnly) {
        Deadline deadline = cluster.deadline();
        return inParts(kind, changes.keySet(), (asked, names) -> {
            List<AlterConfigsResource> resources = new ArrayList<>();
            changes.forEach((name, change) -> {
                if (names.contains(name)) resources.add(new AlterConfigsResource(kind.code, name, change.operations()));
            });
            var request = IncrementalAlterConfigsRequest.builder()
                    .resources(resources)
                    .validateOnly(validateOnly)
                    .build();
            var call = Call.of(
                    request,
                    IncrementalAlterConfigsResponse.class,
                    answer -> answer.responses().stream()
                            .map(AlterConfigsResourceResponse::errorCode)
                            .toList());
            Map<String, Answer<String>> outcomes = new LinkedHashMap<>();
            for (var result : cluster.ask(asked, call, deadline).responses())
                outcomes.put(
                        result.resourceName(),
                        Answer.of(result.errorCode(), result.errorMessage(), result.resourceName()));
            return outcomes;
        });
    }

    /** Asks one node about these resources. */
    private interface Question<T> {
        Map<String, Answer<T>> ask(Destination node, Collection<String> names);
    }

    /** Only a broker itself knows what it was started with, so that each is asked about itself; all else any node can tell. */
    private static <T> Map<String, Answer<T>> inParts(Kind kind, Set<String> names, Question<T> question) {
        Map<Destination, List<String>> parts = new LinkedHashMap<>();
        Map<String, Answer<T>> outcomes = new LinkedHashMap<>();
        for (String name : names) {
            parts.computeIfAbsent(destination(kind, name), node -> new ArrayList<>())
                    .add(name);
            outcomes.put(name, TopicAdmin.unanswered());
        }
        parts.forEach((node, its) -> outcomes.putAll(question.ask(node, its)));
        return outcomes;
    }

    private static Destination destination(Kind kind, String name) {
        boolean isOfBroker = kind == Kind.BROKER || kind == Kind.BROKER_LOGGER;
        if (!isOfBroker || name.isEmpty()) return new Destination.AnyNode();
        try {
            return new Destination.Broker(Integer.parseInt(name));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("'" + name + "' is not the id of a broker", e);
        }
    }
}
