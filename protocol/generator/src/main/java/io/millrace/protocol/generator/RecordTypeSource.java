package io.millrace.protocol.generator;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The Java file of an enum of record types: which id stands for which message, in one topic. */
final class RecordTypeSource {
    private final String enumName;
    private final String topicDoc;
    private final List<Message> keys;
    private final Map<Integer, Message> values;
    private final JavaSource java = new JavaSource();

    private RecordTypeSource(String enumName, String topicDoc, List<Message> keys, Map<Integer, Message> values) {
        this.enumName = enumName;
        this.topicDoc = topicDoc;
        this.keys =
                keys.stream().sorted(Comparator.comparingInt(Message::apiKey)).toList();
        this.values = values;
    }

    /** For a topic whose records have a type and a message. */
    static String ofRecords(String enumName, String topicDoc, List<Message> records) {
        return new RecordTypeSource(enumName, topicDoc, records, Map.of()).recordsSource();
    }

    /** For a coordinator's topic, whose keys have a type that tells how to read the value. */
    static String ofKeysAndValues(String enumName, String topicDoc, List<Message> messages) {
        List<Message> keys = messages.stream()
                .filter(m -> Kind.of(m) == Kind.COORDINATOR_KEY)
                .toList();
        Map<Integer, Message> values = messages.stream()
                .filter(m -> Kind.of(m) == Kind.COORDINATOR_VALUE)
                .collect(Collectors.toMap(Message::apiKey, Function.identity()));
        return new RecordTypeSource(enumName, topicDoc, keys, values).keysAndValuesSource();
    }

    private String recordsSource() {
        String resultType = Kind.of(keys.get(0)).interfaceName();
        begin(List.of(resultType, "ProtocolReader"));
        for (Message record : keys) addConstant(Message.constantName(record.name()), record, record);
        addMembers("");
        addReading(
                resultType,
                "read",
                "Reads a record's fields.",
                m -> Message.constantName(m.name()),
                m -> m.name(),
                "version");
        java.add("}");
        return java.toString();
    }

    private String keysAndValuesSource() {
        begin(List.of("CoordinatorKey", "CoordinatorValue", "ProtocolReader"));
        for (Message key : keys) {
            Message value = values.get(key.apiKey());
            if (value == null || key.versions().highest() != 0)
                throw new IllegalArgumentException(key.name() + " is not the only version of a key with a value");
            addConstant(constant(key), key, value);
        }
        addMembers(" of the value");
        addReading(
                "CoordinatorKey",
                "readKey",
                "Reads a key's fields, which follow its type (int16).",
                RecordTypeSource::constant,
                Message::name,
                "0");
        addReading(
                "CoordinatorValue",
                "readValue",
                "Reads a value's fields, which follow its version (int16).",
                RecordTypeSource::constant,
                key -> value(key).name(),
                "version");
        java.add("}");
        return java.toString();
    }

    private Message value(Message key) {
        Message value = values.get(key.apiKey());
        if (value == null) throw new IllegalArgumentException(key.name() + " has no value");
        return value;
    }

    private static String constant(Message key) {
        return Message.constantName(key.nameWithout("Key"));
    }

    private void begin(List<String> imports) {
        java.add("package io.millrace.protocol.messages;");
        java.add("");
        for (String name : imports) java.add("import io.millrace.protocol." + name + ";");
        java.add("import java.util.Optional;");
        java.add("");
        java.doc(topicDoc);
        java.add("public enum " + enumName + " {");
    }

    private void addConstant(String constant, Message key, Message versioned) {
        java.doc(
                key.equals(versioned)
                        ? "{@link " + key.name() + "}."
                        : "{@link " + key.name() + "}, {@link " + versioned.name() + "}.");
        java.add("%s(%d, %d, %d)%s"
                .formatted(
                        constant,
                        key.apiKey(),
                        versioned.versions().lowest(),
                        versioned.versions().highest(),
                        key.equals(keys.get(keys.size() - 1)) ? ";" : ","));
    }

    private void addMembers(String ofWhat) {
        java.add("""

                private static final NAME[] BY_ID = byId();

                private final short id;
                private final short lowestSupportedVersion;
                private final short highestSupportedVersion;

                NAME(int id, int lowestSupportedVersion, int highestSupportedVersion) {
                this.id = (short) id;
                this.lowestSupportedVersion = (short) lowestSupportedVersion;
                this.highestSupportedVersion = (short) highestSupportedVersion;
                }

                private static NAME[] byId() {
                NAME[] byId = new NAME[values()[values().length - 1].id + 1];
                for (NAME type : values()) byId[type.id] = type;
                return byId;
                }

                /** The type of an id, or none if there is no such type. */
                public static Optional<NAME> forId(int id) {
                return id < 0 || id >= BY_ID.length ? Optional.empty() : Optional.ofNullable(BY_ID[id]);
                }

                /** The number on disk. */
                public short id() {
                return id;
                }

                /** The oldest versionOF there is. */
                public short lowestSupportedVersion() {
                return lowestSupportedVersion;
                }

                /** The newest versionOF there is. */
                public short highestSupportedVersion() {
                return highestSupportedVersion;
                }
                """.replace("NAME", enumName).replace("OF", ofWhat));
    }

    private void addReading(
            String resultType,
            String method,
            String doc,
            Function<Message, String> constant,
            Function<Message, String> messageName,
            String version) {
        boolean versioned = version.equals("version");
        java.doc(doc, "@throws io.millrace.protocol.MalformedMessage if the bytes are not such a message");
        java.add("public %s %s(ProtocolReader in%s) {".formatted(resultType, method, versioned ? ", int version" : ""));
        java.add("return switch (this) {");
        for (Message key : keys)
            java.add("case %s -> %s.read(in, %s);".formatted(constant.apply(key), messageName.apply(key), version));
        java.add("};");
        java.add("}");
        java.add("");
    }
}
