package io.millrace.compatibility;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Apache Kafka 4.4.0 as one combined KRaft node; or, with {@link #BROKER_ONLY} among the settings, one of a cluster. */
record ApacheBroker() implements BrokerKind {
    /** A broker whose controller is another node. */
    static final String BROKER_ONLY = "process.roles=broker";

    private static final Duration FORMAT_TIMEOUT = Duration.ofSeconds(60);

    @Override
    public List<String> prepare(Path data, int port, List<String> settings) {
        Path properties = data.resolve("server.properties");
        int controllerPort = FreePort.find();
        var lines = new ArrayList<>(List.of(
                "process.roles=broker,controller",
                "node.id=1",
                "controller.quorum.bootstrap.servers=127.0.0.1:" + controllerPort,
                "listeners=PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controllerPort,
                "controller.listener.names=CONTROLLER",
                "log.dirs=" + data.resolve("log"),
                "offsets.topic.replication.factor=1",
                "transaction.state.log.replication.factor=1",
                "transaction.state.log.min.isr=1",
                "share.coordinator.state.topic.replication.factor=1",
                "share.coordinator.state.topic.min.isr=1"));
        lines.addAll(settings);
        try {
            Files.write(properties, lines);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (!Files.exists(data.resolve("log/meta.properties"))) {
            List<String> format = command(
                    "256m",
                    "kafka.tools.StorageTool",
                    "format",
                    "--ignore-formatted",
                    "-t",
                    "MkU3OEVBNTcwNTJENDM2Qg",
                    "-c",
                    properties.toString());
            if (!settings.contains(BROKER_ONLY)) format.add("--standalone");
            ChildProcess.run("Apache's storage tool", data, Map.of(), FORMAT_TIMEOUT, format);
        }
        return command("1g", "kafka.Kafka", properties.toString());
    }

    private static List<String> command(String heap, String... mainAndArguments) {
        var command = new ArrayList<>(Checkout.java(heap));
        command.add("-Dlog4j2.configurationFile=" + Checkout.ROOM.resolve("apache/log4j2.properties"));
        command.addAll(Checkout.archive("apache"));
        command.add("-cp");
        command.add(Checkout.jars("apache", "run compatibility/install-clients"));
        command.addAll(List.of(mainAndArguments));
        return command;
    }

    @Override
    public Path logs(Path data) {
        return data.resolve("log");
    }

    @Override
    public boolean saysReady(String line) {
        return line.contains("Kafka Server started");
    }
}
