package io.millrace.compatibility;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.compatibility.program.JavaClients;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Our clients, as the command line, on listeners of Apache's broker with TLS and SASL. (Ours has none yet.) */
@Tag("long")
final class SecureListenersTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String PASSWORD = "not-secret";
    private static final int TLS_PORT = FreePort.find();
    private static final int SASL_TLS_PORT = FreePort.find();
    private static final int SASL_PORT = FreePort.find();
    private static final int MUTUAL_PORT = FreePort.find();
    private static final int RECORDS = 5_000;

    @TempDir
    static Path stores;

    private static final Path KEYS = temporary("broker.p12");

    @RegisterExtension
    static final BrokerUnderTest broker = BrokerUnderTest.with(new ApacheBroker(), port -> {
        int controller = FreePort.find();
        String plain = "org.apache.kafka.common.security.plain.PlainLoginModule required user_ann=\"s3cret\";";
        String scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;";
        return List.of(
                "listeners=PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controller
                        + ",TLS://127.0.0.1:" + TLS_PORT + ",SASLTLS://127.0.0.1:" + SASL_TLS_PORT
                        + ",SASL://127.0.0.1:" + SASL_PORT + ",MUTUAL://127.0.0.1:" + MUTUAL_PORT,
                "controller.quorum.bootstrap.servers=127.0.0.1:" + controller,
                "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TLS:SSL,"
                        + "SASLTLS:SASL_SSL,SASL:SASL_PLAINTEXT,MUTUAL:SSL",
                "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
                "ssl.keystore.location=" + KEYS,
                "ssl.keystore.type=PKCS12",
                "ssl.keystore.password=" + PASSWORD,
                "ssl.truststore.location=" + KEYS,
                "ssl.truststore.type=PKCS12",
                "ssl.truststore.password=" + PASSWORD,
                "listener.name.mutual.ssl.client.auth=required",
                "listener.name.sasltls.plain.sasl.jaas.config=" + plain,
                "listener.name.sasl.plain.sasl.jaas.config=" + plain,
                "listener.name.sasltls.scram-sha-256.sasl.jaas.config=" + scram,
                "listener.name.sasltls.scram-sha-512.sasl.jaas.config=" + scram,
                "listener.name.sasl.scram-sha-256.sasl.jaas.config=" + scram,
                "listener.name.sasl.scram-sha-512.sasl.jaas.config=" + scram);
    });

    private static Path temporary(String name) {
        try {
            Path directory = Files.createTempDirectory("millrace-tls");
            directory.toFile().deleteOnExit();
            Path file = directory.resolve(name);
            ChildProcess.run(
                    "keytool",
                    directory,
                    Map.of(),
                    PATIENCE,
                    List.of(
                            Path.of(System.getProperty("java.home"), "bin", "keytool")
                                    .toString(),
                            "-genkeypair",
                            "-alias",
                            "node",
                            "-keyalg",
                            "EC",
                            "-dname",
                            "CN=node",
                            "-ext",
                            "SAN=ip:127.0.0.1",
                            "-storetype",
                            "PKCS12",
                            "-storepass",
                            PASSWORD,
                            "-keystore",
                            file.toString()));
            file.toFile().deleteOnExit();
            return file;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @BeforeAll
    static void users() throws Exception {
        try (var admin = JavaClients.admin(broker.bootstrap())) {
            admin.createTopics(List.of(new NewTopic("safe", 3, (short) 1)))
                    .all()
                    .get();
            for (var info : List.of(
                    new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 8_192),
                    new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4_096))) {
                admin.alterUserScramCredentials(List.of(new UserScramCredentialUpsertion("ann", info, "s3cret")))
                        .all()
                        .get();
            }
        }
    }

    private static List<String> millrace(String... arguments) {
        List<String> command = new ArrayList<>(List.of(MillraceBroker.PROGRAM));
        command.addAll(List.of(arguments));
        return ChildProcess.run(
                "millrace " + arguments[0], stores, Map.of("XDG_CONFIG_HOME", stores.toString()), PATIENCE, command);
    }

    private static Path properties(int port, String protocol, String mechanism, String password) throws IOException {
        List<String> lines =
                new ArrayList<>(List.of("bootstrap.servers=127.0.0.1:" + port, "security.protocol=" + protocol));
        if (protocol.endsWith("SSL")) {
            lines.add("ssl.truststore.location=" + KEYS);
            lines.add("ssl.truststore.type=PKCS12");
            lines.add("ssl.truststore.password=" + PASSWORD);
        }
        if (port == MUTUAL_PORT) {
            lines.add("ssl.keystore.location=" + KEYS);
            lines.add("ssl.keystore.type=PKCS12");
            lines.add("ssl.keystore.password=" + PASSWORD);
        }
        if (protocol.startsWith("SASL")) {
            String module = mechanism.equals("PLAIN") ? "plain.PlainLoginModule" : "scram.ScramLoginModule";
            lines.add("sasl.mechanism=" + mechanism);
            lines.add("sasl.jaas.config=org.apache.kafka.common.security." + module + " required username=\"ann\""
                    + " password=\"" + password + "\";");
        }
        return Files.write(stores.resolve(protocol + mechanism + port + ".properties"), lines);
    }

    private static int port(String listener) {
        return switch (listener) {
            case "TLS" -> TLS_PORT;
            case "MUTUAL" -> MUTUAL_PORT;
            case "SASLTLS" -> SASL_TLS_PORT;
            default -> SASL_PORT;
        };
    }

    @ParameterizedTest
    @CsvSource({
        "TLS, SSL, none",
        "MUTUAL, SSL, none",
        "SASLTLS, SASL_SSL, PLAIN",
        "SASLTLS, SASL_SSL, SCRAM-SHA-256",
        "SASL, SASL_PLAINTEXT, SCRAM-SHA-512",
        "SASL, SASL_PLAINTEXT, PLAIN"
    })
    void adminProducerAndConsumerWorkOverEachKindOfListener(String listener, String protocol, String mechanism)
            throws Exception {
        String config =
                properties(port(listener), protocol, mechanism, "s3cret").toString();
        String topic = "via-" + listener + "-" + mechanism;
        millrace("topic", "create", topic, "-p", "3", "--command-config", config);
        Path lines = stores.resolve(topic + ".txt");
        List<String> written = IntStream.range(0, RECORDS)
                .mapToObj(i -> i + ":" + "x".repeat(i % 300))
                .toList();
        Files.write(lines, written);
        millrace("produce", topic, lines.toString(), "--command-config", config);
        List<String> read = millrace("consume", topic, "--from", "earliest", "--exit", "--command-config", config);
        assertEquals(written.stream().sorted().toList(), read.stream().sorted().toList());
    }

    private static String refusal(String... arguments) {
        return String.valueOf(
                assertThrows(AssertionError.class, () -> millrace(arguments)).getMessage());
    }

    /** Two starts of the program on a busy machine; less than either would wait by itself. */
    private static final long AT_ONCE_MS = 30_000;

    @Test
    void aWrongPasswordIsSaidByAdminAndProducerAlike() throws Exception {
        for (String mechanism : List.of("PLAIN", "SCRAM-SHA-256")) {
            String config =
                    properties(SASL_PORT, "SASL_PLAINTEXT", mechanism, "guess").toString();
            String admin = refusal("topic", "list", "--command-config", config);
            assertTrue(admin.contains("refused the login by " + mechanism), admin);
            long began = System.nanoTime();
            String consumer = refusal("consume", "safe", "--exit", "--timeout", "60", "--command-config", config);
            assertTrue(consumer.contains("refused the login by " + mechanism), consumer);
            Path line = Files.writeString(stores.resolve("line.txt"), "never\n");
            String producer = refusal("produce", "safe", line.toString(), "--command-config", config);
            assertTrue(producer.contains("refused the login by " + mechanism), producer);
            long tookMs = (System.nanoTime() - began) / 1_000_000;
            assertTrue(tookMs < AT_ONCE_MS, () -> "both together took " + tookMs + " ms, as if they had tried again");
            assertTrue(!admin.contains("guess") && !consumer.contains("guess"), "no password is shown");
        }
    }

    @Test
    void anUntrustedNodeAndAListenerOfAnotherKindAreSaid() throws Exception {
        Path stranger = temporary("stranger.p12");
        Path config = Files.write(
                stores.resolve("stranger.properties"),
                List.of(
                        "bootstrap.servers=127.0.0.1:" + TLS_PORT,
                        "security.protocol=SSL",
                        "ssl.truststore.location=" + stranger,
                        "ssl.truststore.type=PKCS12",
                        "ssl.truststore.password=" + PASSWORD));
        String untrusted = refusal("topic", "list", "--command-config", config.toString());
        assertTrue(untrusted.contains("no TLS with the node at 127.0.0.1:" + TLS_PORT), untrusted);
        String plain = refusal("topic", "list", "--bootstrap", "127.0.0.1:" + TLS_PORT, "--timeout", "5");
        assertTrue(plain.contains("security.protocol=SSL"), plain);
    }
}
