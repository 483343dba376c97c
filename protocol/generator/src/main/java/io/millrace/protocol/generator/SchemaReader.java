package io.millrace.protocol.generator;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads one schema file; refuses words it does not know. */
final class SchemaReader {
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(JsonReadFeature.ALLOW_JAVA_COMMENTS).build();

    private static final Set<String> MESSAGE_WORDS = Set.of(
            "type",
            "name",
            "validVersions",
            "flexibleVersions",
            "fields",
            "apiKey",
            "listeners",
            "commonStructs",
            "latestVersionUnstable");
    private static final Set<String> FIELD_WORDS = Set.of(
            "name",
            "type",
            "versions",
            "about",
            "default",
            "fields",
            "nullableVersions",
            "entityType",
            "ignorable",
            "mapKey",
            "tag",
            "taggedVersions",
            "zeroCopy",
            "flexibleVersions");

    private final String origin;
    private final JsonNode root;
    private final Map<String, Struct> structs = new LinkedHashMap<>();

    private SchemaReader(String origin, JsonNode root) {
        this.origin = origin;
        this.root = root;
    }

    /** Reads a schema that came from the jar named {@code origin}. */
    static Message read(String origin, Path file) throws IOException {
        try {
            return new SchemaReader(origin, JSON.readTree(Files.readString(file))).message();
        } catch (IOException | RuntimeException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    private Message message() {
        checkWords(root, MESSAGE_WORDS);
        String name = text(root, "name");
        Versions versions = Versions.parse(text(root, "validVersions"));
        for (JsonNode common : root.path("commonStructs")) {
            checkWords(common, FIELD_WORDS);
            add(struct(text(common, "name"), Versions.parse(text(common, "versions")), common));
        }
        Struct top = struct(name, versions, root);
        List<String> listeners = new ArrayList<>();
        root.path("listeners").forEach(listener -> listeners.add(listener.asText()));
        return new Message(
                origin,
                text(root, "type"),
                root.path("apiKey").asInt(-1),
                listeners,
                versions,
                Versions.parse(root.path("flexibleVersions").asText("none")),
                root.path("latestVersionUnstable").asBoolean(false),
                top,
                structs);
    }

    private Struct struct(String name, Versions versions, JsonNode node) {
        List<Field> fields = new ArrayList<>();
        for (JsonNode field : node.path("fields")) fields.add(field(field));
        return new Struct(
                name, versions, List.copyOf(fields), node.path("about").asText(""));
    }

    private Field field(JsonNode node) {
        checkWords(node, FIELD_WORDS);
        WireType type = WireType.parse(text(node, "type"));
        Versions tagged = Versions.parse(node.path("taggedVersions").asText("none"));
        Versions versions = node.has("versions") ? Versions.parse(text(node, "versions")) : tagged;
        WireType inner = type instanceof WireType.Array(WireType element) ? element : type;
        if (inner instanceof WireType.Struct(String struct) && node.has("fields")) add(struct(struct, versions, node));
        // A JSON null is no default at all; only the text "null" means null.
        String defaultText =
                node.path("default").isNull() ? "" : node.path("default").asText("");
        return new Field(
                text(node, "name"),
                type,
                versions,
                Versions.parse(node.path("nullableVersions").asText("none")),
                tagged,
                node.path("tag").asInt(-1),
                Versions.parse(node.path("flexibleVersions").asText("0+")),
                node.path("ignorable").asBoolean(false),
                defaultText,
                node.path("about").asText(""));
    }

    private void add(Struct struct) {
        if (structs.putIfAbsent(struct.name(), struct) != null)
            throw new IllegalArgumentException("two structs are named " + struct.name());
    }

    private static String text(JsonNode node, String word) {
        JsonNode value = node.get(word);
        if (value == null) throw new IllegalArgumentException("\"" + word + "\" is missing in " + node.path("name"));
        return value.asText();
    }

    private static void checkWords(JsonNode node, Set<String> known) {
        node.fieldNames().forEachRemaining(word -> {
            if (!known.contains(word))
                throw new IllegalArgumentException("unknown word \"" + word + "\" in " + node.path("name"));
        });
    }
}
