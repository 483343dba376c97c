package io.millrace.cli.terminal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTextTest {
    @Test
    void valuesAreWrittenByTheirKind() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("number", -12L);
        map.put("truth", true);
        map.put("list", Arrays.asList("a", null, 1.5));
        map.put("map", Map.of());
        assertEquals("{\"number\":-12,\"truth\":true,\"list\":[\"a\",null,1.5],\"map\":{}}", JsonText.of(map));
        assertEquals("\"NaN\"", JsonText.of(Double.NaN));
    }

    @Test
    void stringsAreEscapedSoThatNothingReachesATerminalRaw() {
        assertEquals("\"\\\"\\\\\\n\\r\\t\\u0000\\u001b\\u007f\"", JsonText.of("\"\\\n\r\t\0\u001b\u007f"));
        assertEquals("\"é\uD83D\uDE00\"", JsonText.of("é\uD83D\uDE00"));
        assertEquals("\"\\ud83d\"", JsonText.of("\uD83D"));
        assertEquals("[\"\\ude00x\"]", JsonText.of(List.of("\uDE00x")));
    }
}
