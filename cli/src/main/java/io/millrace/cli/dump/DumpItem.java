package io.millrace.cli.dump;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One thing found in a file, such as a batch, a record or an index entry.
 *
 * @param kind what it is, in the words of the JSON output
 * @param depth 0 for what lies in the file itself, 1 for what lies in the item before
 * @param fields names and values in the order they are printed; values are those {@link io.millrace.cli.terminal.JsonText} can write
 */
record DumpItem(String kind, int depth, Map<String, @Nullable Object> fields) {
    DumpItem {
        fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    }

    /** An item of depth 0 of names and values in turn. */
    static DumpItem of(String kind, @Nullable Object... namesAndValues) {
        return new DumpItem(kind, 0, fields(namesAndValues));
    }

    static Map<String, @Nullable Object> fields(@Nullable Object... namesAndValues) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            fields.put(String.valueOf(namesAndValues[i]), namesAndValues[i + 1]);
        }
        return fields;
    }
}
