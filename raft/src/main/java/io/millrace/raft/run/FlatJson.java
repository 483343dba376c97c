package io.millrace.raft.run;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Just as much JSON as the quorum-state file takes: one object, of whose fields the whole numbers and the strings without
 * escapes can be asked for; anything else is checked for its shape and passed over.
 */
final class FlatJson {
    /** Nesting that no state file comes near; keeps a damaged one from exhausting the stack. */
    private static final int MAX_DEPTH = 16;

    private final String text;
    private int at;
    private final Map<String, String> strings = new HashMap<>();
    private final Map<String, Long> numbers = new HashMap<>();

    private FlatJson(String text) {
        this.text = text;
    }

    /** @throws IllegalArgumentException if the text is not one JSON object; says where */
    static FlatJson parse(String text) {
        FlatJson json = new FlatJson(text);
        json.object(0);
        json.skipSpace();
        if (json.at != text.length()) throw json.wrong("the end");
        return json;
    }

    /** A field of the object that is a whole number. */
    OptionalLong number(String name) {
        Long value = numbers.get(name);
        return value == null ? OptionalLong.empty() : OptionalLong.of(value);
    }

    /** A field of the object that is a string. */
    Optional<String> string(String name) {
        return Optional.ofNullable(strings.get(name));
    }

    private void object(int depth) {
        if (depth > MAX_DEPTH) throw wrong("less nesting");
        take('{');
        if (takeIf('}')) return;
        do {
            skipSpace();
            String name = string();
            take(':');
            value(name, depth);
        } while (takeIf(','));
        take('}');
    }

    private void array(int depth) {
        if (depth > MAX_DEPTH) throw wrong("less nesting");
        take('[');
        if (takeIf(']')) return;
        do {
            value("", depth);
        } while (takeIf(','));
        take(']');
    }

    /** Reads a value and, if it is a field of the outermost object, keeps it. */
    private void value(String name, int depth) {
        skipSpace();
        boolean keep = depth == 0;
        switch (peek()) {
            case '{' -> object(depth + 1);
            case '[' -> array(depth + 1);
            case '"' -> {
                String value = string();
                if (keep) strings.put(name, value);
            }
            case 'n' -> word("null");
            case 't' -> word("true");
            case 'f' -> word("false");
            default -> {
                long value = wholeNumber();
                if (keep) numbers.put(name, value);
            }
        }
    }

    private String string() {
        take('"');
        int from = at;
        while (at < text.length() && text.charAt(at) != '"') {
            if (text.charAt(at) == '\\') throw wrong("a string without escapes");
            at++;
        }
        String value = text.substring(from, at);
        take('"');
        return value;
    }

    private long wholeNumber() {
        int from = at;
        while (at < text.length() && "+-0123456789".indexOf(text.charAt(at)) >= 0) at++;
        try {
            return Long.parseLong(text.substring(from, at));
        } catch (NumberFormatException notANumber) {
            at = from;
            throw wrong("a value");
        }
    }

    private void word(String word) {
        if (!text.startsWith(word, at)) throw wrong(word);
        at += word.length();
    }

    private char peek() {
        return at < text.length() ? text.charAt(at) : 0;
    }

    private void take(char wanted) {
        skipSpace();
        if (peek() != wanted) throw wrong("'" + wanted + "'");
        at++;
    }

    private boolean takeIf(char wanted) {
        skipSpace();
        if (peek() != wanted) return false;
        at++;
        return true;
    }

    private void skipSpace() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
    }

    private IllegalArgumentException wrong(String wanted) {
        return new IllegalArgumentException("at character " + at + " there is no " + wanted);
    }
}
