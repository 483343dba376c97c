package io.millrace.cli.dump;

import io.millrace.protocol.ApiMessage;
import io.millrace.protocol.RecordsPayload;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shows any generated message as names and values: they are records, and their components are the schema's fields. */
final class MessageFields {
    private MessageFields() {}

    /** Fields of a message by the schema's names, nested ones as maps and lists, bytes in base64. */
    static Map<String, @Nullable Object> of(ApiMessage message) {
        return ofRecord((Record) message);
    }

    private static Map<String, @Nullable Object> ofRecord(Record record) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        for (RecordComponent component : record.getClass().getRecordComponents()) {
            fields.put(component.getName(), shown(value(record, component)));
        }
        return fields;
    }

    private static @Nullable Object value(Record record, RecordComponent component) {
        try {
            return component.getAccessor().invoke(record);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException("cannot read " + component, e);
        }
    }

    private static @Nullable Object shown(@Nullable Object value) {
        return switch (value) {
            case null -> null;
            case byte[] bytes -> Base64.getEncoder().encodeToString(bytes);
            case RecordsPayload records -> Map.of("sizeBytes", records.sizeBytes());
            case io.millrace.protocol.Uuid id -> id.toString();
            case Collection<?> values -> shownAll(values);
            case Record nested -> ofRecord(nested);
            default -> value;
        };
    }

    private static List<@Nullable Object> shownAll(Collection<?> values) {
        List<@Nullable Object> shown = new ArrayList<>();
        for (Object value : values) shown.add(shown(value));
        return shown;
    }
}
