package io.millrace.protocol.generator;

import java.util.regex.Pattern;

/** Java text that is being written, indented by the braces in it. */
final class JavaSource {
    private static final int LINE_WIDTH = 110;
    private static final Pattern BLANKS = Pattern.compile("\\s+");

    private final StringBuilder text = new StringBuilder();
    private int depth;

    /** Adds lines; one that ends in an opening brace indents what follows, one that begins with a closing brace ends that. */
    JavaSource add(String lines) {
        for (String line : lines.split("\n", -1)) {
            if (line.startsWith("}")) depth--;
            if (!line.isEmpty()) text.append("    ".repeat(depth)).append(line);
            text.append('\n');
            if (line.endsWith("{")) depth++;
        }
        return this;
    }

    /** Begins a block that is entered under a condition; "true" needs no braces and adds none. */
    boolean beginIf(String condition) {
        if (condition.equals("true")) return false;
        add("if (" + condition + ") {");
        return true;
    }

    /** Adds a Javadoc comment. */
    JavaSource doc(String... paragraphs) {
        add("/**");
        for (String paragraph : paragraphs) {
            StringBuilder line = new StringBuilder(" *");
            for (String word : BLANKS.split(paragraph.trim(), -1)) {
                if (line.length() + word.length() + 1 > LINE_WIDTH - 4 * depth) {
                    add(line.toString());
                    line = new StringBuilder(paragraph.startsWith("@") ? " *    " : " *");
                }
                line.append(' ').append(word);
            }
            add(line.toString());
        }
        return add(" */");
    }

    /** Text from a schema as it may stand in Javadoc. */
    static String escaped(String about) {
        return about.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("@", "&#64;")
                .replace("*/", "*&#47;")
                .replace("\\", "&#92;");
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
