package io.millrace.client;

import io.millrace.protocol.messages.DescribeConfigsRequest;
import io.millrace.protocol.messages.DescribeConfigsRequest.DescribeConfigsResource;
import io.millrace.protocol.messages.DescribeConfigsResponse;
import io.millrace.protocol.messages.DescribeConfigsResponse.DescribeConfigsResult;
import io.millrace.protocol.messages.IncrementalAlterConfigsRequest;
import io.millrace.protocol.messages.IncrementalAlterConfigsRequest.AlterConfigsResource;
import io.millrace.protocol.messages.IncrementalAlterConfigsRequest.AlterableConfig;
import io.millrace.protocol.messages.IncrementalAlterConfigsResponse;
import io.millrace.protocol.messages.IncrementalAlterConfigsResponse.AlterConfigsResourceResponse;
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
        /** A group, by id. */
        GROUP(32);

        private final byte code;

        Kind(int code) {
            this.code = (byte) code;
        }
    }

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
        if (kind != Kind.BROKER) return new Destination.AnyNode();
        if (names.size() != 1) throw new IllegalArgumentException("brokers are asked one at a time, not " + names);
        String id = names.iterator().next();
        return id.isEmpty() ? new Destination.AnyNode() : new Destination.Broker(Integer.parseInt(id));
    }
}
