package io.millrace.client.security;

import io.millrace.connection.sasl.SaslLogin;
import io.millrace.host.TlsClientSettings;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * How connections are protected: {@code security.protocol} and the {@code ssl.*} and {@code sasl.*} properties of Kafka's clients, as far as they are
 * supported: TLS with stores in PKCS12, JKS or PEM, and SASL with PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. Immutable.
 */
public final class ConnectionSecurity {
    /** Nothing is protected. */
    public static final ConnectionSecurity NONE = new ConnectionSecurity(Map.of());

    private static final String PROTOCOL = "security.protocol";
    private static final Set<String> PROTOCOLS = Set.of("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL");
    private static final Set<String> OF_SASL = Set.of("sasl.mechanism", "sasl.jaas.config");
    private static final Set<String> OF_TLS = Set.of(
            "ssl.truststore.location",
            "ssl.truststore.password",
            "ssl.truststore.type",
            "ssl.truststore.certificates",
            "ssl.keystore.location",
            "ssl.keystore.password",
            "ssl.keystore.type",
            "ssl.keystore.key",
            "ssl.keystore.certificate.chain",
            "ssl.key.password",
            "ssl.endpoint.identification.algorithm",
            "ssl.enabled.protocols",
            "ssl.cipher.suites");

    private final Map<String, String> properties;
    private final Optional<SaslLogin> login;

    private ConnectionSecurity(Map<String, String> properties) {
        this.properties = Map.copyOf(properties);
        this.login = isSasl()
                ? Optional.of(SaslCredentials.login(text("sasl.mechanism"), text("sasl.jaas.config")))
                : Optional.empty();
    }

    /** Whether a property is one of those that say how connections are protected, supported or not. */
    public static boolean isOne(String name) {
        return name.startsWith("security.") || name.startsWith("ssl.") || name.startsWith("sasl.");
    }

    /**
     * Takes the properties of this kind out of others. Files are not read yet.
     *
     * @param all by name; those that are none of this kind are passed over
     * @throws IllegalArgumentException naming a property that is not supported, has no effect with that protocol, is missing or is wrong
     */
    public static ConnectionSecurity of(Map<String, String> all) {
        Map<String, String> own = new TreeMap<>();
        all.forEach((name, value) -> {
            if (isOne(name)) own.put(name, value.strip());
        });
        String protocol = own.getOrDefault(PROTOCOL, "PLAINTEXT");
        if (!PROTOCOLS.contains(protocol))
            throw new IllegalArgumentException(
                    PROTOCOL + " is '" + protocol + "'; want PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL");
        for (String name : own.keySet()) {
            if (name.equals(PROTOCOL)) continue;
            boolean isSasl = OF_SASL.contains(name);
            if (!isSasl && !OF_TLS.contains(name)) throw new IllegalArgumentException(name + ": it is not supported");
            boolean hasEffect = isSasl ? protocol.startsWith("SASL_") : protocol.endsWith("SSL");
            if (!hasEffect)
                throw new IllegalArgumentException(name + " has no effect with " + PROTOCOL + "=" + protocol);
        }
        return new ConnectionSecurity(own);
    }

    private boolean isSasl() {
        return protocol().startsWith("SASL_");
    }

    private String protocol() {
        return properties.getOrDefault(PROTOCOL, "PLAINTEXT");
    }

    private String text(String name) {
        String value = properties.get(name);
        if (value == null || value.isEmpty())
            throw new IllegalArgumentException(name + " is missing; " + PROTOCOL + "=" + protocol() + " needs it");
        return value;
    }

    /** How to log in on each connection; empty if that is not asked for. */
    public Optional<SaslLogin> login() {
        return login;
    }

    /** Whether connections speak TLS. */
    public boolean isTls() {
        return protocol().endsWith("SSL");
    }

    /**
     * How TLS is spoken; reads the stores.
     *
     * @return empty if it is not
     * @throws IllegalArgumentException naming a store that cannot be read, or is not what it should be
     */
    public Optional<TlsClientSettings> tls() {
        if (!isTls()) return Optional.empty();
        String algorithm = properties.getOrDefault("ssl.endpoint.identification.algorithm", "https");
        if (!algorithm.isEmpty() && !algorithm.equalsIgnoreCase("https"))
            throw new IllegalArgumentException(
                    "ssl.endpoint.identification.algorithm is '" + algorithm + "'; want https, or nothing");
        return Optional.of(new TlsClientSettings(
                TlsStores.context(properties),
                !algorithm.isEmpty(),
                words("ssl.enabled.protocols"),
                words("ssl.cipher.suites")));
    }

    private List<String> words(String name) {
        return Arrays.stream(properties.getOrDefault(name, "").split(",", -1))
                .map(String::strip)
                .filter(word -> !word.isEmpty())
                .toList();
    }
}
