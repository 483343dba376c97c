package io.millrace.protocol.generator;

/** What a message is for, which decides what its record implements. */
enum Kind {
    REQUEST("Request"),
    RESPONSE("Response"),
    METADATA_RECORD("MetadataRecord"),
    COORDINATOR_KEY("CoordinatorKey"),
    COORDINATOR_VALUE("CoordinatorValue"),
    /** Headers, control records, what Kafka keeps in files, the remote log's records. */
    OTHER("ApiMessage");

    private final String interfaceName;

    Kind(String interfaceName) {
        this.interfaceName = interfaceName;
    }

    static Kind of(Message message) {
        return switch (message.type()) {
            case "request" -> REQUEST;
            case "response" -> RESPONSE;
            // The records of the remote log's topic have the same type, but ids of their own.
            case "metadata" -> message.origin().equals("kafka-metadata") ? METADATA_RECORD : OTHER;
            case "coordinator-key" -> COORDINATOR_KEY;
            case "coordinator-value" -> COORDINATOR_VALUE;
            case "header", "data" -> OTHER;
            default -> throw new IllegalArgumentException(message.name() + ": unknown type " + message.type());
        };
    }

    String interfaceName() {
        return interfaceName;
    }

    /** Adds the methods that the interface wants. */
    void addMethods(Message message, JavaSource java) {
        switch (this) {
            case REQUEST ->
                addMethod(java, "ApiKey apiKey()", "ApiKey." + Message.constantName(message.nameWithout("Request")));
            case RESPONSE ->
                addMethod(java, "ApiKey apiKey()", "ApiKey." + Message.constantName(message.nameWithout("Response")));
            case METADATA_RECORD ->
                addMethod(
                        java,
                        "MetadataRecordType recordType()",
                        "MetadataRecordType." + Message.constantName(message.name()));
            case COORDINATOR_KEY, COORDINATOR_VALUE ->
                addMethod(java, "short recordTypeId()", String.valueOf(message.apiKey()));
            case OTHER -> {}
        }
    }

    private static void addMethod(JavaSource java, String signature, String result) {
        java.add("@Override");
        java.add("public " + signature + " {");
        java.add("return " + result + ";");
        java.add("}");
        java.add("");
    }
}
