package io.millrace.simulator;

import io.millrace.simulator.scenario.ClusterStory;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.util.List;

/** Tells stories of clusters by nodes with a mistake: the rooms that nodes are made of are loaded anew. */
final class ClusterStories extends ClassLoader {
    private static final List<String> ANEW = List.of(
            "io.millrace.raft.",
            "io.millrace.controller.",
            "io.millrace.replication.",
            "io.millrace.coordinators.",
            "io.millrace.server.",
            "io.millrace.client.",
            "io.millrace.simulator.");

    private final ClassChange mistake;

    ClusterStories(ClusterMutant mutant) {
        super(ClusterStories.class.getClassLoader());
        this.mistake = mutant.change();
    }

    /** How many stories are told until one fails, of so many at most; one more if none does. */
    static int seedsToFind(ClusterMutant mutant, int most) {
        ClusterStories stories = new ClusterStories(mutant);
        for (int seed = 0; seed < most; seed++) {
            try {
                stories.tell(seed);
            } catch (VirtualMachineError | LinkageError | ReflectiveOperationException broken) {
                throw new AssertionError(mutant + " is no program", broken);
            } catch (Throwable seen) {
                return seed + 1;
            }
        }
        return most + 1;
    }

    /** Tells one; throws what it throws. */
    void tell(long seed) throws Throwable {
        Class<?> story = loadClass(ClusterStory.class.getName());
        Object told = story.getConstructor(long.class).newInstance(seed);
        try {
            story.getMethod("run").invoke(told);
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
            byte[] bytes = mistake.changed(name, file.readAllBytes());
            return defineClass(name, bytes, 0, bytes.length);
        } catch (IOException e) {
            throw new ClassNotFoundException(name, e);
        }
    }
}
