package io.millrace.protocol.generator;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The program: {@code Generate SCHEMAS OUTPUT}. SCHEMAS holds one folder for each jar, named for it. */
public final class Generate {
    private static final String MESSAGES = "io/millrace/protocol/messages/";
    private static final String STAMP = ".inputs.sha256";

    private final Path schemas;
    private final Path output;

    private Generate(Path schemas, Path output) {
        this.schemas = schemas;
        this.output = output;
    }

    /** Writes the sources, unless they were made from the same schemas by the same generator. */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 2) throw new IllegalArgumentException("want two arguments: SCHEMAS OUTPUT");
        new Generate(Path.of(arguments[0]), Path.of(arguments[1])).run();
    }

    private void run() throws IOException {
        List<Path> files = filesBelow(schemas, ".json");
        if (files.isEmpty()) throw new IOException("no schemas in " + schemas);
        String stamp = hashOf(files);
        Path stampFile = output.resolve(STAMP);
        if (Files.exists(stampFile) && Files.readString(stampFile).equals(stamp)) return;

        List<Message> messages = new ArrayList<>();
        for (Path file : files) {
            Message message =
                    SchemaReader.read(schemas.relativize(file).getName(0).toString(), file);
            if (message.versions().isEmpty()) continue; // kept by Kafka only so that nobody takes the key again
            SchemaRules.check(message);
            messages.add(message);
        }
        Map<String, String> sources = sources(messages);
        for (Path old : filesBelow(output, ".java"))
            if (!sources.containsKey(slashed(output.relativize(old)))) Files.delete(old);
        for (var source : sources.entrySet()) {
            Path file = output.resolve(source.getKey());
            Files.createDirectories(file.getParent());
            if (!Files.exists(file) || !Files.readString(file).equals(source.getValue()))
                Files.writeString(file, source.getValue());
        }
        Files.writeString(stampFile, stamp);
    }

    /** Path and text of each Java file. */
    private static Map<String, String> sources(List<Message> messages) {
        Map<String, String> sources = new TreeMap<>();
        for (Message message : messages) {
            String path = MESSAGES + message.name() + ".java";
            if (sources.put(path, new RecordSource(message).source()) != null)
                throw new IllegalArgumentException("two schemas are named " + message.name());
        }
        sources.put("io/millrace/protocol/ApiKey.java", new ApiKeySource(messages).source());
        sources.put(
                MESSAGES + "MetadataRecordType.java",
                RecordTypeSource.ofRecords(
                        "MetadataRecordType",
                        "The records of {@code __cluster_metadata}.",
                        from(messages, "kafka-metadata")));
        sources.put(
                MESSAGES + "RemoteLogMetadataRecordType.java",
                RecordTypeSource.ofRecords(
                        "RemoteLogMetadataRecordType",
                        "The records of {@code __remote_log_metadata} (KIP-405).",
                        from(messages, "kafka-storage").stream()
                                .filter(message -> message.type().equals("metadata"))
                                .toList()));
        addCoordinator(sources, messages, "Group", "__consumer_offsets", "kafka-group-coordinator");
        addCoordinator(sources, messages, "Share", "__share_group_state", "kafka-share-coordinator");
        addCoordinator(sources, messages, "Transaction", "__transaction_state", "kafka-transaction-coordinator");
        sources.put(MESSAGES + "package-info.java", PACKAGE_INFO);
        return sources;
    }

    private static void addCoordinator(
            Map<String, String> sources, List<Message> messages, String coordinator, String topic, String origin) {
        String name = coordinator + "CoordinatorRecordType";
        sources.put(
                MESSAGES + name + ".java",
                RecordTypeSource.ofKeysAndValues(
                        name, "The records of {@code " + topic + "}.", from(messages, origin)));
    }

    private static List<Message> from(List<Message> messages, String origin) {
        return messages.stream()
                .filter(message -> message.origin().equals(origin))
                .toList();
    }

    /** Of all that the result depends on: the schemas and this program. */
    private String hashOf(List<Path> files) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (Path file : files) {
                digest.update(slashed(schemas.relativize(file)).getBytes(StandardCharsets.UTF_8));
                digest.update(Files.readAllBytes(file));
            }
            Path program = Path.of(Generate.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .getPath());
            List<Path> code = Files.isDirectory(program) ? filesBelow(program, ".class") : List.of(program);
            for (Path file : code) digest.update(Files.readAllBytes(file));
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static List<Path> filesBelow(Path directory, String ending) throws IOException {
        if (!Files.exists(directory)) return List.of();
        try (Stream<Path> paths = Files.walk(directory)) {
            return paths.filter(path -> path.toString().endsWith(ending))
                    .sorted()
                    .toList();
        }
    }

    private static String slashed(Path path) {
        return path.toString().replace('\\', '/');
    }

    private static final String PACKAGE_INFO = """
            /**
             * Kafka's messages, one record for each schema of the published jars, made when this module is built.
             *
             * <p>A message has the fields of all its versions; {@code read} and {@code write} are told which version the
             * bytes have. What a field may hold, and since which version it exists, is in the schema.
             */
            @NullMarked
            package io.millrace.protocol.messages;

            import org.jspecify.annotations.NullMarked;
            """;
}
