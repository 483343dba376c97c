package io.millrace.protocol.generator;

import java.util.HashSet;
import java.util.Set;

/** What the generated code takes for granted, checked once per schema so that a new schema cannot break it quietly. */
final class SchemaRules {
    /** Simple names that generated files import or define. */
    private static final Set<String> TAKEN_TYPE_NAMES = Set.of(
            "ApiKey",
            "ApiMessage",
            "Arrays",
            "Builder",
            "CoordinatorKey",
            "CoordinatorValue",
            "List",
            "MetadataRecord",
            "Nullable",
            "Object",
            "Objects",
            "Override",
            "ProtocolReader",
            "ProtocolWriter",
            "RecordsPayload",
            "Request",
            "Response",
            "String",
            "UnsupportedVersion",
            "Uuid",
            "WireList");

    private final Message message;

    private SchemaRules(Message message) {
        this.message = message;
    }

    static void check(Message message) {
        new SchemaRules(message).check();
    }

    private void check() {
        if (!message.structs().keySet().stream()
                        .filter(TAKEN_TYPE_NAMES::contains)
                        .toList()
                        .isEmpty()
                || message.structs().containsKey(message.name())) throw refused("struct", "its name is taken");
        check(message.top());
        message.structs().values().forEach(this::check);
    }

    private void check(Struct struct) {
        Set<Integer> tags = new HashSet<>();
        Set<String> names = new HashSet<>();
        for (Field field : struct.fields()) {
            String where = struct.name() + "." + field.schemaName();
            if (!names.add(field.javaName())) throw refused(where, "two fields of this name");
            Versions tagged = field.tagged().intersect(message.versions());
            if (!field.tagged().isEmpty() && (field.tag() < 0 || !tags.add(field.tag())))
                throw refused(where, "no tag of its own");
            if (!message.flexible().contains(tagged)) throw refused(where, "tagged in a version without tags");
            if (!field.versions().contains(field.tagged())) throw refused(where, "tagged where it does not exist");
            if (field.defaultsToNull() && !field.isEverNullable()) throw refused(where, "null, but never nullable");
            if (!tagged.isEmpty() && holdsRecords(field.type())) throw refused(where, "records in a tagged field");
            checkStructs(field, where);
        }
    }

    private void checkStructs(Field field, String where) {
        WireType inner = field.type() instanceof WireType.Array(WireType element) ? element : field.type();
        if (inner == WireType.Scalar.RECORDS && !inner.equals(field.type())) throw refused(where, "array of records");
        if (!(inner instanceof WireType.Struct struct)) return;
        Versions used = field.versions().intersect(message.versions());
        if (!message.struct(struct).versions().contains(used))
            throw refused(where, "exists in versions where " + struct.name() + " does not");
    }

    private boolean holdsRecords(WireType type) {
        return switch (type) {
            case WireType.Scalar scalar -> scalar == WireType.Scalar.RECORDS;
            case WireType.Array(WireType element) -> holdsRecords(element);
            case WireType.Struct struct ->
                message.struct(struct).fields().stream().anyMatch(field -> holdsRecords(field.type()));
        };
    }

    private IllegalArgumentException refused(String where, String why) {
        return new IllegalArgumentException(message.name() + ", " + where + ": " + why);
    }
}
