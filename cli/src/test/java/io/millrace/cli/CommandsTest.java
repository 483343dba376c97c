package io.millrace.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class CommandsTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return Commands.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
    }

    /** All commands with the words that lead to them. */
    private static List<List<String>> allCommands() {
        List<List<String>> all = new ArrayList<>();
        collect(Commands.commandLine(), List.of(), all);
        return all;
    }

    private static void collect(CommandLine command, List<String> words, List<List<String>> all) {
        all.add(words);
        command.getSubcommands().forEach((name, subcommand) -> {
            List<String> longer = new ArrayList<>(words);
            longer.add(name);
            collect(subcommand, longer, all);
        });
    }

    @Test
    void everyCommandHelps() {
        List<List<String>> all = allCommands();
        assertTrue(all.contains(List.of("topic", "create")), all::toString);
        for (List<String> words : all) {
            List<String> arguments = new ArrayList<>(words);
            arguments.add("--help");
            out.getBuffer().setLength(0);
            assertEquals(0, run(arguments.toArray(new String[0])), words::toString);
            assertTrue(out.toString().startsWith("Usage: millrace"), words::toString);
            assertTrue(out.toString().lines().count() > 3, words::toString);
        }
        assertEquals("", err.toString());
    }

    @Test
    void whatStandsBelowTheOptionsIsBrokenOnlyWhereTheLineEnds() {
        int columns = 100;
        for (List<String> words : allCommands()) {
            for (String line : commandAt(words).getCommandSpec().usageMessage().footer())
                assertTrue(!line.startsWith(" ") || line.length() <= columns, () -> words + ": " + line);
        }
        assertEquals(0, run("consume", "--help"));
        List<String> lines = out.toString().lines().toList();
        int place = IntStream.range(0, lines.size())
                .filter(i -> lines.get(i).startsWith("A PLACE is"))
                .findFirst()
                .orElseThrow();
        String next = lines.get(place + 1);
        assertTrue(lines.get(place).length() + next.indexOf(' ') >= columns, () -> lines.get(place) + "/" + next);
    }

    @Test
    void everyOptionAndCommandSaysWhatItIs() {
        for (List<String> words : allCommands()) {
            CommandLine command = commandAt(words);
            assertTrue(command.getCommandSpec().usageMessage().description().length > 0, words::toString);
            for (var option : command.getCommandSpec().options())
                assertTrue(option.description().length > 0, () -> words + " " + option.longestName());
        }
    }

    @Test
    void transactionsAreAskedForWholeAndOnlyWhereThereAreSome() {
        assertEquals(2, run("produce", "orders", "--transaction-size", "3"));
        assertTrue(err.toString().contains("--transaction-size needs --transactional-id"), err::toString);
        assertEquals(2, run("produce", "orders", "--transactional-id", "a", "--transaction-size", "0"));
        assertTrue(err.toString().contains("--transaction-size 0 is below 1"), err::toString);
        assertEquals(2, run("produce", "orders", "--transactional-id", "a", "--acks", "1"));
        assertEquals(2, run("bench", "produce", "orders", "-P", "transactional.id=a"));
        assertTrue(err.toString().contains("sends in no transactions"), err::toString);
    }

    @Test
    void movesOfReplicasAreAskedForWithoutContradictions() {
        assertEquals(2, run("reassign", "plan", "--rf", "0"));
        assertTrue(err.toString().contains("--rf 0 is below 1"), err::toString);
        assertEquals(2, run("reassign", "run", "--json-file", "f.json", "--rf", "2"));
        assertTrue(err.toString().contains("--json-file says all that --topics, --brokers"), err::toString);
        assertEquals(2, run("reassign", "plan", "--json-file", "no-such-file.json"));
        assertTrue(err.toString().contains("cannot read no-such-file.json"), err::toString);
        assertEquals(2, run("reassign", "run", "--batch", "0"));
        assertEquals(2, run("reassign", "run", "--throttle", "0"));
        assertEquals(2, run("reassign", "cancel"));
        assertTrue(err.toString().contains("say which partitions, or --all"), err::toString);
        assertEquals(2, run("reassign", "cancel", "a:0", "--all"));
        assertEquals(2, run("node", "drain", "3", "--to", "1,3"));
        assertTrue(err.toString().contains("--to names broker 3 itself"), err::toString);
        assertEquals(2, run("node", "drain", "3", "--cordon"));
    }

    private static CommandLine commandAt(List<String> words) {
        CommandLine command = Commands.commandLine();
        for (String word : words)
            command = Objects.requireNonNull(command.getSubcommands().get(word));
        return command;
    }

    @Test
    void theVersionIsOneLine() {
        assertEquals(0, run("--version"));
        assertTrue(out.toString().startsWith("Millrace "), out::toString);
        assertEquals(1, out.toString().lines().count());
    }

    @Test
    void withoutACommandTheUsageIsShownAndTheStatusIsTwo() {
        assertEquals(2, run());
        assertTrue(err.toString().startsWith("Usage: millrace"), err::toString);
        assertEquals(2, run("topic"));
        assertEquals("", out.toString());
    }

    @Test
    void anOptionWhereACommandIsWantedNamesTheCommands() {
        assertEquals(2, run("quorum", "--bootstrap", "localhost:9092"));
        assertEquals(
                "millrace: millrace quorum wants one of its commands first: describe, add, remove",
                err.toString().lines().findFirst().orElseThrow());
    }

    @Test
    void whatIsWronglyAskedIsOneSentenceAndStatusTwo() {
        assertEquals(2, run("topic", "create", "t", "--partitions", "0"));
        assertEquals(
                "millrace: --partitions 0 is not in [1, 2147483647]",
                err.toString().lines().findFirst().orElseThrow());
        for (String[] wrong : List.of(
                new String[] {"topic", "create"},
                new String[] {"topic", "create", "t", "--nonsense"},
                new String[] {"topic", "create", "t", "--config", "retention.ms"},
                new String[] {"topic", "create", "t", "--config", "a=1", "--config", "a=2"},
                new String[] {"topic", "create", "t", "--replica-assignment", "1:1"},
                new String[] {"topic", "create", "t", "--replica-assignment", "x"},
                new String[] {"topic", "create", "t", "-p", "1", "--replica-assignment", "1"},
                new String[] {"topic", "alter", "t"},
                new String[] {"topic", "alter", "t", "--replica-assignment", "1:2", "--partitions", "2"},
                new String[] {"topic", "list", "--matching", "["},
                new String[] {"topic", "describe", "--with-overrides", "--unavailable"},
                new String[] {"topic", "list", "--bootstrap-server", "h:port"},
                new String[] {"topic", "list", "--timeout", "0"},
                new String[] {"group", "describe"},
                new String[] {"group", "describe", "g", "--all-groups"},
                new String[] {"group", "delete"},
                new String[] {"topic", "offsets"},
                new String[] {"topic", "offsets", "t", "--time", "yesterday"},
                new String[] {"topic", "trim", "t"},
                new String[] {"topic", "trim", "t", "--all", "--before-offset", "3"},
                new String[] {"topic", "trim", "t", "--before-offset", "-3"},
                new String[] {"topic", "trim", "t", "--before-time", "yesterday"},
                new String[] {"topic", "producers"},
                new String[] {"transaction", "describe"},
                new String[] {"transaction", "abort-hanging", "--topic", "t", "--partition", "0"},
                new String[] {"transaction", "abort-hanging", "--topic", "t", "--partition", "0", "--start-offset", "-1"
                },
                new String[] {"group", "delete-offsets", "g"},
                new String[] {"group", "delete-offsets", "g", "--topic", "t:x"},
                new String[] {"group", "reset", "g", "--topic", "t"},
                new String[] {"group", "reset", "g", "--to-latest"},
                new String[] {"group", "reset", "g", "--to-latest", "--to-earliest", "--topic", "t"},
                new String[] {"group", "reset", "g", "--to-latest", "--topic", "t", "--all-topics"},
                new String[] {"group", "reset", "g", "--to-latest", "--topic", "t:x"},
                new String[] {"group", "reset", "g", "--to-offset", "-1", "--topic", "t"},
                new String[] {"group", "reset", "g", "--back", "1h", "--topic", "t"},
                new String[] {"group", "reset", "g", "--to-latest", "--topic", "t", "--undo-file", "f"},
                new String[] {"config", "describe", "planet", "p"},
                new String[] {"config", "describe", "topic"},
                new String[] {"config", "describe", "broker", "x"},
                new String[] {"config", "alter", "topic", "t"},
                new String[] {"config", "alter", "topic", "t", "-c", "a=1", "--delete-config", "a"},
                new String[] {"config", "alter", "topic", "t", "--append-config", "a=1", "--subtract-config", "a=2"},
                new String[] {"config", "alter", "topic", "t", "--append-config", "a"},
                new String[] {"log", "move", "t:0"},
                new String[] {"log", "move", "t", "--to", "/d"},
                new String[] {"log", "move", "t:-1", "--to", "/d"},
                new String[] {"log", "move", "t:0", "--to", "/d", "--throttle", "0"},
                new String[] {"features", "upgrade"},
                new String[] {"features", "upgrade", "group.version"},
                new String[] {"features", "upgrade", "group.version=x"},
                new String[] {"features", "upgrade", "group.version=1", "group.version=0"},
                new String[] {"features", "downgrade", "group.version=40000"},
                new String[] {"features", "downgrade", "metadata.version=9.9"},
                new String[] {"election", "run"},
                new String[] {"election", "run", "t:0", "--all"},
                new String[] {"election", "run", "t:0", "--type", "lucky"},
                new String[] {"node", "unregister"},
                new String[] {"node", "unregister", "x"},
                new String[] {"reassign", "begin", "t:0"},
                new String[] {"reassign", "begin", "t:0=1,x"},
                new String[] {"reassign", "begin", "t:0=1", "t:0=2"},
                new String[] {"reassign", "cancel", "t"},
                new String[] {"quorum", "add", "1@h:9093"},
                new String[] {"quorum", "add", "1@h:9093:AAAAAAAAQACAAAAAAAAAAQ,2@h:9093:AAAAAAAAQACAAAAAAAAAAg"},
                new String[] {"quorum", "remove", "1", "--directory", "x"},
                new String[] {"quorum", "describe", "-b", "h:1", "--bootstrap-controller", "h:2"},
                new String[] {"nonsense"})) {
            err.getBuffer().setLength(0);
            assertEquals(2, run(wrong), () -> String.join(" ", wrong));
            assertTrue(err.toString().startsWith("millrace: "), () -> String.join(" ", wrong) + "\n" + err);
        }
        assertEquals("", out.toString());
    }

    @Test
    void aClusterThatIsNotThereIsOneSentenceAndStatusOne() throws IOException {
        int port;
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = closed.getLocalPort();
        }
        assertEquals(1, run("topic", "list", "--timeout", "1", "--bootstrap-server", "127.0.0.1:" + port));
        assertTrue(err.toString().startsWith("millrace: nobody listens at 127.0.0.1:" + port), err::toString);
        assertEquals(1, err.toString().lines().count());
        assertEquals("", out.toString());
    }

    @Test
    void theCompletionScriptKnowsCommandsAndOptions() {
        assertEquals(0, run("completion"));
        String script = out.toString();
        for (String word : List.of("topic", "describe", "--under-replicated", "start", "--listen", "dump"))
            assertTrue(script.contains(word), word);
        assertFalse(script.contains("selftest"));
    }

    @Test
    void whatIsMissingIsSaidOnce() {
        assertEquals(2, run("group", "reset", "g", "-t", "words"));
        assertTrue(err.toString().startsWith("millrace: Missing required argument"), err::toString);
    }
}
