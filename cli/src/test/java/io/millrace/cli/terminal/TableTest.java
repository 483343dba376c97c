package io.millrace.cli.terminal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

class TableTest {
    private static String printed(Table table) {
        StringWriter text = new StringWriter();
        PrintWriter out = new PrintWriter(text);
        table.print(out);
        out.flush();
        return text.toString();
    }

    @Test
    void columnsAreAsWideAsTheirWidestCellAndNumbersStandToTheRight() {
        Table table = new Table("  ", List.of("NAME", "COUNT", "NOTE"));
        table.add("a", 1, "x");
        table.add("longer", 12345678, "");
        assertEquals("""
                  NAME       COUNT  NOTE
                  a              1  x
                  longer  12345678  -
                """, printed(table));
    }

    @Test
    void aColumnWithAWordInItStandsToTheLeft() {
        Table table = new Table("", List.of("LEADER"));
        table.add(1);
        table.add("none");
        assertEquals("LEADER\n1\nnone\n", printed(table));
    }

    @Test
    void aTableWithoutRowsShowsItsHeadings() {
        assertEquals("A  B\n", printed(new Table("", List.of("A", "B"))));
    }

    @Test
    void aRowOfAnotherLengthIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Table("", List.of("A")).add(1, 2));
    }
}
