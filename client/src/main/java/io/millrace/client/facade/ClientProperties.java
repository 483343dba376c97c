package io.millrace.client.facade;

import io.millrace.client.security.ConnectionSecurity;
import java.util.Map;
import java.util.TreeMap;

/** Properties that are set, over the defaults of {@link PropertyNames}. Immutable. */
public final class ClientProperties {
    private final PropertyNames names;
    private final Map<String, String> set;

    private ClientProperties(PropertyNames names, Map<String, String> set) {
        this.names = names;
        this.set = set;
    }

    /**
     * Takes values of any type, as their text says.
     *
     * @param properties {@code bootstrap.servers} is needed
     * @throws IllegalArgumentException naming the property that is missing, not known or refused, and why
     */
    public static ClientProperties of(PropertyNames names, Map<String, ?> properties) {
        Map<String, String> set = new TreeMap<>();
        properties.forEach((name, value) ->
                set.put(names.checked(name), String.valueOf(value).strip()));
        if (!set.containsKey("bootstrap.servers")) {
            throw new IllegalArgumentException("bootstrap.servers is missing: the addresses of some brokers");
        }
        return new ClientProperties(names, set);
    }

    /** The same with one property set. */
    public ClientProperties with(String name, Object value) {
        Map<String, String> more = new TreeMap<>(set);
        more.put(names.checked(name), String.valueOf(value).strip());
        return new ClientProperties(names, more);
    }

    /**
     * How connections are protected.
     *
     * @throws IllegalArgumentException as {@link ConnectionSecurity#of}
     */
    public ConnectionSecurity security() {
        return ConnectionSecurity.of(set);
    }

    /** Whether somebody has set it. */
    public boolean isSet(String name) {
        return set.containsKey(name);
    }

    /** The value, or its default. */
    public String text(String name) {
        String stated = set.get(name);
        if (stated != null) return stated;
        String usual = names.defaults().get(name);
        if (usual == null) throw new IllegalArgumentException(name + " is not set and has no default");
        return usual;
    }

    /** A value of {@code true} or {@code false}. */
    public boolean flag(String name) {
        String text = text(name);
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException(name + " is '" + text + "'; want true or false");
        };
    }

    /** A number in {@code [least, most]}. */
    public long number(String name, long least, long most) {
        String text = text(name);
        long number;
        try {
            number = Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + " is '" + text + "'; want a whole number", e);
        }
        if (number < least || number > most) {
            throw new IllegalArgumentException(name + " is " + number + "; want from " + least + " to " + most);
        }
        return number;
    }
}
