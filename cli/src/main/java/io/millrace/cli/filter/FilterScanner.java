package io.millrace.cli.filter;

import java.math.BigDecimal;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Takes an expression apart from left to right: words, signs, numbers and quoted text, with blanks between them. */
final class FilterScanner {
    private static final int MOST_NUMBER_CHARS = 64;

    private final String text;
    private int at;

    FilterScanner(String text) {
        this.text = text;
    }

    boolean isAtEnd() {
        skipBlanks();
        return at == text.length();
    }

    /** What to throw where something else was expected. */
    IllegalArgumentException wanted(String what) {
        skipBlanks();
        String found = at == text.length() ? "it ends" : "there is '" + text.substring(at) + "'";
        return new IllegalArgumentException(
                "in '" + text + "' at character " + (at + 1) + " " + found + "; want " + what);
    }

    /** Whether that word comes next; it stays there. */
    boolean isWord(String word) {
        skipBlanks();
        return text.startsWith(word, at) && wordEnd() == at + word.length();
    }

    boolean takeWord(String word) {
        if (!isWord(word)) return false;
        at += word.length();
        return true;
    }

    boolean takeSign(String sign) {
        skipBlanks();
        if (!text.startsWith(sign, at)) return false;
        at += sign.length();
        return true;
    }

    /** The next word, of letters, digits, {@code _} and {@code -}, beginning with none of the last and no digit. */
    String word(String what) {
        skipBlanks();
        int end = wordEnd();
        if (end == at || isDigit(text.charAt(at)) || text.charAt(at) == '-') throw wanted(what);
        String word = text.substring(at, end);
        at = end;
        return word;
    }

    private int wordEnd() {
        int end = at;
        while (end < text.length() && isOfAWord(text.charAt(end))) end++;
        return end;
    }

    String operator(Set<String> operators) {
        skipBlanks();
        String longest = "";
        for (String each : operators) {
            boolean isHere = Character.isLetter(each.charAt(0)) ? isWord(each) : text.startsWith(each, at);
            if (isHere && each.length() > longest.length()) longest = each;
        }
        if (longest.isEmpty()) throw wanted("an operator: == != < <= > >= =~ !~ or contains");
        at += longest.length();
        return longest;
    }

    /** Text in quotes of either kind, in which a backslash takes the next character as it is; null if there is none. */
    @Nullable
    String quoted() {
        skipBlanks();
        if (at == text.length() || (text.charAt(at) != '"' && text.charAt(at) != '\'')) return null;
        char quote = text.charAt(at);
        StringBuilder taken = new StringBuilder();
        for (int i = at + 1; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == quote) {
                at = i + 1;
                return taken.toString();
            }
            boolean isEscape =
                    c == '\\' && i + 1 < text.length() && (text.charAt(i + 1) == quote || text.charAt(i + 1) == '\\');
            taken.append(isEscape ? text.charAt(++i) : c);
        }
        throw wanted("a " + quote + " that closes the text");
    }

    @Nullable
    BigDecimal number() {
        skipBlanks();
        int end = at;
        if (end < text.length() && (text.charAt(end) == '-' || text.charAt(end) == '+')) end++;
        if (end == text.length() || !isDigit(text.charAt(end))) return null;
        while (end < text.length() && isOfANumber(end)) end++;
        BigDecimal number = asNumber(text.substring(at, end));
        if (number == null) throw wanted("a number");
        at = end;
        return number;
    }

    private boolean isOfANumber(int i) {
        char c = text.charAt(i);
        boolean isSigned = (c == '-' || c == '+') && Character.toLowerCase(text.charAt(i - 1)) == 'e';
        return isDigit(c) || c == '.' || c == 'e' || c == 'E' || isSigned;
    }

    /** Null if the text is no number, or one so long that it is not worth the time. */
    static @Nullable BigDecimal asNumber(String text) {
        if (text.isEmpty() || text.length() > MOST_NUMBER_CHARS) return null;
        try {
            return new BigDecimal(text);
        } catch (NumberFormatException e) {
            return null; // It is text, then.
        }
    }

    private void skipBlanks() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) at++;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isOfAWord(char c) {
        return Character.isLetterOrDigit(c) || c == '_' || c == '-';
    }
}
