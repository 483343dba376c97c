package io.millrace.connection.sasl;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * SCRAM (RFC 5802, RFC 7677; KIP-84), without channel binding: the password is proved and not sent, and the server has to prove that it knows
 * it too. Passwords are taken as they are, in UTF-8, as Kafka does.
 */
public final class ScramExchange implements SaslExchange {
    /** The hash of a mechanism. */
    public enum Hash {
        /** SCRAM-SHA-256. */
        SHA_256("SCRAM-SHA-256", "SHA-256", "HmacSHA256"),
        /** SCRAM-SHA-512. */
        SHA_512("SCRAM-SHA-512", "SHA-512", "HmacSHA512");

        private final String mechanism;
        private final String digest;
        private final String mac;

        Hash(String mechanism, String digest, String mac) {
            this.mechanism = mechanism;
            this.digest = digest;
            this.mac = mac;
        }
    }

    private enum State {
        NEW,
        GREETED,
        PROVED,
        COMPLETE
    }

    /** Fewer make a stolen password file cheap to break; RFC 7677 says so. */
    private static final int LEAST_ITERATIONS = 4_096;

    /** More would let a server keep us busy: that many take some hundred milliseconds. */
    private static final int MOST_ITERATIONS = 1_000_000;

    private static final int MOST_CHALLENGE_BYTES = 4_096;

    /** "No channel binding, no authorization identity", and the same in base64 as it is repeated. */
    private static final String HEADER = "n,,";

    private static final String HEADER_REPEATED = "biws";

    private final Hash hash;
    private final String password;
    private final String nonce;
    private final String firstBare;
    private byte[] expectedSignature = {};
    private State state = State.NEW;

    /**
     * Has said nothing yet.
     *
     * @param nonce chance, never used before: printable ASCII without commas, at least 16 characters
     * @throws IllegalArgumentException if the user name or password is empty, or the nonce is none
     */
    public ScramExchange(Hash hash, String username, String password, String nonce) {
        if (username.isEmpty()) throw new IllegalArgumentException("the user name is empty");
        if (password.isEmpty()) throw new IllegalArgumentException("the password is empty");
        if (nonce.length() < 16 || !nonce.chars().allMatch(c -> c > ' ' && c < 0x7f && c != ','))
            throw new IllegalArgumentException("the nonce is too short, or not of printable characters");
        this.hash = hash;
        this.password = password;
        this.nonce = nonce;
        this.firstBare = "n=" + username.replace("=", "=3D").replace(",", "=2C") + ",r=" + nonce;
    }

    @Override
    public String mechanism() {
        return hash.mechanism;
    }

    @Override
    public byte[] begin() {
        if (state != State.NEW) throw new IllegalStateException("an exchange begins once");
        state = State.GREETED;
        return bytes(HEADER + firstBare);
    }

    @Override
    public byte[] answer(byte[] challenge) throws SaslRefused {
        Map<Character, String> said = attributes(challenge);
        String error = said.get('e');
        if (error != null) throw new SaslRefused("the server says: " + printable(error));
        return switch (state) {
            case GREETED -> prove(challenge, said);
            case PROVED -> {
                byte[] signature = base64(said.getOrDefault('v', ""));
                if (signature.length == 0 || !MessageDigest.isEqual(signature, expectedSignature))
                    throw new SaslRefused("the server does not know the password: it may be somebody else");
                state = State.COMPLETE;
                yield new byte[0];
            }
            case NEW, COMPLETE -> throw new SaslRefused("the server speaks out of turn");
        };
    }

    @Override
    public boolean isComplete() {
        return state == State.COMPLETE;
    }

    private byte[] prove(byte[] serverFirst, Map<Character, String> said) throws SaslRefused {
        String bothNonces = said.getOrDefault('r', "");
        if (!bothNonces.startsWith(nonce) || bothNonces.length() == nonce.length())
            throw new SaslRefused("the server answers something that was not asked");
        byte[] salt = base64(said.getOrDefault('s', ""));
        if (salt.length == 0) throw new SaslRefused("the server gives no salt");
        int iterations = iterations(said.getOrDefault('i', ""));
        String withoutProof = "c=" + HEADER_REPEATED + ",r=" + bothNonces;
        byte[] authMessage =
                bytes(firstBare + "," + new String(serverFirst, StandardCharsets.UTF_8) + "," + withoutProof);
        try {
            byte[] salted = saltedPassword(salt, iterations);
            byte[] clientKey = hmac(salted, bytes("Client Key"));
            byte[] storedKey = MessageDigest.getInstance(hash.digest).digest(clientKey);
            byte[] proof = clientKey.clone();
            mixIn(proof, hmac(storedKey, authMessage));
            expectedSignature = hmac(hmac(salted, bytes("Server Key")), authMessage);
            state = State.PROVED;
            return bytes(withoutProof + ",p=" + Base64.getEncoder().encodeToString(proof));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has " + hash.mac, e);
        }
    }

    private static int iterations(String text) throws SaslRefused {
        int iterations;
        try {
            iterations = Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new SaslRefused("the server gives no number of iterations");
        }
        if (iterations < LEAST_ITERATIONS || iterations > MOST_ITERATIONS)
            throw new SaslRefused("the server wants " + iterations + " iterations; from " + LEAST_ITERATIONS + " to "
                    + MOST_ITERATIONS + " are taken");
        return iterations;
    }

    /** PBKDF2 with one block, "Hi" in the RFC. */
    private byte[] saltedPassword(byte[] salt, int iterations) throws GeneralSecurityException {
        Mac mac = Mac.getInstance(hash.mac);
        mac.init(new SecretKeySpec(bytes(password), hash.mac));
        mac.update(salt);
        byte[] last = mac.doFinal(new byte[] {0, 0, 0, 1});
        byte[] mixed = last.clone();
        for (int i = 1; i < iterations; i++) {
            last = mac.doFinal(last);
            mixIn(mixed, last);
        }
        return mixed;
    }

    private byte[] hmac(byte[] key, byte[] message) throws GeneralSecurityException {
        Mac mac = Mac.getInstance(hash.mac);
        mac.init(new SecretKeySpec(key, hash.mac));
        return mac.doFinal(message);
    }

    private static void mixIn(byte[] into, byte[] other) {
        for (int i = 0; i < into.length; i++) into[i] ^= other[i];
    }

    /** {@code x=value} between commas; of those that come twice, the first counts. */
    private static Map<Character, String> attributes(byte[] message) throws SaslRefused {
        if (message.length > MOST_CHALLENGE_BYTES)
            throw new SaslRefused("the server says " + message.length + " bytes, more than " + MOST_CHALLENGE_BYTES);
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(message))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new SaslRefused("the server does not speak UTF-8");
        }
        Map<Character, String> attributes = new LinkedHashMap<>();
        for (String part : text.split(",", -1)) {
            if (part.length() < 2 || part.charAt(1) != '=') throw new SaslRefused("the server does not speak SCRAM");
            attributes.putIfAbsent(part.charAt(0), part.substring(2));
        }
        if (attributes.containsKey('m')) throw new SaslRefused("the server wants an extension that is not known");
        return attributes;
    }

    private static byte[] base64(String text) throws SaslRefused {
        try {
            return Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw new SaslRefused("the server does not speak SCRAM: it sends no base64 where it should");
        }
    }

    private static String printable(String text) {
        String cut = text.length() > 200 ? text.substring(0, 200) : text;
        return cut.replaceAll("\\p{Cntrl}", "?");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
