package io.millrace.protocol.generator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program on schemas of its own. That the result is right is shown in {@code protocol/messages}, beside Kafka. */
class GenerateTest {
    private static final String PACKAGE = "io/millrace/protocol/messages/";

    @TempDir
    private Path directory;

    /** The least that there must be for the registries to be made. */
    @BeforeEach
    void schemas() throws IOException {
        schema("kafka-clients", "EchoRequest", message("request", "EchoRequest", ", \"listeners\": [\"broker\"]", ""));
        schema("kafka-clients", "EchoResponse", message("response", "EchoResponse", "", ""));
        schema("kafka-metadata", "ThingRecord", message("metadata", "ThingRecord", "", ""));
        schema("kafka-storage", "FarRecord", message("metadata", "FarRecord", "", ""));
        for (String coordinator : new String[] {"Group", "Share", "Transaction"}) {
            String jar = "kafka-" + coordinator.toLowerCase(java.util.Locale.ROOT) + "-coordinator";
            schema(jar, coordinator + "Key", message("coordinator-key", coordinator + "Key", "", ""));
            schema(jar, coordinator + "Value", message("coordinator-value", coordinator + "Value", "", ""));
        }
    }

    private static String message(String type, String name, String more, String fields) {
        return """
                // A licence, as in all of them.
                { "type": "%s", "name": "%s", "apiKey": 0, "validVersions": "0", "flexibleVersions": "0+"%s,
                  "fields": [ %s ] }
                """.formatted(type, name, more, fields);
    }

    private void schema(String jar, String name, String text) throws IOException {
        Path folder = Files.createDirectories(
                directory.resolve("schemas").resolve(jar).resolve("common/message"));
        Files.writeString(folder.resolve(name + ".json"), text);
    }

    private void generate() throws IOException {
        Generate.main(new String[] {
            directory.resolve("schemas").toString(), directory.resolve("out").toString()
        });
    }

    private Path generated(String name) {
        return directory.resolve("out").resolve(PACKAGE + name + ".java");
    }

    private void refuses(String field, String why) throws IOException {
        schema("kafka-clients", "Odd", message("data", "Odd", "", field));
        Exception refusal = assertThrows(Exception.class, this::generate);
        String message = String.valueOf(refusal.getMessage());
        assertTrue(message.contains(why), message);
    }

    @Test
    void aFieldIsAComponentWithItsDefaultAndItsDocumentation() throws IOException {
        schema("kafka-clients", "Note", message("data", "Note", "", """
                { "name": "HowMany", "type": "int32", "versions": "0+", "default": "-2", "about": "More than < 3." },
                { "name": "Default", "type": "string", "versions": "0+", "nullableVersions": "0+", "default": "null" }
                """));
        generate();
        String source = Files.readString(generated("Note"));
        assertTrue(source.contains(
                "public record Note(int howMany, @Nullable String defaultField) implements ApiMessage"));
        assertTrue(source.contains("private int howMany = -2;"));
        assertTrue(source.contains("@param howMany More than &lt; 3."));
    }

    @Test
    void nothingIsDoneAgainUntilASchemaChanges() throws IOException {
        generate();
        FileTime longAgo = FileTime.fromMillis(0);
        Files.writeString(generated("EchoRequest"), "touched");
        Files.setLastModifiedTime(generated("ThingRecord"), longAgo);
        generate();
        assertEquals("touched", Files.readString(generated("EchoRequest")));

        schema("kafka-clients", "More", message("data", "More", "", ""));
        generate();
        assertTrue(Files.readString(generated("EchoRequest")).contains("record EchoRequest"));
        assertTrue(Files.exists(generated("More")));
        assertEquals(longAgo, Files.getLastModifiedTime(generated("ThingRecord")), "same text, so left alone");

        Files.delete(directory.resolve("schemas/kafka-clients/common/message/More.json"));
        generate();
        assertFalse(Files.exists(generated("More")));
    }

    @Test
    void whatTheGeneratorDoesNotKnowFailsTheBuild() throws IOException {
        refuses(
                "{ \"name\": \"A\", \"type\": \"int32\", \"versions\": \"0+\", \"colour\": 1 }",
                "unknown word \"colour\"");
        refuses("{ \"name\": \"A\", \"type\": \"int128\", \"versions\": \"0+\" }", "INT128");
        refuses("{ \"name\": \"A\", \"versions\": \"0+\" }", "\"type\" is missing");
    }

    @Test
    void aSchemaThatTheGeneratedCodeWouldGetWrongFailsTheBuild() throws IOException {
        refuses(
                "{ \"name\": \"A\", \"type\": \"string\", \"versions\": \"0+\", \"default\": \"null\" }",
                "never nullable");
        refuses(
                "{ \"name\": \"A\", \"type\": \"int8\", \"versions\": \"0+\", \"taggedVersions\": \"0+\" }",
                "no tag of its own");
        refuses(
                "{ \"name\": \"A\", \"type\": \"records\", \"versions\": \"0+\", \"taggedVersions\": \"0+\", \"tag\": 0 }",
                "records in a tagged field");
        refuses("{ \"name\": \"A\", \"type\": \"Uuid\", \"versions\": \"0+\", \"fields\": [] }", "its name is taken");
        refuses(
                "{ \"name\": \"A\", \"type\": \"int8\", \"versions\": \"0+\", \"default\": \"300\" }",
                "more than 8 bits");
    }

    @Test
    void anEmptyFolderFailsTheBuild() {
        assertThrows(
                IOException.class,
                () -> Generate.main(new String[] {
                    directory.resolve("nowhere").toString(),
                    directory.resolve("out").toString()
                }));
    }
}
