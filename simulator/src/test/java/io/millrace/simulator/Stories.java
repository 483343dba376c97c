package io.millrace.simulator;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.util.List;

/** Tells stories by programs that are changed as they are loaded: the rooms that nodes and clients are made of are loaded anew. */
final class Stories extends ClassLoader {
    private static final List<String> ANEW = List.of(
            "io.millrace.records.",
            "io.millrace.raft.",
            "io.millrace.controller.",
            "io.millrace.replication.",
            "io.millrace.storage.",
            "io.millrace.coordinators.",
            "io.millrace.server.",
            "io.millrace.client.",
            "io.millrace.simulator.");

    private final String story;
    private final List<ClassChange> changes;

    /**
     * Stories of one kind.
     *
     * @param story its class, which is made from a seed and told by {@code run}
     */
    Stories(Class<?> story, List<ClassChange> changes) {
        super(Stories.class.getClassLoader());
        this.story = story.getName();
        this.changes = changes;
    }

    /**
     * The first story that failed.
     *
     * @param stories how many were told until then; one more than may be told if none failed
     * @param how what it failed with; empty if none did
     */
    record Found(int stories, String how) {}

    /** How many stories are told until one fails, of so many at most; one more if none does. */
    int seedsToFind(int most) {
        return find(most).stories();
    }

    /** Tells stories until one fails, so many at most. */
    Found find(int most) {
        for (int seed = 0; seed < most; seed++) {
            try {
                tell(seed);
            } catch (VirtualMachineError | LinkageError | ReflectiveOperationException broken) {
                throw new AssertionError(changes + " make no program", broken);
            } catch (Throwable seen) {
                return new Found(seed + 1, String.valueOf(seen.getMessage()));
            }
        }
        return new Found(most + 1, "");
    }

    /** Tells one; throws what it throws. */
    Object tell(long seed) throws Throwable {
        Object told = loadClass(story).getConstructor(long.class).newInstance(seed);
        try {
            return told.getClass().getMethod("run").invoke(told);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (ANEW.stream().noneMatch(name::startsWith)) return super.loadClass(name, resolve);
        synchronized (getClassLoadingLock(name)) {
            Class<?> known = findLoadedClass(name);
            return known != null ? known : define(name);
        }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
        try (InputStream file = getResourceAsStream(name.replace('.', '/') + ".class")) {
            if (file == null) throw new ClassNotFoundException(name);
            byte[] bytes = file.readAllBytes();
            for (ClassChange each : changes) bytes = each.changed(name, bytes);
            return defineClass(name, bytes, 0, bytes.length);
        } catch (IOException e) {
            throw new ClassNotFoundException(name, e);
        }
    }
}
