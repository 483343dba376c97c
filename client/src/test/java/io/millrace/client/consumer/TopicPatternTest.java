package io.millrace.client.consumer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class TopicPatternTest {
    private static final String LONGEST = "a".repeat(249);

    private final List<String> givenUp = new ArrayList<>();

    private TopicPattern of(String regex) {
        return new TopicPattern(Pattern.compile(regex), givenUp::add);
    }

    @Test
    void wholeNamesMatch() {
        assertTrue(of("orders-.*").test("orders-eu"));
        assertFalse(of("orders").test("orders-eu"));
        assertTrue(of("(?i)ORDERS-(eu|us)").test("orders-us"));
        assertTrue(of(".*a.*a.*").test(LONGEST));
        assertFalse(of(".*a.*b").test(LONGEST));
        assertEquals(List.of(), givenUp);
    }

    @Test
    @Timeout(60)
    void aPatternThatWouldHangIsGivenUpAndSaidOnce() {
        for (String regex : List.of("(?:a{1,50}){1,50}b", "(a*)(a*)(a*)(a*)\\1b")) {
            givenUp.clear();
            TopicPattern pattern = of(regex);
            assertFalse(pattern.test(LONGEST), regex);
            assertFalse(pattern.test(LONGEST), regex);
            assertEquals(1, givenUp.size(), regex);
            assertTrue(givenUp.getFirst().contains(regex), givenUp::toString);
        }
    }
}
