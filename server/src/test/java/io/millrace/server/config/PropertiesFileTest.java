package io.millrace.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testkit.Property;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;

class PropertiesFileTest {
    private static Map<String, String> parse(String text) {
        return PropertiesFile.parse(text, "f");
    }

    @Test
    void commentsAndEmptyLinesAreNothing() {
        assertEquals(Map.of("a", "1"), parse("# a=2\n! a=3\n\n   \n  # a=4\r\na=1\r\n"));
    }

    @Test
    void valuesMayHoldTheSignsThatSeparateAndLoseTheirTrailingBlanks() {
        assertEquals(Map.of("listeners", "PLAINTEXT://:9092"), parse("listeners=PLAINTEXT://:9092   \n"));
        assertEquals(Map.of("a", "b=c"), parse("a b=c"));
        assertEquals(Map.of("a", ""), parse("a"));
    }

    @Test
    void aLineGoesOnAfterABackslash() {
        assertEquals(Map.of("log.dirs", "/a,/b"), parse("log.dirs=/a,\\\n    /b\n"));
        assertEquals(Map.of("path", "c:\\", "b", "1"), parse("path=c:\\\\\nb=1"));
        assertEquals(Map.of("a", "1"), parse("a=1\\"));
    }

    @Test
    void aCommentCannotBeginInTheMidstOfALine() {
        assertEquals(Map.of("a", "1#2"), parse("a=1\\\n#2"));
    }

    @Test
    void theSameNameTwiceIsRefusedUnlessItSaysTheSame() {
        assertEquals(Map.of("a", "1"), parse("a=1\na=1"));
        BadConfig refused = assertThrows(BadConfig.class, () -> parse("a=1\na=2"));
        assertTrue(
                String.valueOf(refused.getMessage()).contains("'1'")
                        && String.valueOf(refused.getMessage()).contains("'2'"),
                refused::toString);
    }

    @Test
    void aMalformedEscapeIsRefusedWithItsFile() {
        BadConfig refused = assertThrows(BadConfig.class, () -> parse("a=\\u12"));
        assertTrue(String.valueOf(refused.getMessage()).startsWith("f: "), refused::toString);
    }

    @Test
    void namesKeepTheOrderOfTheFile() {
        assertEquals(List.of("z", "a", "m"), List.copyOf(parse("z=1\na=2\nm=3").keySet()));
    }

    @Test
    void whateverJavaReadsIsReadTheSame() {
        String[] pieces = {
            "a", "b", "=", ":", " ", "\t", "1\\\n", "\n", "\r\n", "#", "!", "\\\\", "\\:", "\\t", "1", "\f"
        };
        Property.check(random -> {
            StringBuilder text = new StringBuilder();
            int count = random.nextInt(20);
            for (int i = 0; i < count; i++) text.append(pieces[random.nextInt(pieces.length)]);
            Properties java = new Properties();
            load(java, text.toString());
            Map<String, String> expected = new HashMap<>();
            List<String> names = new ArrayList<>(java.stringPropertyNames());
            for (String name : names) expected.put(name, java.getProperty(name).strip());
            Map<String, String> found;
            try {
                found = parse(text.toString());
            } catch (BadConfig twice) {
                assertTrue(String.valueOf(twice.getMessage()).contains("given twice"), twice::toString);
                return;
            }
            assertEquals(expected, found, () -> "of " + text.toString().replace("\n", "\\n"));
        });
    }

    private static void load(Properties into, String text) {
        try {
            into.load(new StringReader(text));
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
    }
}
