package io.millrace.cli.filter;

import io.millrace.client.consumer.ConsumerRecord;

/**
 * Says of each record whether it is wanted.
 *
 * <pre>
 * value.user.id == 7 and not (key =~ '^test-' or header.trace contains 'abc')
 * timestamp &gt;= '2026-01-31T08:00:00Z' and partition != 3
 * </pre>
 */
@FunctionalInterface
public interface RecordFilter {
    /** Wants all. */
    RecordFilter ALL = record -> true;

    /** Whether the record is wanted. */
    boolean takes(ConsumerRecord<byte[], byte[]> record);

    /**
     * Reads an expression: comparisons of a field with a literal, joined by {@code and}, {@code or}, {@code not} and parentheses; {@code and}
     * binds tighter than {@code or}.
     *
     * <p>Fields: {@code key}, {@code value}, {@code topic}, {@code partition}, {@code offset}, {@code timestamp} (ms since 1970, or compared with a
     * moment as text), {@code header.NAME} (the last of that name), and within a JSON key or value a path such as {@code value.items[0].name} or
     * {@code value['odd name']}. A path that leads nowhere, or into what is no JSON, is null.
     *
     * <p>Operators: {@code == != < <= > >=} compare numbers with numbers and text with text; {@code =~} and {@code !~} look for a regular expression;
     * {@code contains} looks for text. Literals: numbers, text in single or double quotes, {@code true}, {@code false}, {@code null}.
     *
     * @throws IllegalArgumentException saying where in the expression what was expected
     */
    static RecordFilter parse(String expression) {
        return new FilterParser(expression).parse();
    }
}
