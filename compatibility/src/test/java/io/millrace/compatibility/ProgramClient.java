package io.millrace.compatibility;

import io.millrace.compatibility.program.RecordRule;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A client driven by a program in its own language; README of this room has the contract.
 *
 * @param command how the program starts, before its arguments
 * @param memberSettings what the program is told besides when it starts members
 * @param needed a file that is there when the client is installed
 */
record ProgramClient(String name, List<String> command, List<String> memberSettings, Path needed, List<String> codecs)
        implements ClientUnderTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    /** The official Java client of the test class path. */
    static ProgramClient currentJava() {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return java("java-4.4", classPath, Checkout.TARGET);
    }

    /** An official Java client whose jars are in {@code target/clients}. */
    static ProgramClient olderJava(String name) {
        Path jars = Checkout.TARGET.resolve("clients").resolve(name);
        String classPath = Checkout.TARGET.resolve("test-classes")
                + File.pathSeparator
                + Checkout.jars("clients/" + name, "run mvn process-test-resources here");
        return java(name, classPath, jars);
    }

    private static ProgramClient java(String name, String classPath, Path needed) {
        var command = new ArrayList<>(Checkout.java("256m"));
        command.addAll(List.of("-cp", classPath, "io.millrace.compatibility.program.JavaProgram"));
        return new ProgramClient(name, List.copyOf(command), List.of(), needed, RecordRule.CODECS);
    }

    /** The same, with members whose rebalances are cooperative (KIP-429). */
    ProgramClient cooperative() {
        var settings =
                List.of("partition.assignment.strategy", "org.apache.kafka.clients.consumer.CooperativeStickyAssignor");
        return new ProgramClient(name, command, settings, needed, codecs);
    }

    /** A program of Debian's Python. */
    static ProgramClient python(String name, String program, String module) {
        return new ProgramClient(
                name,
                List.of(
                        "/usr/bin/python3",
                        "-u",
                        Checkout.ROOM.resolve("clients/python/" + program).toString()),
                List.of(),
                Path.of("/usr/lib/python3/dist-packages", module),
                RecordRule.CODECS);
    }

    /** A program of node. */
    static ProgramClient javaScript(String name, String program, String module) {
        Path folder = Checkout.ROOM.resolve("clients/javascript");
        return new ProgramClient(
                name,
                List.of("node", folder.resolve(program).toString()),
                List.of(),
                folder.resolve("node_modules").resolve(module),
                RecordRule.CODECS);
    }

    @Override
    public void requireInstalled() {
        if (Files.exists(needed)) return;
        throw new AssertionError("no " + name + " here (" + needed
                + "): run compatibility/install-clients, or leave it out by" + " -Dmillrace.compat.without=" + name);
    }

    @Override
    public boolean usesOneProducer() {
        return true;
    }

    @Override
    public boolean hasAdmin() {
        return true;
    }

    @Override
    public void produce(String bootstrap, String topic) {
        run("produce", bootstrap, topic);
    }

    @Override
    public void consume(String bootstrap, String topic) {
        run("consume", bootstrap, topic);
    }

    @Override
    public void readPositions(String bootstrap, String topic) {
        run("positions", bootstrap, topic);
    }

    @Override
    public List<String> take(String bootstrap, String topic, String group, int recordCount) {
        return run("take", bootstrap, topic, group, String.valueOf(recordCount)).stream()
                .filter(line -> line.startsWith("record "))
                .map(line -> line.split(" ", 4)[3])
                .toList();
    }

    @Override
    public List<ChildProcess> startMembers(String bootstrap, String topic, String group, int memberCount) {
        var arguments = arguments("member", bootstrap, group, topic, String.valueOf(memberCount));
        arguments.addAll(memberSettings);
        return List.of(ChildProcess.start(memberCount + " members by " + name, Checkout.TARGET, Map.of(), arguments));
    }

    @Override
    public void administer(String bootstrap, String prefix) {
        run("admin", bootstrap, prefix);
    }

    /** Writes the numbers from 0 to partition 0, in order, by an idempotent producer that does not give up. */
    void writeIdempotently(String bootstrap, String topic, int recordCount) {
        run("idempotent", bootstrap, topic, String.valueOf(recordCount));
    }

    @Override
    public String toString() {
        return name;
    }

    private List<String> run(String... arguments) {
        return ChildProcess.run(
                name + " " + String.join(" ", arguments), Checkout.TARGET, Map.of(), PATIENCE, arguments(arguments));
    }

    private List<String> arguments(String... arguments) {
        var all = new ArrayList<>(command);
        all.addAll(List.of(arguments));
        return all;
    }
}
