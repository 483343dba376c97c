package io.millrace.simulator.campaign;

import io.millrace.simulator.scenario.Reduction;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What was asked for.
 *
 * @param fromSeed the first seed to be told
 * @param untilSeed the seed after the last one
 * @param minutes after so many no other story is begun, 0 for no end
 * @param replays whether it is one seed, told with its decisions
 * @param shrinks whether a story that fails is made small
 * @param reduction what is left out of each story
 * @param ledger the file to which each story adds a line; null for none
 */
record SimulateOptions(
        long fromSeed,
        long untilSeed,
        long minutes,
        boolean replays,
        boolean shrinks,
        Reduction reduction,
        @Nullable Path ledger) {
    static final String USAGE = """
            Usage: millrace simulate [--seeds FROM..TO] [--minutes M] [--ledger FILE] [--nodes N] [--shrink]
                   millrace simulate --seed S [--shrink] [--without F,F,...] [--nodes N] ...

            Tells stories of whole clusters in the simulator: real servers and clients on virtual time, simulated disks and networks,
            with faults drawn from the seed. Exits 0 if every promise held, 1 if one was broken, 2 if it was not understood.

              --seeds FROM..TO  seeds to be told, both included, decimal or 0x... (0..9999)
              --minutes M       begin no other story after so many minutes
              --ledger FILE     where each story adds a line: seed, outcome, trace (simulate-ledger.tsv); "" for none
              --seed S          tell this one only, and every fault as it was decided
              --shrink          make a story that fails as small as it goes, and print how to tell that one
              --help            this page

            What is left out of a story (what --shrink tries and prints):

              --without F,F     faults, by their numbers
              --nodes N         nodes in place of the drawn ones: so many that are broker and controller, or controllers+brokers, or
                                both+controllers+brokers: 3, 3+3, 1+2, 3+0+1, 1+2+2, 5
              --partitions N    no more partitions than so many
              --producers N     no more producers
              --sends N         no more sends by each
              --turnovers N     no more coming, going and crashing of the group's members
              --others N        no more other clients
            """;

    private static final String DEFAULT_LEDGER = "simulate-ledger.tsv";
    private static final long DEFAULT_LAST = 9_999;

    /** It cannot be understood. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1;

        Refused(String why) {
            super(why);
        }
    }

    /**
     * Reads a command line; null if it asks for help.
     *
     * @throws Refused with a sentence that says what is wrong
     */
    static @Nullable SimulateOptions parse(List<String> arguments) throws Refused {
        long from = 0;
        long last = DEFAULT_LAST;
        long minutes = 0;
        boolean replays = false;
        boolean shrinks = false;
        Reduction reduction = Reduction.NOTHING;
        String ledger = DEFAULT_LEDGER;
        Deque<String> left = new ArrayDeque<>(arguments);
        while (!left.isEmpty()) {
            String option = left.removeFirst();
            switch (option) {
                case "--help", "-h" -> {
                    return null;
                }
                case "--seed" -> {
                    from = seed(value(option, left));
                    last = from;
                    replays = true;
                }
                case "--seeds" -> {
                    String range = value(option, left);
                    int dots = range.indexOf("..");
                    if (dots < 0) throw new Refused("--seeds " + range + " is not of the form FROM..TO");
                    from = seed(range.substring(0, dots));
                    last = seed(range.substring(dots + 2));
                    if (last < from) throw new Refused("--seeds " + range + " ends before it begins");
                }
                case "--minutes" -> minutes = positive(option, value(option, left));
                case "--ledger" -> ledger = value(option, left);
                case "--shrink" -> shrinks = true;
                case "--without", "--nodes", "--partitions", "--producers", "--sends", "--turnovers", "--others" ->
                    reduction = reduced(reduction, option, value(option, left));
                default -> throw new Refused("'" + option + "' is no option of simulate");
            }
        }
        return new SimulateOptions(
                from,
                Math.addExact(last, 1),
                minutes,
                replays,
                shrinks,
                reduction,
                replays || ledger.isEmpty() ? null : Path.of(ledger));
    }

    private static Reduction reduced(Reduction from, String option, String value) throws Refused {
        try {
            return switch (option) {
                case "--without" -> from.without(numbers(value));
                case "--nodes" -> from.onNodes(value);
                case "--partitions" -> from.withPartitions(Integer.parseInt(value));
                case "--producers" -> from.withProducers(Integer.parseInt(value));
                case "--sends" -> from.withSends(Integer.parseInt(value));
                case "--turnovers" -> from.withTurnovers(Integer.parseInt(value));
                default -> from.withOthers(Integer.parseInt(value));
            };
        } catch (NumberFormatException notOne) {
            throw new Refused(option + " " + value + " is no number");
        } catch (IllegalArgumentException wrong) {
            throw new Refused(option + " " + value + ": " + wrong.getMessage());
        }
    }

    private static Set<Integer> numbers(String commaSeparated) {
        Set<Integer> numbers = new TreeSet<>();
        for (String each : commaSeparated.split(",", -1)) numbers.add(Integer.parseInt(each.strip()));
        return numbers;
    }

    private static String value(String option, Deque<String> left) throws Refused {
        String value = left.pollFirst();
        if (value == null) throw new Refused(option + " wants a value");
        return value;
    }

    private static long seed(String text) throws Refused {
        try {
            return text.startsWith("0x") ? Long.parseUnsignedLong(text.substring(2), 16) : Long.parseLong(text);
        } catch (NumberFormatException notOne) {
            throw new Refused("'" + text + "' is no seed, such as 17 or 0x5eed2f");
        }
    }

    private static long positive(String option, String text) throws Refused {
        try {
            long number = Long.parseLong(text);
            if (number > 0) return number;
        } catch (NumberFormatException notOne) {
            // Said below, as for any other that does not do.
        }
        throw new Refused(option + " " + text + " is no number from 1 up");
    }
}
