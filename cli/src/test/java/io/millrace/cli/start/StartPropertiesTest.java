package io.millrace.cli.start;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.server.config.BadConfig;
import io.millrace.server.config.ServerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StartPropertiesTest {
    @TempDir
    Path directory = Path.of("");

    private static ServerConfig config(String... arguments) {
        return StartProperties.of(StartOptions.parse(List.of(arguments)));
    }

    private String file(String text) throws IOException {
        return Files.writeString(directory.resolve("server.properties"), text).toString();
    }

    @Test
    void withoutOptionsDataIsInDataAndTheListenerOnLoopback() {
        ServerConfig config = config();
        assertEquals(List.of(Path.of("data").toAbsolutePath()), config.logDirs());
        assertEquals("PLAINTEXT://127.0.0.1:9092", config.listeners().getFirst().toString());
    }

    @Test
    void optionsBeatTheFileAndSettingsBeatOptions() throws IOException {
        String file = file("log.dirs=/from/file\nnum.partitions=3\nnode.id=7\n");
        ServerConfig config = config("--set", "node.id=9", "--config", file, "--data", "/from/option");
        assertEquals(List.of(Path.of("/from/option")), config.logDirs());
        assertEquals("3", config.stated().get("num.partitions"));
        assertEquals(9, config.nodeId());
        assertEquals(
                List.of(Path.of("/set")),
                config("--data", "/option", "--set", "log.dirs=/set").logDirs());
    }

    @Test
    void theOldNameOfLogDirsDoesNotBeatData() throws IOException {
        assertEquals(
                List.of(Path.of("/from/option")),
                config("--config", file("log.dir=/from/file"), "--data", "/from/option")
                        .logDirs());
        assertEquals(
                List.of(Path.of("/from/file")),
                config("--config", file("log.dir=/from/file")).logDirs());
    }

    @Test
    void listenReplacesTheListenersOfClientsAndWhatTheyAdvertise() throws IOException {
        String file = file("""
                process.roles=broker,controller
                node.id=1
                controller.listener.names=CONTROLLER
                controller.quorum.bootstrap.servers=localhost:9093
                listeners=INTERNAL://:9092,CONTROLLER://:9093
                advertised.listeners=INTERNAL://outside:9092,CONTROLLER://localhost:9093
                listener.security.protocol.map=INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT
                inter.broker.listener.name=INTERNAL
                """);
        ServerConfig config = config("--config", file, "--listen", "127.0.0.1:0");
        assertEquals(
                "INTERNAL://127.0.0.1:0,CONTROLLER://:9093", config.stated().get("listeners"));
        assertEquals("CONTROLLER://localhost:9093", config.stated().get("advertised.listeners"));
    }

    @Test
    void withOnlyClientsListenersNothingStaysAdvertised() throws IOException {
        ServerConfig config = config(
                "--config",
                file("listeners=PLAINTEXT://:9092\nadvertised.listeners=PLAINTEXT://outside:9092"),
                "--listen",
                "[::1]:9094");
        assertEquals("PLAINTEXT://[::1]:9094", config.stated().get("listeners"));
        assertFalse(config.stated().containsKey("advertised.listeners"));
    }

    @Test
    void whatCannotBeReadIsSaidInOneSentence() {
        Path missing = directory.resolve("missing");
        assertEquals(
                "the configuration file " + missing + " does not exist",
                assertThrows(BadConfig.class, () -> config("--config", missing.toString()))
                        .getMessage());
        assertEquals(
                "--listen 9092 is not of the form HOST:PORT",
                assertThrows(BadConfig.class, () -> config("--listen", "9092")).getMessage());
    }
}
