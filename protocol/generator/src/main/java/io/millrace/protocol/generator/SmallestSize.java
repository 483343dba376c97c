package io.millrace.protocol.generator;

/** The least number of bytes that something takes on the wire: what bounds the counts of collections. */
final class SmallestSize {
    private final Message message;

    SmallestSize(Message message) {
        this.message = message;
    }

    /** Java that gives the smallest size of an element in {@code version}, one of {@code possible}. */
    String expression(WireType element, Versions flexible, Versions possible) {
        StringBuilder java = new StringBuilder();
        int version = possible.highest();
        while (true) {
            int size = of(element, flexible, version);
            if (size < 1)
                throw new IllegalStateException(message.name() + ": an element of " + element + " takes no bytes");
            int from = version;
            while (from > possible.lowest() && of(element, flexible, from - 1) == size) from--;
            if (from == possible.lowest()) return java.append(size).toString();
            java.append("version >= ").append(from).append(" ? ").append(size).append(" : ");
            version = from - 1;
        }
    }

    private int of(WireType type, Versions flexible, int version) {
        boolean compact = flexible.contains(version);
        return switch (type) {
            case WireType.Scalar scalar when scalar.fixedBytes() > 0 -> scalar.fixedBytes();
            case WireType.Scalar scalar -> compact ? 1 : scalar == WireType.Scalar.STRING ? 2 : 4;
            case WireType.Array array -> compact ? 1 : 4;
            case WireType.Struct struct -> of(message.struct(struct), version);
        };
    }

    private int of(Struct struct, int version) {
        int size = message.flexible().contains(version) ? 1 : 0; // the count of tagged fields
        for (Field field : struct.fields()) {
            if (!field.versions().contains(version) || field.tagged().contains(version)) continue;
            boolean optionalStruct =
                    field.type() instanceof WireType.Struct && field.nullable().contains(version);
            size += optionalStruct ? 1 : of(field.type(), message.flexible(field), version);
        }
        return size;
    }
}
