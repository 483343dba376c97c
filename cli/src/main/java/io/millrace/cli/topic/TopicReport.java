package io.millrace.cli.topic;

import io.millrace.cli.terminal.Table;
import io.millrace.client.ConfigEntry;
import io.millrace.client.TopicDescription;
import io.millrace.client.TopicDescription.PartitionDescription;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One topic as {@code topic describe} shows it. */
record TopicReport(TopicDescription topic, Map<String, String> overrides, List<PartitionDescription> partitions) {
    private static final String MIN_ISR = "min.insync.replicas";
    private static final String HIDDEN = "(hidden)";

    static TopicReport of(TopicDescription topic, List<ConfigEntry> configs, PartitionFilter filter) {
        Map<String, String> overrides = new LinkedHashMap<>();
        int minIsr = 1;
        for (ConfigEntry config : configs) {
            String value = config.value();
            if (config.name().equals(MIN_ISR) && value != null) minIsr = Integer.parseInt(value);
            if (config.source().isOwn()) overrides.put(config.name(), value == null ? HIDDEN : value);
        }
        List<PartitionDescription> shown = new ArrayList<>();
        for (PartitionDescription partition : topic.partitions())
            if (filter.accepts(partition, minIsr)) shown.add(partition);
        return new TopicReport(topic, overrides, shown);
    }

    void print(PrintWriter out, boolean withPartitions) {
        String configs = overrides.entrySet().stream()
                .map(it -> it.getKey() + "=" + it.getValue())
                .collect(Collectors.joining(","));
        out.println("Topic " + topic.name() + ": id " + topic.id() + ", partitions "
                + topic.partitions().size() + ", replication factor " + topic.replicationFactor()
                + (topic.isInternal() ? ", internal" : "") + (configs.isEmpty() ? "" : ", configs " + configs));
        if (!withPartitions) return;
        boolean hasTrouble = partitions.stream()
                .anyMatch(it -> !it.offline().isEmpty()
                        || !it.eligibleLeaders().isEmpty()
                        || !it.lastKnownEligibleLeaders().isEmpty());
        List<String> headings = new ArrayList<>(List.of("PARTITION", "LEADER", "EPOCH", "REPLICAS", "ISR"));
        if (hasTrouble) headings.addAll(List.of("ELR", "LAST-KNOWN-ELR", "OFFLINE"));
        Table table = new Table("  ", headings);
        for (PartitionDescription it : partitions) {
            List<Object> cells = new ArrayList<>(List.of(
                    it.partition(),
                    it.leader() < 0 ? "none" : it.leader(),
                    it.leaderEpoch() < 0 ? "" : it.leaderEpoch(),
                    ids(it.replicas()),
                    ids(it.isr())));
            if (hasTrouble)
                cells.addAll(List.of(ids(it.eligibleLeaders()), ids(it.lastKnownEligibleLeaders()), ids(it.offline())));
            table.add(cells.toArray());
        }
        table.print(out);
    }

    private static String ids(List<Integer> brokerIds) {
        return brokerIds.stream().map(String::valueOf).collect(Collectors.joining(","));
    }

    Map<String, @Nullable Object> fields(boolean withPartitions) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("name", topic.name());
        fields.put("id", topic.id().toString());
        fields.put("internal", topic.isInternal());
        fields.put("partitionCount", topic.partitions().size());
        fields.put("replicationFactor", topic.replicationFactor());
        fields.put("configs", overrides);
        if (withPartitions)
            fields.put(
                    "partitions", partitions.stream().map(TopicReport::fields).toList());
        return fields;
    }

    private static Map<String, @Nullable Object> fields(PartitionDescription it) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("partition", it.partition());
        fields.put("leader", it.leader() < 0 ? null : it.leader());
        fields.put("leaderEpoch", it.leaderEpoch() < 0 ? null : it.leaderEpoch());
        fields.put("replicas", it.replicas());
        fields.put("isr", it.isr());
        fields.put("eligibleLeaders", it.eligibleLeaders());
        fields.put("lastKnownEligibleLeaders", it.lastKnownEligibleLeaders());
        fields.put("offline", it.offline());
        return fields;
    }
}
