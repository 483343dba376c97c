package io.millrace.client.security;

import io.millrace.connection.sasl.PlainExchange;
import io.millrace.connection.sasl.SaslExchange;
import io.millrace.connection.sasl.SaslLogin;
import io.millrace.connection.sasl.ScramExchange;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads user name and password out of {@code sasl.jaas.config}: {@code MODULE required username="..." password="...";}. */
final class SaslCredentials {
    private static final Pattern HEAD =
            Pattern.compile("\\s*([\\w.$]+)\\s+(?i:required|requisite|sufficient|optional)\\b");
    private static final Pattern OPTION =
            Pattern.compile("\\s+([\\w.-]+)\\s*=\\s*(\"(?:[^\"\\\\]|\\\\.)*\"|[^\\s\";]+)");
    private static final Pattern TAIL = Pattern.compile("\\s*;?\\s*");
    private static final int NONCE_BYTES = 24;
    private static final SecureRandom RANDOM = new SecureRandom();

    private SaslCredentials() {}

    /**
     * How to log in with a mechanism.
     *
     * @throws IllegalArgumentException if the mechanism is not supported, or the text does not say who to log in as; it shows no password
     */
    static SaslLogin login(String mechanism, String jaasConfig) {
        String module = switch (mechanism) {
            case "PLAIN" -> "PlainLoginModule";
            case "SCRAM-SHA-256", "SCRAM-SHA-512" -> "ScramLoginModule";
            default ->
                throw new IllegalArgumentException(
                        "sasl.mechanism is '" + mechanism + "'; PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 are supported");
        };
        Map<String, String> options = options(jaasConfig, module);
        String username = required(options, "username");
        String password = required(options, "password");
        SaslLogin login = () -> exchange(mechanism, username, password);
        SaslExchange first = login.newExchange(); // What is wrong with them is said now.
        if (!first.mechanism().equals(mechanism)) throw new IllegalStateException(mechanism + " is none of ours");
        return login;
    }

    private static SaslExchange exchange(String mechanism, String username, String password) {
        if (mechanism.equals("PLAIN")) return new PlainExchange(username, password);
        byte[] chance = new byte[NONCE_BYTES];
        RANDOM.nextBytes(chance);
        ScramExchange.Hash hash = mechanism.endsWith("256") ? ScramExchange.Hash.SHA_256 : ScramExchange.Hash.SHA_512;
        return new ScramExchange(hash, username, password, Base64.getEncoder().encodeToString(chance));
    }

    private static String required(Map<String, String> options, String name) {
        String value = options.get(name);
        if (value == null) throw new IllegalArgumentException("sasl.jaas.config has no " + name + "=\"...\"");
        return value;
    }

    private static Map<String, String> options(String text, String module) {
        Matcher head = HEAD.matcher(text);
        if (!head.lookingAt() || !("." + head.group(1)).endsWith("." + module))
            throw new IllegalArgumentException("sasl.jaas.config does not begin with 'org.apache.kafka.common.security."
                    + (module.startsWith("Plain") ? "plain." : "scram.") + module + " required'");
        Map<String, String> options = new LinkedHashMap<>();
        Matcher option = OPTION.matcher(text);
        int at = head.end();
        while (option.find(at) && option.start() == at) {
            options.put(option.group(1), unquoted(option.group(2)));
            at = option.end();
        }
        if (!TAIL.matcher(text.substring(at)).matches())
            throw new IllegalArgumentException(
                    "sasl.jaas.config is not understood from character " + (at + 1) + " on; want NAME=\"VALUE\" or ;");
        for (String name : options.keySet())
            if (!name.equals("username") && !name.equals("password"))
                throw new IllegalArgumentException("sasl.jaas.config: " + name + " is not supported");
        return options;
    }

    private static String unquoted(String text) {
        if (!text.startsWith("\"")) return text;
        return text.substring(1, text.length() - 1).replaceAll("\\\\(.)", "$1");
    }
}
