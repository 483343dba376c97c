package io.millrace.cli.logs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class LogsPageTest {
    @Test
    void aPageIsReadByTheNamesOfItsColumnsWhateverElseALaterNodeSays() {
        String page = "topic\tpartition\tstate\tnews\norders\t3\tidle\tgood\n";
        assertEquals("3", LogsPage.read(page).getFirst().get("partition"));
        assertEquals("good", LogsPage.read(page).getFirst().get("news"));
        assertEquals(List.of(), LogsPage.read(LogsPage.of(List.of())));
    }

    @Test
    void whatIsNoListOfLogsIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> LogsPage.read("<html>"));
        assertThrows(IllegalArgumentException.class, () -> LogsPage.read(""));
        assertThrows(IllegalArgumentException.class, () -> LogsPage.read("topic\tpartition\tstate\tx\norders\t3\n"));
    }
}
