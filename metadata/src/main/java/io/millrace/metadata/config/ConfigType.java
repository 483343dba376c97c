package io.millrace.metadata.config;

/** The type of a property's value; the codes are those of DescribeConfigs. */
public enum ConfigType {
    /** A property this version does not know. */
    UNKNOWN(0),
    /** {@code true} or {@code false}, in any case. */
    BOOLEAN(1),
    /** Any text, surrounding blanks dropped. */
    STRING(2),
    /** 32 bits, signed. */
    INT(3),
    /** 16 bits, signed. */
    SHORT(4),
    /** 64 bits, signed. */
    LONG(5),
    /** A floating point number. */
    DOUBLE(6),
    /** Texts parted by commas. */
    LIST(7),
    /** The name of a class; never loaded here. */
    CLASS(8),
    /** A text that is never shown. */
    PASSWORD(9);

    private final byte code;

    ConfigType(int code) {
        this.code = (byte) code;
    }

    /** The {@code ConfigType} field of DescribeConfigs. */
    public byte code() {
        return code;
    }
}
