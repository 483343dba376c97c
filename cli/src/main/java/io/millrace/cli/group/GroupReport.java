package io.millrace.cli.group;

import io.millrace.cli.terminal.Table;
import io.millrace.client.CommittedOffset;
import io.millrace.client.GroupDescription;
import io.millrace.records.TopicPartition;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One group as {@code group describe} shows it. */
record GroupReport(GroupDescription group, List<GroupLag> lags) {
    private static final long MS_PER_SECOND = 1_000;

    void printState(PrintWriter out) {
        out.println("Group " + group.groupId() + ": state " + group.state() + ", type " + group.type() + ", assignor "
                + orDash(group.assignor()) + ", members " + group.members().size() + ", coordinator "
                + group.coordinator());
    }

    void printMembers(PrintWriter out, boolean verbose) {
        if (group.members().isEmpty()) {
            out.println("Group " + group.groupId() + " has no members.");
            return;
        }
        List<String> headings = new ArrayList<>(List.of("GROUP", "MEMBER", "INSTANCE", "HOST", "CLIENT", "PARTITIONS"));
        if (verbose) headings.add("ASSIGNMENT");
        Table table = new Table("", headings);
        for (GroupDescription.Member member : group.members()) {
            List<Object> cells = new ArrayList<>(List.of(
                    group.groupId(),
                    member.memberId(),
                    orEmpty(member.instanceId()),
                    member.host(),
                    member.clientId(),
                    member.assignment().size()));
            if (verbose) cells.add(assignment(member));
            table.add(cells.toArray());
        }
        table.print(out);
    }

    /** As {@code orders(0,1,2),returns(0)}. */
    private static String assignment(GroupDescription.Member member) {
        return byTopic(member).entrySet().stream()
                .map(it -> it.getKey()
                        + it.getValue().stream().map(String::valueOf).collect(Collectors.joining(",", "(", ")")))
                .collect(Collectors.joining(","));
    }

    private static Map<String, List<Integer>> byTopic(GroupDescription.Member member) {
        Map<String, List<Integer>> byTopic = new LinkedHashMap<>();
        for (TopicPartition it : member.assignment())
            byTopic.computeIfAbsent(it.topic(), topic -> new ArrayList<>()).add(it.partition());
        return byTopic;
    }

    void printOffsets(PrintWriter out, boolean verbose) {
        if (lags.isEmpty()) {
            out.println("Group " + group.groupId() + " has committed nothing and reads nothing.");
            return;
        }
        List<String> headings = new ArrayList<>(List.of(
                "GROUP",
                "TOPIC",
                "PARTITION",
                "COMMITTED",
                "LOG-END",
                "LAG",
                "LAG-BYTES",
                "LAG-SECONDS",
                "MEMBER",
                "HOST",
                "CLIENT"));
        if (verbose) headings.addAll(List.of("EPOCH", "METADATA"));
        Table table = new Table("", headings);
        for (GroupLag lag : lags) {
            CommittedOffset committed = lag.committed();
            GroupDescription.Member member = lag.member();
            List<Object> cells = new ArrayList<>(List.of(
                    group.groupId(),
                    lag.partition().topic(),
                    lag.partition().partition(),
                    committed == null ? "" : committed.offset(),
                    text(lag.log().endOffset()),
                    text(lag.lag()),
                    text(lag.lagBytes()),
                    seconds(lag.lagMs()),
                    member == null ? "" : member.memberId(),
                    member == null ? "" : member.host(),
                    member == null ? "" : member.clientId()));
            if (verbose) {
                cells.add(committed == null || committed.leaderEpoch() < 0 ? "" : committed.leaderEpoch());
                cells.add(committed == null ? "" : committed.metadata());
            }
            table.add(cells.toArray());
        }
        table.print(out);
    }

    Map<String, @Nullable Object> fields() {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("group", group.groupId());
        fields.put("state", group.state());
        fields.put("type", group.type());
        fields.put("protocol", group.protocolType());
        fields.put("assignor", group.assignor());
        fields.put("coordinator", group.coordinator().toString());
        fields.put("members", group.members().stream().map(GroupReport::fields).toList());
        fields.put("offsets", lags.stream().map(GroupReport::fields).toList());
        return fields;
    }

    private static Map<String, @Nullable Object> fields(GroupDescription.Member member) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("member", member.memberId());
        fields.put("instance", member.instanceId());
        fields.put("client", member.clientId());
        fields.put("host", member.host());
        fields.put("assignment", byTopic(member));
        return fields;
    }

    private static Map<String, @Nullable Object> fields(GroupLag lag) {
        CommittedOffset committed = lag.committed();
        GroupDescription.Member member = lag.member();
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("topic", lag.partition().topic());
        fields.put("partition", lag.partition().partition());
        fields.put("committed", committed == null ? null : committed.offset());
        fields.put("leaderEpoch", committed == null || committed.leaderEpoch() < 0 ? null : committed.leaderEpoch());
        fields.put("metadata", committed == null ? null : committed.metadata());
        fields.put("logEnd", number(lag.log().endOffset()));
        fields.put("lag", number(lag.lag()));
        fields.put("lagBytes", number(lag.lagBytes()));
        fields.put("lagMs", number(lag.lagMs()));
        fields.put("member", member == null ? null : member.memberId());
        return fields;
    }

    private static @Nullable Long number(OptionalLong number) {
        return number.isPresent() ? number.getAsLong() : null;
    }

    private static String text(OptionalLong number) {
        return number.isPresent() ? String.valueOf(number.getAsLong()) : "";
    }

    private static String seconds(OptionalLong ms) {
        return ms.isPresent() ? String.valueOf(Math.ceilDiv(ms.getAsLong(), MS_PER_SECOND)) : "";
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    private static String orDash(String text) {
        return text.isEmpty() ? "-" : text;
    }
}
