package io.millrace.protocol.generator;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The Java file of the {@code ApiKey} enum. */
final class ApiKeySource {
    private final List<Message> requests;
    private final Map<Integer, Message> responses;
    private final JavaSource java = new JavaSource();

    ApiKeySource(List<Message> messages) {
        this.requests = messages.stream()
                .filter(message -> Kind.of(message) == Kind.REQUEST)
                .sorted(Comparator.comparingInt(Message::apiKey))
                .toList();
        this.responses = messages.stream()
                .filter(message -> Kind.of(message) == Kind.RESPONSE)
                .collect(Collectors.toMap(Message::apiKey, message -> message));
    }

    /** The whole file. */
    String source() {
        java.add("package io.millrace.protocol;");
        java.add("");
        for (Message request : requests) {
            java.add("import io.millrace.protocol.messages." + request.name() + ";");
            java.add("import io.millrace.protocol.messages." + response(request).name() + ";");
        }
        java.add("import java.util.Collections;");
        java.add("import java.util.EnumSet;");
        java.add("import java.util.Optional;");
        java.add("import java.util.Set;");
        java.add("");
        java.doc(
                "The APIs of Kafka 4.4.0 that have a version left. Four older keys (4 to 7) have none and are not here.");
        java.add("public enum ApiKey {");
        for (int i = 0; i < requests.size(); i++) addConstant(requests.get(i), i == requests.size() - 1);
        addMembers();
        addHeaderVersions();
        addReading("Request");
        addReading("Response");
        java.add("}");
        return java.toString();
    }

    private Message response(Message request) {
        Message response = responses.get(request.apiKey());
        if (response == null || !response.versions().equals(request.versions()))
            throw new IllegalArgumentException(request.name() + " has no response of the same versions");
        return response;
    }

    private static String constant(Message request) {
        return Message.constantName(request.nameWithout("Request"));
    }

    private void addConstant(Message request, boolean isLast) {
        java.doc("{@link " + request.name() + "}, {@link " + response(request).name() + "}.");
        java.add("%s(%d, %d, %d, %b%s)%s"
                .formatted(
                        constant(request),
                        request.apiKey(),
                        request.versions().lowest(),
                        request.versions().highest(),
                        request.lastIsUnstable(),
                        request.listeners().stream()
                                .map(listener -> ", Listener." + listener.toUpperCase(Locale.ROOT))
                                .sorted()
                                .collect(Collectors.joining()),
                        isLast ? ";" : ","));
    }

    private void addMembers() {
        java.add("""

                /** What answers on a listener. */
                public enum Listener {
                /** A broker's listeners for clients and for other brokers. */
                BROKER,
                /** The controller's listeners. */
                CONTROLLER
                }

                private static final ApiKey[] BY_CODE = byCode();

                private final short code;
                private final short oldestVersion;
                private final short latestVersion;
                private final boolean latestIsUnstable;
                private final Set<Listener> listeners;

                ApiKey(int code, int oldestVersion, int latestVersion, boolean latestIsUnstable, Listener... listeners) {
                this.code = (short) code;
                this.oldestVersion = (short) oldestVersion;
                this.latestVersion = (short) latestVersion;
                this.latestIsUnstable = latestIsUnstable;
                EnumSet<Listener> all = EnumSet.noneOf(Listener.class);
                Collections.addAll(all, listeners);
                this.listeners = Collections.unmodifiableSet(all);
                }

                private static ApiKey[] byCode() {
                ApiKey[] byCode = new ApiKey[values()[values().length - 1].code + 1];
                for (ApiKey key : values()) byCode[key.code] = key;
                return byCode;
                }

                /** The API of a code, or none if there is no such API. */
                public static Optional<ApiKey> forCode(int code) {
                return code < 0 || code >= BY_CODE.length ? Optional.empty() : Optional.ofNullable(BY_CODE[code]);
                }

                /** The number on the wire. */
                public short code() {
                return code;
                }

                /** Where the API is served. */
                public Set<Listener> listeners() {
                return listeners;
                }

                /** The oldest version there is. */
                public short oldestVersion() {
                return oldestVersion;
                }

                /** The newest version there is, an unstable one included. */
                public short latestVersion() {
                return latestVersion;
                }

                /** The newest version that is for general use. */
                public short latestStableVersion() {
                return latestIsUnstable ? (short) (latestVersion - 1) : latestVersion;
                }

                /** Whether there is such a version, an unstable one included. */
                public boolean isSupported(int version) {
                return version >= oldestVersion && version <= latestVersion;
                }
                """);
    }

    private void addHeaderVersions() {
        java.doc(
                "Which version of {@link io.millrace.protocol.messages.RequestHeader} precedes a request: 2 with tagged fields, 1 without.");
        java.add("public short requestHeaderVersion(int version) {");
        java.add("return (short) (version >= firstFlexibleVersion() ? 2 : 1);");
        java.add("}");
        java.add("");
        java.doc(
                "Which version of {@link io.millrace.protocol.messages.ResponseHeader} precedes a response: 1 with tagged"
                        + " fields, 0 without. Always 0 for ApiVersions, whose answer must be readable by clients that are older"
                        + " than the broker thinks (KIP-511).");
        java.add("public short responseHeaderVersion(int version) {");
        java.add("return (short) (this != API_VERSIONS && version >= firstFlexibleVersion() ? 1 : 0);");
        java.add("}");
        java.add("");
        java.add("private int firstFlexibleVersion() {");
        java.add("return switch (this) {");
        requests.stream()
                .collect(Collectors.groupingBy(
                        request -> request.flexible().isEmpty()
                                ? Integer.MAX_VALUE
                                : request.flexible().lowest(),
                        java.util.TreeMap::new,
                        Collectors.mapping(ApiKeySource::constant, Collectors.joining(", "))))
                .forEach((version, keys) -> java.add("case " + keys + " -> "
                        + (version == Integer.MAX_VALUE ? "Integer.MAX_VALUE" : version) + ";"));
        java.add("};");
        java.add("}");
        java.add("");
    }

    private void addReading(String kind) {
        java.doc(
                "Reads the fields of a " + kind.toLowerCase(Locale.ROOT) + ", which follow its header.",
                "@throws MalformedMessage if the bytes are not such a message",
                "@throws UnsupportedVersion if there is no such version");
        java.add("public %s read%s(ProtocolReader in, int version) {".formatted(kind, kind));
        java.add("return switch (this) {");
        for (Message request : requests) {
            String name =
                    kind.equals("Request") ? request.name() : response(request).name();
            java.add("case " + constant(request) + " -> " + name + ".read(in, version);");
        }
        java.add("};");
        java.add("}");
        java.add("");
    }
}
