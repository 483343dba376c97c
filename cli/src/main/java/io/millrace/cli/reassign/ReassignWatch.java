package io.millrace.cli.reassign;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.LiveLine;
import io.millrace.cli.terminal.StandardStreams;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.ReplicaAdmin.Reassignment;
import io.millrace.records.TopicPartition;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace reassign watch}. */
@Command(
        name = "watch",
        description =
                "Show how far the moves under way are, whoever has begun them, until there are none: partitions, bytes, speed"
                        + " and the time to go.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ReassignWatch implements Callable<Integer> {
    private static final long LOOK_AGAIN_MS = 1_000;
    private static final long NANOS_PER_MS = 1_000_000;

    @Mixin
    private Terminal terminal = new Terminal();

    @Option(
            names = "--unthrottle",
            description =
                    "In the end take away replication throttles from all brokers and topics, whoever has set them.")
    private boolean unthrottle;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        MoveMeter meter = new MoveMeter();
        WatchedMoves moves = new WatchedMoves();
        LiveLine line = new LiveLine(terminal.err(), StandardStreams.isErrTerminal());
        try (Admin admin = cluster.admin()) {
            while (true) {
                SortedMap<TopicPartition, Reassignment> moving =
                        admin.replicas().reassignments();
                if (moving.isEmpty()) break;
                Map<TopicPartition, List<Integer>> replicas = new TreeMap<>();
                moving.forEach((partition, it) -> replicas.put(partition, it.replicas()));
                moves.saw(moving, MovingReplicas.sizes(admin, replicas));
                meter.saw(System.nanoTime() / NANOS_PER_MS, moves.arrivedBytes());
                line.show(meter.line(moves.partitionsDone(), moves.partitions(), moves.allBytes()));
                terminal.err().flush();
                if (!Pause.of(LOOK_AGAIN_MS)) return Terminal.FAILED;
            }
            line.end();
            int count = moves.partitions();
            terminal.out().println(count == 0 ? "Nothing moves." : "None of " + count + " partitions moves any more.");
            return !unthrottle || new ReplicationThrottle(admin, terminal).clearAll() ? Terminal.DONE : Terminal.FAILED;
        }
    }
}
