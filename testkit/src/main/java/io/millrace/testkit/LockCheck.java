package io.millrace.testkit;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Finds what could make a thread wait for another in compiled classes: synchronized methods and blocks, the locks of the
 * JDK, and its collections and queues that have locks within. Atomic variables and the lock-free queues are none.
 */
public final class LockCheck {
    private static final String LOCKS = "java.util.concurrent.locks.";

    private static final Set<String> TYPES = Set.of(
            "java.lang.StringBuffer",
            "java.util.Hashtable",
            "java.util.Stack",
            "java.util.Vector",
            "java.util.concurrent.ArrayBlockingQueue",
            "java.util.concurrent.BlockingQueue",
            "java.util.concurrent.CompletableFuture",
            "java.util.concurrent.CountDownLatch",
            "java.util.concurrent.CyclicBarrier",
            "java.util.concurrent.DelayQueue",
            "java.util.concurrent.Exchanger",
            "java.util.concurrent.Executors",
            "java.util.concurrent.ForkJoinPool",
            "java.util.concurrent.Future",
            "java.util.concurrent.LinkedBlockingDeque",
            "java.util.concurrent.LinkedBlockingQueue",
            "java.util.concurrent.Phaser",
            "java.util.concurrent.PriorityBlockingQueue",
            "java.util.concurrent.ScheduledThreadPoolExecutor",
            "java.util.concurrent.Semaphore",
            "java.util.concurrent.SynchronousQueue",
            "java.util.concurrent.ThreadPoolExecutor");

    private static final Set<String> SYNCHRONIZED_VIEWS = Set.of(
            "java.util.Collections#synchronizedCollection",
            "java.util.Collections#synchronizedList",
            "java.util.Collections#synchronizedMap",
            "java.util.Collections#synchronizedSet");

    private final PurityExceptions exceptions;

    /** Checks with the given exceptions. */
    public LockCheck(PurityExceptions exceptions) {
        this.exceptions = exceptions;
    }

    /**
     * Every lock below a directory of compiled classes.
     *
     * @return one line for each class and lock, in a stable order
     * @throws IllegalArgumentException if there is no class at all
     */
    public List<String> violations(Path classesDirectory) {
        List<CompiledClass> classes = CompiledClass.below(classesDirectory);
        if (classes.isEmpty()) throw new IllegalArgumentException("no classes in " + classesDirectory);
        List<String> violations = new ArrayList<>();
        for (CompiledClass compiled : classes) {
            for (String lock : locksIn(compiled)) {
                if (!exceptions.allow(compiled.name(), lock)) violations.add(compiled.name() + " uses " + lock);
            }
        }
        return violations;
    }

    /** The exceptions no checked class has needed so far; they are to be deleted from the file. */
    public List<String> needlessExceptions() {
        return exceptions.unused();
    }

    private static Set<String> locksIn(CompiledClass compiled) {
        Set<String> found = new TreeSet<>();
        for (String type : compiled.types()) {
            if (type.startsWith(LOCKS) || TYPES.contains(type)) found.add(type);
        }
        for (String member : compiled.members()) {
            if (SYNCHRONIZED_VIEWS.contains(member)) found.add(member);
        }
        if (compiled.locks()) found.add("synchronized");
        return found;
    }
}
