package io.millrace.records;

/** Who set the time stamps of a batch (KIP-32). The names of {@code message.timestamp.type} are in {@link #configName}. */
public enum TimestampType {
    /** The producer did, record by record. */
    CREATE_TIME("CreateTime"),
    /** The broker did, one for the whole batch. */
    LOG_APPEND_TIME("LogAppendTime");

    private final String configName;

    TimestampType(String configName) {
        this.configName = configName;
    }

    /** The value of the topic property that asks for this type. */
    public String configName() {
        return configName;
    }
}
