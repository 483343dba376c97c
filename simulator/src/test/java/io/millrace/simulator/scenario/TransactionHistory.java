package io.millrace.simulator.scenario;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What applications did in transactions and what readers saw of it, and the promises: none of an open or aborted transaction is
 * read as committed (T4), all of a transaction's records and offsets are seen or none (T6), nothing of an application that
 * another one has taken over from is accepted (T9), each input is dealt with once (T12), and records are there once and in
 * order (T1, R10).
 */
final class TransactionHistory {
    /** One transaction of one run of an application: it deals with inputs, if any, and sends values. */
    static final class Transaction {
        final String name;
        final String application;
        final long fromInput;
        long untilInput;
        final Map<Integer, List<String>> values = new TreeMap<>();
        boolean hasFailed;
        boolean isCommitAsked;
        boolean isCommitTold;
        boolean isAbortTold;
        /** It was to be committed when another run had taken over. */
        boolean isOvertaken;

        Transaction(String name, String application, long fromInput) {
            this.name = name;
            this.application = application;
            this.fromInput = fromInput;
            this.untilInput = fromInput;
        }

        @Override
        public String toString() {
            return name + " of inputs " + fromInput + " to " + untilInput + (hasFailed ? ", a record failed" : "")
                    + (isCommitAsked ? ", commit asked" : "") + (isCommitTold ? ", told committed" : "")
                    + (isAbortTold ? ", told aborted" : "") + (isOvertaken ? ", overtaken" : "");
        }
    }

    /** A record as it is in a partition. */
    record Seen(long offset, String value) {}

    private final Map<String, Transaction> byName = new HashMap<>();
    private final Map<String, Short> lastEpoch = new HashMap<>();
    private final Map<Integer, Map<Long, String>> known = new TreeMap<>();
    private int told;

    /** A run of an application is told who it is: those with lower epochs have no say any more. */
    void initialized(String application, short epoch) {
        lastEpoch.merge(application, epoch, (one, other) -> (short) Math.max(one, other));
    }

    Transaction begun(String application, int run, long fromInput) {
        String name = application + ":" + run + ":" + byName.size();
        Transaction fresh = new Transaction(name, application, fromInput);
        byName.put(name, fresh);
        return fresh;
    }

    /** A value for a partition, which is about to be sent. */
    String sending(Transaction its, int partition, String padding) {
        List<String> values = its.values.computeIfAbsent(partition, _ -> new ArrayList<>());
        String value = its.name + "/" + partition + "." + values.size() + "/" + padding;
        values.add(value);
        return value;
    }

    void commitAsked(Transaction its, short epoch) {
        its.isCommitAsked = true;
        its.isOvertaken = lastEpoch.getOrDefault(its.application, epoch) > epoch;
    }

    void committed(Transaction its) {
        told++;
        its.isCommitTold = true;
        if (its.hasFailed) throw broken("T6", "told committed though a record was given up: " + its);
        if (its.isOvertaken) throw broken("T9", "told committed: " + its);
    }

    void aborted(Transaction its) {
        its.isAbortTold = true;
        if (its.isCommitTold) throw broken("T7", "told committed, then aborted: " + its);
    }

    /** How many transactions were told to be committed. */
    int committedCount() {
        return told;
    }

    /** A reader is given a record, as committed or whatever it is. */
    void read(String reader, int partition, long offset, String value, boolean isCommitted) {
        String before = known.computeIfAbsent(partition, _ -> new TreeMap<>()).putIfAbsent(offset, value);
        if (before != null && !before.equals(value))
            throw broken("R3", reader + ": offset " + offset + " was " + brief(before) + ", now " + brief(value));
        Transaction its = of(value);
        if (isCommitted && !its.isCommitAsked)
            throw broken("T4", reader + " reads " + brief(value) + " as committed, of " + its);
    }

    private Transaction of(String value) {
        Transaction its = byName.get(value.substring(0, value.indexOf('/')));
        if (its == null) throw broken("R12", "nobody sent " + value);
        return its;
    }

    /** Holds what is there in the end, by partition. */
    void check(Map<Integer, List<Seen>> all, Map<Integer, List<Seen>> committed, Map<String, Long> offsets) {
        known.forEach((partition, records) -> {
            Map<Long, String> there = new HashMap<>();
            for (Seen each : all.getOrDefault(partition, List.of())) there.put(each.offset(), each.value());
            records.forEach((offset, value) -> {
                if (!value.equals(there.get(offset)))
                    throw broken("R1", "partition " + partition + " has lost " + brief(value) + " at " + offset);
            });
        });
        Map<String, Map<Integer, List<String>>> found = new HashMap<>();
        committed.forEach((partition, records) -> {
            for (Seen each : records)
                found.computeIfAbsent(of(each.value()).name, _ -> new TreeMap<>())
                        .computeIfAbsent(partition, _ -> new ArrayList<>())
                        .add(each.value());
        });
        for (Transaction each : byName.values()) check(each, found.get(each.name));
        offsets.forEach((application, offset) -> checkInputs(application, offset, found.keySet(), committed));
    }

    private static void check(Transaction its, @Nullable Map<Integer, List<String>> found) {
        if (found == null) {
            if (its.isCommitTold && !its.values.isEmpty()) throw broken("T6", "nothing is there: " + its);
            return;
        }
        if (!found.equals(its.values))
            throw broken("T6", "there is " + count(found) + " of " + count(its.values) + ": " + its);
        if (its.isAbortTold || !its.isCommitAsked) throw broken("T4", "it is there: " + its);
        if (its.isOvertaken) throw broken("T9", "it is there: " + its);
    }

    private static String count(Map<Integer, List<String>> values) {
        StringBuilder text = new StringBuilder();
        values.forEach((partition, its) -> text.append(partition + ": " + its.size() + " "));
        return "{" + text + "}";
    }

    private void checkInputs(String application, long offset, Set<String> there, Map<Integer, List<Seen>> committed) {
        List<Transaction> its = new ArrayList<>();
        for (Transaction each : byName.values())
            if (each.application.equals(application) && there.contains(each.name)) its.add(each);
        its.sort(Comparator.comparingLong((Transaction each) -> each.fromInput)
                .thenComparingLong(each -> each.untilInput));
        long next = 0;
        for (Transaction each : its) {
            if (each.fromInput != next)
                throw broken("T12", "inputs from " + next + " on, but there is " + each + ", committed are " + offset);
            next = each.untilInput;
        }
        if (next != offset)
            throw broken("T12", application + " has committed " + offset + ", and output up to " + next);
        for (List<Seen> partition : committed.values()) {
            long last = 0;
            Set<String> over = new HashSet<>();
            for (Seen each : partition) {
                Transaction of = of(each.value());
                if (!of.application.equals(application)) continue;
                if (of.fromInput < last || !over.add(each.value()))
                    throw broken("R10", brief(each.value()) + " at " + each.offset() + " is there late, or twice");
                last = of.fromInput;
            }
        }
    }

    private static String brief(String value) {
        return value.substring(0, value.lastIndexOf('/'));
    }

    static AssertionError broken(String rule, String how) {
        return new AssertionError(rule + ": " + how);
    }
}
