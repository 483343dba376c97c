package io.millrace.protocol;

import io.millrace.testkit.SeededRandom;
import java.io.ByteArrayOutputStream;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.Field;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.TaggedFields;
import org.apache.kafka.common.protocol.types.Type;

/** Random bytes of a message, made from nothing but what Kafka's own schema object says of their order. */
final class SchemaBytes {
    /**
     * What the bytes look like.
     *
     * @param longAtLevel  at which level of collections within collections, 1 being the outermost, they are long; 0 if at none
     * @param longElements how many elements a long collection has
     * @param mostElements the most elements in any other collection
     * @param textBytes    the most bytes in a text
     * @param zeros        how likely a number is 0
     * @param nulls        how likely what may be null is null
     * @param tags         how likely a tagged field is there
     * @param unknownTags  whether there are tagged fields that nobody knows
     */
    record Shape(
            int longAtLevel,
            int longElements,
            int mostElements,
            int textBytes,
            double zeros,
            double nulls,
            double tags,
            boolean unknownTags) {

        /** A bit of everything. */
        static Shape any(SeededRandom random) {
            int textBytes = 1 + random.nextInt(40);
            return new Shape(0, 0, random.nextInt(5), textBytes, 0.2, random.nextDouble(), random.nextDouble(), false);
        }

        /** Mostly what the defaults are likely to be. */
        static Shape sparse(SeededRandom random) {
            return new Shape(0, 0, 1, 2, 0.95, random.nextDouble(), 0.1, false);
        }

        Shape withUnknownTags() {
            return new Shape(longAtLevel, longElements, mostElements, textBytes, zeros, nulls, tags, true);
        }
    }

    private static final int UNKNOWN_TAG = 100;

    private final SeededRandom random;
    private final Shape shape;
    private ByteArrayOutputStream out = new ByteArrayOutputStream();
    private int level;

    private SchemaBytes(SeededRandom random, Shape shape) {
        this.random = random;
        this.shape = shape;
    }

    static byte[] of(Schema schema, SeededRandom random, Shape shape) {
        SchemaBytes bytes = new SchemaBytes(random, shape);
        bytes.struct(schema);
        return bytes.out.toByteArray();
    }

    private void struct(Schema schema) {
        for (BoundField field : schema.fields()) value(field.def.type);
    }

    private void value(Type type) {
        if (type instanceof Schema schema) {
            if (type.isNullable()) {
                boolean isNull = random.chance(shape.nulls);
                fixed(isNull ? -1 : 1, 1);
                if (isNull) return;
            }
            struct(schema);
        } else if (type instanceof TaggedFields tagged) {
            taggedFields(tagged);
        } else if (type.isArray()) {
            array(type);
        } else {
            scalar(type);
        }
    }

    private void array(Type type) {
        boolean compact = type.toString().startsWith("COMPACT")
                || type.getClass().getSimpleName().startsWith("Compact");
        if (type.isNullable() && random.chance(shape.nulls)) {
            if (compact) varint(0);
            else fixed(-1, 4);
            return;
        }
        level++;
        int count = shape.longAtLevel == level
                ? shape.longElements
                : shape.longAtLevel > level ? 1 : random.nextInt(shape.mostElements + 1);
        if (compact) varint(count + 1);
        else fixed(count, 4);
        for (int i = 0; i < count; i++) value(type.arrayElementType().orElseThrow());
        level--;
    }

    private void taggedFields(TaggedFields tagged) {
        Map<Integer, byte[]> present = new TreeMap<>();
        ByteArrayOutputStream outer = out;
        for (Map.Entry<Integer, Field> field : tagged.fields().entrySet()) {
            if (!random.chance(shape.tags)) continue;
            out = new ByteArrayOutputStream();
            taggedValue(field.getValue().type);
            present.put(field.getKey(), out.toByteArray());
        }
        out = outer;
        if (shape.unknownTags && random.nextBoolean())
            present.put(UNKNOWN_TAG + random.nextInt(100), random.bytes(random.nextInt(200)));
        varint(present.size());
        present.forEach((tag, content) -> {
            varint(tag);
            varint(content.length);
            out.writeBytes(content);
        });
    }

    /** Kafka marks an optional struct in a tagged field by 0 or 1, everywhere else by -1 or 1; its schema does not say so. */
    private void taggedValue(Type type) {
        if (type instanceof Schema schema && type.isNullable()) {
            boolean isNull = random.chance(shape.nulls);
            varint(isNull ? 0 : 1);
            if (!isNull) struct(schema);
        } else {
            value(type);
        }
    }

    private void scalar(Type type) {
        String name = type.toString();
        switch (name) {
            case "BOOLEAN" -> fixed(random.nextInt(2), 1);
            case "INT8" -> number(1);
            case "INT16", "UINT16" -> number(2);
            case "INT32", "UINT32" -> number(4);
            case "INT64" -> number(8);
            case "FLOAT64" -> fixed(Double.doubleToLongBits(random.nextDouble()), 8);
            case "UUID" -> {
                number(8);
                number(8);
            }
            default -> {
                boolean compact = name.startsWith("COMPACT");
                int lengthBytes = name.endsWith("STRING") ? 2 : 4;
                if (type.isNullable() && random.chance(shape.nulls)) {
                    if (compact) varint(0);
                    else fixed(-1, lengthBytes);
                    return;
                }
                byte[] content = name.endsWith("STRING") ? text() : random.bytes(random.nextInt(shape.textBytes + 1));
                if (compact) varint(content.length + 1);
                else fixed(content.length, lengthBytes);
                out.writeBytes(content);
            }
        }
    }

    private byte[] text() {
        int length = random.nextInt(shape.textBytes + 1);
        return random.chance(0.7)
                ? random.word(length).getBytes(java.nio.charset.StandardCharsets.UTF_8)
                : random.bytes(length); // mostly not UTF-8: both sides must decode it alike
    }

    private void number(int bytes) {
        fixed(random.chance(shape.zeros) ? 0 : random.anyLong(), bytes);
    }

    private void fixed(long value, int bytes) {
        for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out.write((int) (value >>> shift));
    }

    private void varint(int value) {
        int rest = value;
        for (; (rest & ~0x7f) != 0; rest >>>= 7) out.write((rest & 0x7f) | 0x80);
        out.write(rest);
    }
}
