package io.millrace.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.testkit.PurityCheck.Profile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PurityCheckTest {
    @TempDir
    Path directory;

    @Test
    void whatOnlyComputesIsClean() throws IOException {
        compile(
                "io.millrace.sample.Adder",
                "java.util.List<Integer> sum(int a, int b) { return java.util.List.of(a + b); }");
        assertEquals(List.of(), violations(Profile.DECIDING));
    }

    @Test
    void everyReachForTheOutsideIsNamed() throws IOException {
        List<String> reaches = List.of(
                "long x = System.currentTimeMillis();", "java.lang.System#currentTimeMillis",
                "long x = System.nanoTime();", "java.lang.System#nanoTime",
                "int x = System.identityHashCode(this);", "java.lang.System#identityHashCode",
                "double x = Math.random();", "java.lang.Math#random",
                "Object x = java.util.UUID.randomUUID();", "java.util.UUID#randomUUID",
                "Object x = java.time.Instant.now();", "java.time.Instant#now",
                "Object x = java.time.LocalDateTime.now();", "java.time.LocalDateTime#now",
                "java.util.function.LongSupplier x = System::nanoTime;", "java.lang.System#nanoTime",
                "java.util.Random x;", "java.util.Random",
                "boolean x = java.nio.file.Files.exists(null);", "java.nio.file.Files",
                "java.net.Socket[] x;", "java.net.Socket",
                "java.nio.channels.FileChannel x;", "java.nio.channels.FileChannel",
                "java.util.concurrent.locks.Lock x;", "java.util.concurrent.locks.Lock",
                "synchronized void x() {}", "synchronized",
                "void x() { synchronized (this) { hashCode(); } }", "synchronized");
        for (int i = 0; i < reaches.size(); i += 2) {
            compile("io.millrace.sample.Reacher", reaches.get(i));
            List<String> expected = List.of("io.millrace.sample.Reacher (DECIDING) uses " + reaches.get(i + 1));
            assertEquals(expected, violations(Profile.DECIDING), reaches.get(i));
        }
    }

    @Test
    void addressesAreValuesButLookingThemUpIsNot() throws IOException {
        compile(
                "io.millrace.sample.Namer",
                "java.net.InetAddress address; java.util.concurrent.Callable<String> call;");
        assertEquals(List.of(), violations(Profile.DECIDING));
        compile(
                "io.millrace.sample.Namer",
                "Object x() throws Exception { return java.net.InetAddress.getByName(\"a\"); }");
        assertEquals(
                List.of("io.millrace.sample.Namer (DECIDING) uses java.net.InetAddress#getByName"),
                violations(Profile.DECIDING));
    }

    @Test
    void capabilitiesAreSeenByTheirProfileOnly() throws IOException {
        compile("io.millrace.sample.Keeper", "io.millrace.environment.Disk disk;");
        assertEquals(1, violations(Profile.DECIDING).size());
        assertEquals(List.of(), violations(Profile.STORING));
        compile("io.millrace.sample.Keeper", "io.millrace.environment.Clock clock; System.Logger log;");
        assertEquals(2, violations(Profile.STORING).size());
        assertEquals(List.of(), violations(Profile.RUNNING));
    }

    @Test
    void aRunPackageMaySeeTheCapabilitiesOfADecidingRoom() throws IOException {
        compile("io.millrace.sample.run.Runner", "io.millrace.environment.Clock clock;");
        assertEquals(List.of(), violations(Profile.DECIDING));
        compile("io.millrace.sample.run.Runner", "Thread thread;");
        assertEquals(
                List.of("io.millrace.sample.run.Runner (RUNNING) uses java.lang.Thread"), violations(Profile.DECIDING));
    }

    @Test
    void anExceptionCoversItsClassAndIsReportedWhenNothingNeedsIt() throws IOException {
        compile("io.millrace.sample.Excused", "Thread thread;");
        PurityCheck check = new PurityCheck(PurityExceptions.parse(List.of(
                "# a comment",
                "io.millrace.sample.Excused | java.lang.Thread | It has a reason.",
                "io.millrace.sample.Gone | java.lang.Thread | It had a reason.")));
        assertEquals(List.of(), check.violations(directory, Profile.DECIDING));
        assertEquals(
                List.of("io.millrace.sample.Gone | java.lang.Thread | It had a reason."), check.needlessExceptions());
    }

    @Test
    void anExceptionWithoutAReasonIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> PurityExceptions.parse(List.of("a.B | java.lang.Thread |")));
    }

    private List<String> violations(Profile profile) {
        return new PurityCheck(PurityExceptions.none()).violations(directory, profile);
    }

    private void compile(String className, String member) throws IOException {
        Samples.compile(directory, className, member);
    }

    /** Compiles one-member classes into a directory. */
    static final class Samples {
        private Samples() {}

        static void compile(Path directory, String className, String member) throws IOException {
            int dot = className.lastIndexOf('.');
            Path source = Files.createTempFile(directory, "Sample", ".txt");
            Path named = directory.resolve(className.substring(dot + 1) + ".java");
            Files.delete(source);
            Files.write(
                    named,
                    ("package " + className.substring(0, dot) + "; public class " + className.substring(dot + 1) + " { "
                                    + member + " }")
                            .getBytes(StandardCharsets.UTF_8));
            List<String> arguments = new ArrayList<>(List.of("-d", directory.toString(), "-proc:none"));
            arguments.add("-cp");
            arguments.add(directory + java.io.File.pathSeparator + System.getProperty("java.class.path"));
            arguments.add(named.toString());
            int result = ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments.toArray(String[]::new));
            assertEquals(0, result, member);
        }
    }
}
