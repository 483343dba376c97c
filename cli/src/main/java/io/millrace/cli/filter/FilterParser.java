package io.millrace.cli.filter;

import io.millrace.cli.terminal.Moment;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/** Reads a filter expression by recursive descent, one method a rule. */
final class FilterParser {
    private static final int MOST_DEPTH = 100;
    private static final Set<String> OPERATORS = Set.of("==", "!=", "<", "<=", ">", ">=", "=~", "!~", "contains");

    private final FilterScanner in;
    private int depth;

    FilterParser(String expression) {
        this.in = new FilterScanner(expression);
    }

    RecordFilter parse() {
        RecordFilter filter = either();
        if (!in.isAtEnd()) throw in.wanted("'and', 'or' or the end");
        return filter;
    }

    private RecordFilter either() {
        RecordFilter left = both();
        while (in.takeWord("or")) {
            RecordFilter one = left;
            RecordFilter other = both();
            left = record -> one.takes(record) || other.takes(record);
        }
        return left;
    }

    private RecordFilter both() {
        RecordFilter left = single();
        while (in.takeWord("and")) {
            RecordFilter one = left;
            RecordFilter other = single();
            left = record -> one.takes(record) && other.takes(record);
        }
        return left;
    }

    private RecordFilter single() {
        if (++depth > MOST_DEPTH) throw in.wanted("no more than " + MOST_DEPTH + " levels");
        try {
            if (in.takeWord("not")) {
                RecordFilter what = single();
                return record -> !what.takes(record);
            }
            if (in.takeSign("(")) {
                RecordFilter inner = either();
                if (!in.takeSign(")")) throw in.wanted("')'");
                return inner;
            }
            return comparison();
        } finally {
            depth--;
        }
    }

    private RecordFilter comparison() {
        boolean isTimestamp = in.isWord("timestamp");
        RecordField field = field();
        String operator = in.operator(OPERATORS);
        @Nullable Object literal = literal();
        return switch (operator) {
            case "=~", "!~" -> {
                Pattern pattern = pattern(literal);
                boolean isWanted = operator.equals("=~");
                yield record -> {
                    Object value = field.of(record);
                    return (value != null && pattern.matcher(value.toString()).find()) == isWanted;
                };
            }
            case "contains" -> {
                if (literal == null) throw in.wanted("text to look for, not null");
                String text = literal.toString();
                yield record -> {
                    Object value = field.of(record);
                    return value != null && value.toString().contains(text);
                };
            }
            default -> {
                if (isTimestamp && literal instanceof String moment) literal = BigDecimal.valueOf(moment(moment));
                yield new Comparison(field, operator, literal);
            }
        };
    }

    private Pattern pattern(@Nullable Object literal) {
        if (!(literal instanceof String text)) throw in.wanted("a regular expression in quotes");
        try {
            return Pattern.compile(text);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException("'" + text + "' is no regular expression: " + e.getDescription(), e);
        }
    }

    private static long moment(String text) {
        return Moment.parse(text);
    }

    private RecordField field() {
        String name = in.word("a field: key, value, header.NAME, topic, partition, offset or timestamp");
        return switch (name) {
            case "topic" -> io.millrace.client.consumer.ConsumerRecord::topic;
            case "partition" -> record -> BigDecimal.valueOf(record.partition());
            case "offset" -> record -> BigDecimal.valueOf(record.offset());
            case "timestamp" -> record -> BigDecimal.valueOf(record.timestamp());
            case "key" -> within(RecordField.KEY);
            case "value" -> within(RecordField.VALUE);
            case "header" -> {
                List<Object> path = path();
                if (path.size() != 1 || !(path.getFirst() instanceof String header))
                    throw in.wanted("one header's name, as header.NAME or header['NAME']");
                yield RecordField.header(header);
            }
            default ->
                throw new IllegalArgumentException("'" + name
                        + "' is no field; want key, value, header.NAME, topic, partition, offset or timestamp");
        };
    }

    private RecordField within(RecordField.Bytes whole) {
        List<Object> path = path();
        return path.isEmpty() ? RecordField.text(whole) : RecordField.json(whole, path);
    }

    /** Names as text, places in arrays as numbers. */
    private List<Object> path() {
        List<Object> path = new ArrayList<>();
        while (true) {
            if (in.takeSign(".")) {
                path.add(in.word("a name"));
            } else if (in.takeSign("[")) {
                Object step = literal();
                if (step instanceof BigDecimal number) path.add(place(number));
                else if (step instanceof String name) path.add(name);
                else throw in.wanted("a number, or a name in quotes");
                if (!in.takeSign("]")) throw in.wanted("']'");
            } else {
                return path;
            }
        }
    }

    private Integer place(BigDecimal number) {
        try {
            int place = number.intValueExact();
            if (place >= 0) return place;
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(number + " is no place in an array", e);
        }
        throw new IllegalArgumentException(number + " is no place in an array");
    }

    private @Nullable Object literal() {
        String text = in.quoted();
        if (text != null) return text;
        BigDecimal number = in.number();
        if (number != null) return number;
        if (in.takeWord("true")) return true;
        if (in.takeWord("false")) return false;
        if (in.takeWord("null")) return null;
        throw in.wanted("a number, text in quotes, true, false or null");
    }
}
