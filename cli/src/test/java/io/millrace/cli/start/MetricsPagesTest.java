package io.millrace.cli.start;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.host.CacheNumbers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

final class MetricsPagesTest {
    private static final CacheNumbers RECYCLING = new CacheNumbers() {
        @Override
        public boolean isThrifty() {
            return true;
        }

        @Override
        public long droppedBytes() {
            return 12_345_678_901L;
        }
    };

    @Test
    void thePageCacheIsTold() {
        String text = MetricsPages.text(RECYCLING);
        assertTrue(text.contains("\nmillrace_page_cache_recycling 1\n"), text);
        assertTrue(text.endsWith("\nmillrace_page_cache_given_back_bytes_total 12345678901\n"), text);
    }

    @Test
    void itsFamiliesAreDocumentedAndNoOther() throws IOException {
        String page = Files.readString(Path.of("..", "docs", "metrics.md"));
        assertEquals(
                names("(?m)^\\| `(millrace_page_cache_[a-z_]+)`", page),
                names("(?m)^# HELP (\\S+) ", MetricsPages.text(RECYCLING)));
    }

    private static List<String> names(String pattern, String text) {
        return Pattern.compile(pattern)
                .matcher(text)
                .results()
                .map((MatchResult match) -> match.group(1))
                .toList();
    }
}
