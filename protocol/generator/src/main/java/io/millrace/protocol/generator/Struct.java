package io.millrace.protocol.generator;

import java.util.List;

/**
 * Fields in wire order.
 *
 * @param name     its own name, unique within the message
 * @param versions where it exists
 * @param fields   all of them
 * @param about    what the schema says of it
 */
record Struct(String name, Versions versions, List<Field> fields, String about) {
    /** The fields that stand among the tagged ones in some of the versions, by ascending tag. */
    List<Field> taggedFields(Versions possible) {
        return fields.stream()
                .filter(field -> !field.tagged().intersect(possible).isEmpty())
                .sorted(java.util.Comparator.comparingInt(Field::tag))
                .toList();
    }
}
