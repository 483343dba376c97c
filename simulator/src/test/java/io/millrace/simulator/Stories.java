package io.millrace.simulator;

import io.millrace.simulator.scenario.GroupStory;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;

/** Tells stories of groups by a client with a mistake: the client's classes, and those that know them, are loaded anew. */
final class Stories extends ClassLoader {
    private final ClientMutant mutant;

    Stories(ClientMutant mutant) {
        super(Stories.class.getClassLoader());
        this.mutant = mutant;
    }

    /** Tells one; throws what it throws. */
    void tell(long seed) throws Throwable {
        Class<?> story = loadClass(GroupStory.class.getName());
        Object told = story.getConstructor(long.class).newInstance(seed);
        try {
            story.getMethod("run").invoke(told);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.startsWith("io.millrace.client.") && !name.startsWith("io.millrace.simulator."))
            return super.loadClass(name, resolve);
        synchronized (getClassLoadingLock(name)) {
            Class<?> known = findLoadedClass(name);
            return known != null ? known : define(name);
        }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
        try (InputStream file = getResourceAsStream(name.replace('.', '/') + ".class")) {
            if (file == null) throw new ClassNotFoundException(name);
            byte[] bytes = mutant.changed(name, file.readAllBytes());
            return defineClass(name, bytes, 0, bytes.length);
        } catch (IOException e) {
            throw new ClassNotFoundException(name, e);
        }
    }
}
