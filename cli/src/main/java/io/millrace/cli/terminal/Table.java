package io.millrace.cli.terminal;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Rows under headings, in columns as wide as they need to be, with nothing but spaces between them: good to read and to cut up. */
public final class Table {
    private static final String GAP = "  ";
    private static final String NOTHING = "-";

    private final String indent;
    private final List<List<String>> rows = new ArrayList<>();

    /** A table whose first row is these headings, each line beginning with {@code indent}. */
    public Table(String indent, List<String> headings) {
        this.indent = indent;
        rows.add(List.copyOf(headings));
    }

    /** Adds a row of as many cells as there are headings; an empty one is shown as {@code -}. */
    public void add(Object... cells) {
        if (cells.length != rows.getFirst().size())
            throw new IllegalArgumentException(cells.length + " cells under " + rows.getFirst());
        rows.add(Arrays.stream(cells)
                .map(String::valueOf)
                .map(cell -> cell.isEmpty() ? NOTHING : cell)
                .toList());
    }

    /** Prints headings and rows; numbers stand to the right. */
    public void print(PrintWriter out) {
        int columns = rows.getFirst().size();
        int[] widths = new int[columns];
        boolean[] isNumeric = new boolean[columns];
        for (int column = 0; column < columns; column++) {
            isNumeric[column] = rows.size() > 1;
            for (int row = 0; row < rows.size(); row++) {
                String cell = rows.get(row).get(column);
                widths[column] = Math.max(widths[column], cell.length());
                if (row > 0 && !isNumber(cell)) isNumeric[column] = false;
            }
        }
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder(indent);
            for (int column = 0; column < columns; column++) {
                String padding = " ".repeat(widths[column] - row.get(column).length());
                if (column > 0) line.append(GAP);
                if (isNumeric[column]) line.append(padding).append(row.get(column));
                else line.append(row.get(column)).append(padding);
            }
            out.println(line.toString().stripTrailing());
        }
    }

    private static boolean isNumber(String cell) {
        return cell.equals(NOTHING) || cell.chars().allMatch(c -> (c >= '0' && c <= '9') || c == '-');
    }
}
