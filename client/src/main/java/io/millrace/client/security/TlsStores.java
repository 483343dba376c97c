package io.millrace.client.security;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** Makes the JDK's context of TLS from stores of trusted certificates and of the client's own key. */
final class TlsStores {
    private static final String PEM = "PEM";
    private static final String OWN_KEY = "client";

    private final Map<String, String> properties;

    private TlsStores(Map<String, String> properties) {
        this.properties = properties;
    }

    /**
     * Reads the stores.
     *
     * @throws IllegalArgumentException naming the property, if one cannot be read
     */
    static SSLContext context(Map<String, String> properties) {
        TlsStores stores = new TlsStores(properties);
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(stores.keyManagers(), stores.trustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("the ssl.* properties give no TLS: " + e.getMessage(), e);
        }
    }

    /** Null for the JDK's own, which trusts the usual authorities. */
    private TrustManager @Nullable [] trustManagers() throws GeneralSecurityException {
        String inline = properties.get("ssl.truststore.certificates");
        String location = properties.get("ssl.truststore.location");
        KeyStore store;
        if (inline != null) {
            store = trusting(inline, "ssl.truststore.certificates");
        } else if (location == null) {
            return null;
        } else if (type("ssl.truststore.type").equals(PEM)) {
            store = trusting(read(location, "ssl.truststore.location"), location);
        } else {
            store = load("ssl.truststore.location", location, "ssl.truststore.type", "ssl.truststore.password");
        }
        var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory.getTrustManagers();
    }

    private static KeyStore trusting(String pem, String where) throws GeneralSecurityException {
        KeyStore store = empty();
        int count = 0;
        for (Certificate each : certificates(pem, where)) store.setCertificateEntry("trusted-" + count++, each);
        return store;
    }

    /** Null if the client shows no certificate. */
    private KeyManager @Nullable [] keyManagers() throws GeneralSecurityException {
        String key = properties.get("ssl.keystore.key");
        String chain = properties.get("ssl.keystore.certificate.chain");
        String location = properties.get("ssl.keystore.location");
        String keyPassword = properties.get("ssl.key.password");
        char[] password = chars(keyPassword == null ? properties.get("ssl.keystore.password") : keyPassword);
        KeyStore store;
        if (key != null && chain != null) {
            store = holding(key, chain, "ssl.keystore.key", keyPassword);
            password = new char[0];
        } else if (key != null || chain != null) {
            throw new IllegalArgumentException("ssl.keystore.key and ssl.keystore.certificate.chain go together");
        } else if (location == null) {
            return null;
        } else if (type("ssl.keystore.type").equals(PEM)) {
            String pem = read(location, "ssl.keystore.location");
            store = holding(pem, pem, location, keyPassword);
            password = new char[0];
        } else {
            store = load("ssl.keystore.location", location, "ssl.keystore.type", "ssl.keystore.password");
        }
        var factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, password);
        return factory.getKeyManagers();
    }

    private static KeyStore holding(String key, String chain, String where, @Nullable String password)
            throws GeneralSecurityException {
        KeyStore store = empty();
        Certificate[] certificates = certificates(chain, where).toArray(Certificate[]::new);
        store.setKeyEntry(OWN_KEY, PemKey.read(key, where, password), new char[0], certificates);
        return store;
    }

    private static KeyStore empty() throws GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try {
            store.load(null, null);
        } catch (IOException e) {
            throw new IllegalStateException("an empty store needs no bytes", e);
        }
        return store;
    }

    private static Collection<? extends Certificate> certificates(String pem, String where)
            throws GeneralSecurityException {
        // What stands before and between certificates, such as a key, is not the factory's business.
        StringBuilder only = new StringBuilder();
        boolean isWithin = false;
        for (String line : pem.lines().toList()) {
            if (line.contains("-----BEGIN CERTIFICATE-----")) isWithin = true;
            if (isWithin) only.append(line.strip()).append('\n');
            if (line.contains("-----END CERTIFICATE-----")) isWithin = false;
        }
        if (only.isEmpty()) throw new IllegalArgumentException(where + " has no certificate in PEM");
        return CertificateFactory.getInstance("X.509")
                .generateCertificates(new ByteArrayInputStream(only.toString().getBytes(StandardCharsets.US_ASCII)));
    }

    private KeyStore load(String locationName, String location, String typeName, String passwordName)
            throws GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(type(typeName));
        try (InputStream in = Files.newInputStream(Path.of(location))) {
            store.load(in, chars(properties.get(passwordName)));
            return store;
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    locationName + "=" + location + " cannot be read as " + type(typeName) + ": " + e.getMessage(), e);
        }
    }

    private static String read(String location, String name) {
        try {
            return Files.readString(Path.of(location));
        } catch (IOException e) {
            throw new IllegalArgumentException(name + "=" + location + " cannot be read: " + e, e);
        }
    }

    /** JKS is Kafka's default; the JDK reads PKCS12 under that name as well. */
    private String type(String name) {
        return properties.getOrDefault(name, "JKS").toUpperCase(Locale.ROOT);
    }

    private static char @Nullable [] chars(@Nullable String password) {
        return password == null ? null : password.toCharArray();
    }
}
