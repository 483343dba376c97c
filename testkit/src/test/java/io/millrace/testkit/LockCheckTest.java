package io.millrace.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LockCheckTest {
    @TempDir
    Path directory;

    @Test
    void everyLockIsNamed() throws IOException {
        List<String> locks = List.of(
                "synchronized void x() {}", "synchronized",
                "void x() { synchronized (this) { hashCode(); } }", "synchronized",
                "java.util.concurrent.locks.StampedLock x;", "java.util.concurrent.locks.StampedLock",
                "java.util.concurrent.Semaphore x;", "java.util.concurrent.Semaphore",
                "StringBuffer x;", "java.lang.StringBuffer",
                "Object x = java.util.Collections.synchronizedList(new java.util.ArrayList<String>());",
                        "java.util.Collections#synchronizedList");
        for (int i = 0; i < locks.size(); i += 2) {
            compile(locks.get(i));
            assertEquals(
                    List.of("io.millrace.sample.Sample uses " + locks.get(i + 1)),
                    new LockCheck(PurityExceptions.none()).violations(directory),
                    locks.get(i));
        }
    }

    @Test
    void whatIsLockFreeIsClean() throws IOException {
        compile("java.util.concurrent.ConcurrentLinkedQueue<String> x; java.util.concurrent.atomic.AtomicLong y;");
        assertEquals(List.of(), new LockCheck(PurityExceptions.none()).violations(directory));
    }

    @Test
    void exceptionsAreKeptAndNeedlessOnesTold() throws IOException {
        compile("synchronized void x() {}");
        String needed = "io.millrace.sample.Sample | synchronized | It may.";
        String needless = "io.millrace.sample.Other | synchronized | It might.";
        var check = new LockCheck(PurityExceptions.parse(List.of(needed, needless)));
        assertEquals(List.of(), check.violations(directory));
        assertEquals(List.of(needless), check.needlessExceptions());
    }

    @Test
    void classesThatAreNotThereAreNotTakenForClean() {
        assertThrows(
                IllegalArgumentException.class,
                () -> new LockCheck(PurityExceptions.none()).violations(directory.resolve("absent")));
    }

    private void compile(String members) throws IOException {
        Path source = directory.resolve("Sample.java");
        Files.write(
                source,
                ("package io.millrace.sample; class Sample { " + members + " }").getBytes(StandardCharsets.UTF_8));
        int result = ToolProvider.getSystemJavaCompiler()
                .run(null, null, null, "-d", directory.toString(), source.toString());
        assertEquals(0, result, members);
    }
}
