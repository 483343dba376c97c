package io.millrace.cli.logs;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.cli.terminal.PartitionName;
import io.millrace.cli.terminal.Terminal;
import io.millrace.client.Admin;
import io.millrace.client.Answer;
import io.millrace.client.ConfigAdmin;
import io.millrace.client.LogDirListing;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code millrace log move TOPIC:PARTITION... --to DIR}. */
@Command(
        name = "move",
        description =
                "Move replicas to another log directory of their broker, while they go on serving. To call a move off,"
                        + " move the replica to where it is.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class LogMove implements Callable<Integer> {
    private static final String RATE = "replica.alter.log.dirs.io.max.bytes.per.second";
    private static final long LOOK_AGAIN_MS = 500;

    @Mixin
    private Terminal terminal = new Terminal();

    @Parameters(arity = "1..*", paramLabel = "TOPIC:PARTITION", description = "Which replicas.")
    private List<String> replicas = new ArrayList<>();

    @Option(
            names = "--to",
            required = true,
            paramLabel = "DIR",
            description = "The log directory, as the broker's log.dirs names it (log dirs shows them).")
    private String to = "";

    @Option(
            names = "--broker",
            paramLabel = "ID",
            description = "Whose replicas; may be left out if there is one broker.")
    private @Nullable Integer broker;

    @Option(
            names = "--throttle",
            paramLabel = "BYTES",
            description = "Most bytes per second that the broker copies: sets its " + RATE
                    + ", which stays until it is changed.")
    private @Nullable Long throttle;

    @Option(
            names = "--wait",
            description = "Show progress, and end when all have been moved; Ctrl-C leaves them moving.")
    private boolean wait;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    /** Made by picocli. */
    public LogMove() {}

    @Override
    public Integer call() {
        Set<TopicPartition> wanted = new TreeSet<>();
        for (String replica : replicas) wanted.add(PartitionName.parse(replica, terminal));
        Long rate = throttle;
        if (rate != null && rate < 1) throw terminal.wronglyAsked("--throttle " + rate + " is below 1");
        try (Admin admin = cluster.admin()) {
            int id = brokerId(admin);
            if (rate != null && !throttled(admin, id, rate)) return Terminal.FAILED;
            Map<String, Answer<String>> answers = new LinkedHashMap<>();
            Set<TopicPartition> moving = new TreeSet<>();
            admin.logDirs().move(id, wanted, to).forEach((partition, answer) -> {
                answers.put(partition.toString(), answer);
                if (answer instanceof Answer.Granted<String>) moving.add(partition);
            });
            int status = terminal.tell("replica", answers, Set.of(), path -> {});
            if (wait) return Math.max(status, await(admin, id, moving));
            for (TopicPartition partition : moving) terminal.out().println("Moving " + partition + " to " + to + ".");
            return status;
        }
    }

    private int brokerId(Admin admin) {
        Integer given = broker;
        if (given != null) return given;
        List<Integer> ids = admin.logDirs().brokerIds();
        if (ids.size() == 1) return ids.getFirst();
        throw terminal.wronglyAsked("say whose replicas with --broker: there are brokers " + ids);
    }

    private boolean throttled(Admin admin, int id, long rate) {
        var change = new ConfigAdmin.Change(Map.of(RATE, Long.toString(rate)), List.of());
        var answers = admin.configs().alter(ConfigAdmin.Kind.BROKER, Map.of(Integer.toString(id), change));
        return terminal.tell("broker", answers, Set.of(), name -> {}) == Terminal.DONE;
    }

    /** Looks again and again, and tells what has changed, until none is under way any more. */
    private int await(Admin admin, int id, Set<TopicPartition> moving) {
        int status = Terminal.DONE;
        Set<TopicPartition> left = new TreeSet<>(moving);
        while (!left.isEmpty()) {
            List<LogDirListing> directories = admin.logDirs().describe(id);
            for (TopicPartition partition : List.copyOf(left)) {
                MoveProgress progress = MoveProgress.of(directories, partition, to);
                terminal.out().println(progress.sentence());
                if (progress.isUnderWay()) continue;
                left.remove(partition);
                if (progress.isDone()) continue;
                terminal.complain(partition + " is not being moved any more; the broker's log says why");
                status = Terminal.FAILED;
            }
            terminal.out().flush();
            if (!left.isEmpty() && !paused()) return Terminal.FAILED;
        }
        return status;
    }

    private static boolean paused() {
        try {
            Thread.sleep(LOOK_AGAIN_MS);
            return true;
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
