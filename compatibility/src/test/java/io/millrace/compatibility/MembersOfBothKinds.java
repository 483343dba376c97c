package io.millrace.compatibility;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Members of groups: the first of those that are started together is the official client's, the others are {@code millrace consume
 * --group}; or all are the latter.
 */
record MembersOfBothKinds(String assignor, boolean withOfficial, Path directory) {
    private static final String OFFICIAL_PACKAGE = "org.apache.kafka.clients.consumer.";
    private static final String SESSION_MS = "6000";

    private String officialAssignor() {
        return OFFICIAL_PACKAGE
                + switch (assignor) {
                    case "range" -> "RangeAssignor";
                    case "roundrobin" -> "RoundRobinAssignor";
                    case "sticky" -> "StickyAssignor";
                    case "cooperative-sticky" -> "CooperativeStickyAssignor";
                    default -> throw new IllegalArgumentException(assignor);
                };
    }

    List<ChildProcess> start(String bootstrap, String topic, String group, int count) {
        List<ChildProcess> members = new ArrayList<>();
        if (withOfficial) {
            ProgramClient java = ProgramClient.currentJava();
            List<String> settings = List.of(
                    "partition.assignment.strategy",
                    officialAssignor(),
                    "session.timeout.ms",
                    SESSION_MS,
                    "heartbeat.interval.ms",
                    "500");
            members.addAll(new ProgramClient(java.name(), java.command(), settings, java.needed(), java.codecs())
                    .startMembers(bootstrap, topic, group, 1));
        }
        while (members.size() < count) members.add(startOwn(bootstrap, topic, group));
        return members;
    }

    ChildProcess startOwn(String bootstrap, String topic, String group, String... properties) {
        List<String> command = new ArrayList<>(List.of(
                MillraceBroker.PROGRAM,
                "consume",
                topic,
                "--bootstrap",
                bootstrap,
                "--group",
                group,
                "--from",
                "earliest",
                "--format",
                "record %p %o %v",
                "--property",
                "partition.assignment.strategy=" + assignor,
                "--property",
                "session.timeout.ms=" + SESSION_MS,
                "--property",
                "heartbeat.interval.ms=500"));
        for (String each : properties) command.addAll(List.of("--property", each));
        return ChildProcess.start("millrace consume --group", directory, Map.of(), command);
    }
}
