package io.millrace.client.security;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.jspecify.annotations.Nullable;

/** Reads a private key from PEM: PKCS #8, encrypted with a password or not (RFC 7468, RFC 5958). */
final class PemKey {
    private static final Pattern KEY = Pattern.compile(
            "-----BEGIN (ENCRYPTED )?PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END (?:ENCRYPTED )?PRIVATE KEY-----");
    private static final List<String> ALGORITHMS = List.of("RSA", "EC", "EdDSA");

    private static final String PBES2 = "1.2.840.113549.1.5.13";

    private PemKey() {}

    /**
     * The first key of a text.
     *
     * @param where it comes from, for complaints
     * @throws IllegalArgumentException if there is none, or it needs another password
     */
    static PrivateKey read(String pem, String where, @Nullable String password) {
        Matcher key = KEY.matcher(pem);
        if (!key.find())
            throw new IllegalArgumentException(
                    where + " has no key in PEM that begins with 'BEGIN PRIVATE KEY' or 'BEGIN ENCRYPTED PRIVATE KEY'");
        try {
            byte[] bytes = Base64.getMimeDecoder().decode(key.group(2));
            return key(key.group(1) == null ? new PKCS8EncodedKeySpec(bytes) : decrypted(bytes, password));
        } catch (GeneralSecurityException | IOException | IllegalArgumentException e) {
            throw new IllegalArgumentException(where + ": the key cannot be read: " + e.getMessage(), e);
        }
    }

    private static PKCS8EncodedKeySpec decrypted(byte[] bytes, @Nullable String password)
            throws GeneralSecurityException, IOException {
        if (password == null) throw new IllegalArgumentException("it is encrypted, and ssl.key.password is missing");
        EncryptedPrivateKeyInfo info = new EncryptedPrivateKeyInfo(bytes);
        // PBES2 is many algorithms; its parameters have the name of the one.
        boolean isScheme =
                info.getAlgName().equals("PBES2") || info.getAlgName().equals(PBES2);
        String algorithm = isScheme ? info.getAlgParameters().toString() : info.getAlgName();
        Cipher cipher = Cipher.getInstance(algorithm);
        SecretKeyFactory keys = SecretKeyFactory.getInstance(algorithm);
        cipher.init(
                Cipher.DECRYPT_MODE,
                keys.generateSecret(new PBEKeySpec(password.toCharArray())),
                info.getAlgParameters());
        return info.getKeySpec(cipher);
    }

    private static PrivateKey key(PKCS8EncodedKeySpec spec) throws GeneralSecurityException {
        InvalidKeySpecException last = new InvalidKeySpecException("no algorithm was tried");
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(spec);
            } catch (InvalidKeySpecException another) { // It says itself which it is, to the one that knows it.
                last = another;
            }
        }
        throw new InvalidKeySpecException("it is none of " + ALGORITHMS, last);
    }
}
