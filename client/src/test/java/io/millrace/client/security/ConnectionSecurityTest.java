package io.millrace.client.security;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ConnectionSecurityTest {
    private static final String PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required";

    /** A key of no use but here, by openssl, and the same encrypted with the password "hush" (PBES2, AES-256). */
    private static final String KEY = """
            -----BEGIN PRIVATE KEY-----
            MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg4EfQATZjO5vhNJrv
            JcOwt/FzOxkxkgKisSJ4nSkYw4ahRANCAAS22/oxYb8YXvsdicv8Tobndm4CEKsY
            AEJSLDawYijymHkV3zWTYeVr3tCTrdT1MBZF/+ecy0w0XzXw27qNQYGx
            -----END PRIVATE KEY-----
            """;

    private static final String ENCRYPTED_KEY = """
            -----BEGIN ENCRYPTED PRIVATE KEY-----
            MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAg/++CWEZw4YwICCAAw
            DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEPORGkexugPMfdbCw1qcLeQEgZD0
            rBl7qcW401q8SDsDDnI17Nlzu6/D5sDd6FhOpa1dPJpLZQ1h8Ry9/ct2imvuJs52
            EyAuWr7AFAVLY/pO7wShWOT7H+mngZd9sWs8R2yKHFRKt9n9YvKFTV3VtugiiDGR
            Srze6ic6/QWMVqm2MXr9C3IV5NPPHvlLZIiJKTOmGi6ht1PTob11uQNKly87J1k=
            -----END ENCRYPTED PRIVATE KEY-----
            """;

    private static ConnectionSecurity of(String... pairs) {
        Map<String, String> properties = new TreeMap<>();
        for (int i = 0; i < pairs.length; i += 2) properties.put(pairs[i], pairs[i + 1]);
        return ConnectionSecurity.of(properties);
    }

    private static String refusal(String... pairs) {
        return String.valueOf(
                assertThrows(IllegalArgumentException.class, () -> of(pairs)).getMessage());
    }

    private static String saidFirst(String jaasConfig) {
        return new String(
                of("security.protocol", "SASL_SSL", "sasl.mechanism", "PLAIN", "sasl.jaas.config", jaasConfig)
                        .login()
                        .orElseThrow()
                        .newExchange()
                        .begin(),
                StandardCharsets.UTF_8);
    }

    @Test
    void nameAndPasswordAreReadAsJaasWritesThem() {
        assertEquals("\0ann\0s3cret", saidFirst(PLAIN + " username=\"ann\" password=\"s3cret\";"));
        assertEquals("\0ann\0a\"b\\;c =", saidFirst(PLAIN + "\n  username=ann\n  password=\"a\\\"b\\\\;c =\" ;"));
        assertEquals("\0a\0b", saidFirst("PlainLoginModule REQUIRED password='b' username=a".replace("'", "")));
    }

    @Test
    void everyConnectionHasANonceOfItsOwn() {
        var login = of(
                        "security.protocol",
                        "SASL_PLAINTEXT",
                        "sasl.mechanism",
                        "SCRAM-SHA-512",
                        "sasl.jaas.config",
                        "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"a\" password=\"b\";")
                .login()
                .orElseThrow();
        assertFalse(
                java.util.Arrays.equals(
                        login.newExchange().begin(), login.newExchange().begin()),
                "a nonce is used once");
        assertEquals("SCRAM-SHA-512", login.newExchange().mechanism());
    }

    @Test
    void whatIsMissingWrongOrWithoutEffectIsSaidWithoutThePassword() {
        assertEquals(
                "sasl.mechanism is missing; security.protocol=SASL_SSL needs it",
                refusal("security.protocol", "SASL_SSL"));
        assertEquals(
                "ssl.truststore.location has no effect with security.protocol=PLAINTEXT",
                refusal("ssl.truststore.location", "x"));
        assertEquals(
                "sasl.mechanism has no effect with security.protocol=SSL",
                refusal("security.protocol", "SSL", "sasl.mechanism", "PLAIN"));
        assertEquals(
                "sasl.oauthbearer.scope: it is not supported",
                refusal("security.protocol", "SASL_SSL", "sasl.oauthbearer.scope", "x"));
        assertTrue(refusal("security.protocol", "TLS").contains("want PLAINTEXT, SSL"), "the protocols are listed");
        assertTrue(
                refusal("security.protocol", "SASL_SSL", "sasl.mechanism", "GSSAPI", "sasl.jaas.config", "x")
                        .contains("'GSSAPI'; PLAIN"),
                "the mechanisms are listed");
        for (String config : List.of(
                "",
                "x",
                PLAIN + ";",
                PLAIN + " username=\"a\";",
                PLAIN + " username=\"a\" password=\"hush\" other=\"c\";",
                PLAIN + " username=\"a\" password=\"hush\"; more",
                PLAIN + " username=\"a\" password=\"hush",
                PLAIN.replace("Plain", "Scram") + " username=\"a\" password=\"hush\";")) {
            String said =
                    refusal("security.protocol", "SASL_SSL", "sasl.mechanism", "PLAIN", "sasl.jaas.config", config);
            assertTrue(said.startsWith("sasl.jaas.config"), said);
            assertFalse(said.contains("hush"), said);
        }
    }

    @Test
    void aStoreThatCannotBeReadIsNamed() {
        var noStore = of("security.protocol", "SSL", "ssl.truststore.location", "/none.jks");
        String said = String.valueOf(
                assertThrows(IllegalArgumentException.class, noStore::tls).getMessage());
        assertTrue(said.startsWith("ssl.truststore.location=/none.jks cannot be read"), said);
        var noPem = of("security.protocol", "SSL", "ssl.truststore.certificates", "rubbish");
        assertThrows(IllegalArgumentException.class, noPem::tls);
        var half = of("security.protocol", "SSL", "ssl.keystore.key", "x");
        assertThrows(IllegalArgumentException.class, half::tls);
        assertTrue(of("security.protocol", "SSL").tls().orElseThrow().checksHostName(), "unless it is said");
        assertFalse(
                of("security.protocol", "SSL", "ssl.endpoint.identification.algorithm", "")
                        .tls()
                        .orElseThrow()
                        .checksHostName(),
                "it is said");
        assertTrue(ConnectionSecurity.NONE.tls().isEmpty(), "plain text");
    }

    private static String pem(String kind, byte[] bytes) {
        return "junk\n-----BEGIN " + kind + "-----\n" + Base64.getMimeEncoder().encodeToString(bytes) + "\n-----END "
                + kind + "-----\n";
    }

    @Test
    void keysAreReadFromPemEncryptedOrNot() throws Exception {
        for (String algorithm : List.of("EC", "RSA", "Ed25519")) {
            PrivateKey key =
                    KeyPairGenerator.getInstance(algorithm).generateKeyPair().getPrivate();
            PrivateKey read = PemKey.read(pem("PRIVATE KEY", key.getEncoded()), "here", null);
            assertArrayEquals(key.getEncoded(), read.getEncoded(), algorithm);
        }
        PrivateKey plain = PemKey.read(KEY, "here", null);
        assertArrayEquals(
                plain.getEncoded(), PemKey.read(ENCRYPTED_KEY, "here", "hush").getEncoded());
        assertThrows(IllegalArgumentException.class, () -> PemKey.read(ENCRYPTED_KEY, "here", "wrong"));
        assertThrows(IllegalArgumentException.class, () -> PemKey.read(ENCRYPTED_KEY, "here", null));
        assertThrows(IllegalArgumentException.class, () -> PemKey.read("none", "here", null));
    }
}
