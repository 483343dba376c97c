package io.millrace.testkit;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Finds code that reaches for the outside world by itself. What decides gets time, random numbers and events as
 * arguments; what runs it sees only the interfaces of {@code io.millrace.environment}; so the simulator can replace the
 * whole outside. The check reads compiled classes: what it names is what would really be called.
 *
 * <p>Exceptions come from a {@link PurityExceptions} file and have to be needed: one that nothing uses is reported too.
 */
public final class PurityCheck {
    /** What a package may see of the outside, from least to most. */
    public enum Profile {
        /** Nothing at all: state, one event and the time as a number. */
        DECIDING,
        /** The disk through {@code Disk} and {@code DiskFile}; no other capability, no logger. */
        STORING,
        /** All five capabilities and {@code System.Logger}, but not what they stand for. */
        RUNNING
    }

    private static final String ENVIRONMENT = "io.millrace.environment.";
    private static final Set<String> DISK_ONLY =
            Set.of(ENVIRONMENT + "Disk", ENVIRONMENT + "DiskFile", ENVIRONMENT + "DiskFull", ENVIRONMENT + "OpenMode");

    private static final Set<String> LOGGERS =
            Set.of("java.lang.System$Logger", "java.lang.System$Logger$Level", "java.lang.System#getLogger");
    private static final List<String> LOGGING_PACKAGES =
            List.of("java.util.logging.", "org.slf4j.", "org.apache.logging.", "ch.qos.logback.");

    private static final Set<String> OUTSIDE_TYPES = Set.of(
            "java.lang.Thread",
            "java.lang.Thread$Builder",
            "java.lang.ThreadLocal",
            "java.lang.InheritableThreadLocal",
            "java.lang.ScopedValue",
            "java.lang.Process",
            "java.lang.ProcessBuilder",
            "java.lang.ProcessHandle",
            "java.io.Console",
            "java.io.File",
            "java.io.FileDescriptor",
            "java.io.FileInputStream",
            "java.io.FileOutputStream",
            "java.io.FileReader",
            "java.io.FileWriter",
            "java.io.RandomAccessFile",
            "java.nio.file.Files",
            "java.nio.file.FileSystem",
            "java.nio.file.FileSystems",
            "java.nio.file.WatchService",
            "java.nio.MappedByteBuffer",
            "java.util.Random",
            "java.util.SplittableRandom",
            "java.util.Timer",
            "java.util.TimerTask");

    /** Whole packages of the outside; each with what in it is a mere value and therefore allowed. */
    private static final Map<String, Set<String>> OUTSIDE_PACKAGES = Map.of(
            "java.util.concurrent.",
            Set.of("java.util.concurrent.TimeUnit", "java.util.concurrent.Callable"),
            "java.nio.channels.",
            Set.of(),
            "java.net.",
            Set.of(
                    "java.net.ConnectException",
                    "java.net.Inet4Address",
                    "java.net.Inet6Address",
                    "java.net.InetAddress",
                    "java.net.InetSocketAddress",
                    "java.net.SocketAddress",
                    "java.net.URI",
                    "java.net.URISyntaxException",
                    "java.net.URLEncoder",
                    "java.net.URLDecoder",
                    "java.net.UnknownHostException"),
            "java.util.random.",
            Set.of(),
            "javax.net.",
            Set.of());

    private static final Set<String> OUTSIDE_MEMBERS = Set.of(
            "java.lang.System#currentTimeMillis",
            "java.lang.System#nanoTime",
            "java.lang.System#identityHashCode",
            "java.lang.System#getProperty",
            "java.lang.System#getProperties",
            "java.lang.System#getenv",
            "java.lang.System#exit",
            "java.lang.System#gc",
            "java.lang.System#in",
            "java.lang.System#out",
            "java.lang.System#err",
            "java.lang.Runtime#getRuntime",
            "java.lang.Math#random",
            "java.lang.StrictMath#random",
            "java.lang.Object#wait",
            "java.lang.Object#notify",
            "java.lang.Object#notifyAll",
            "java.net.InetAddress#getAllByName",
            "java.net.InetAddress#getByName",
            "java.net.InetAddress#getCanonicalHostName",
            "java.net.InetAddress#getHostName",
            "java.net.InetAddress#getLocalHost",
            "java.net.InetAddress#isReachable",
            "java.net.InetSocketAddress#getHostName",
            "java.util.UUID#randomUUID",
            "java.util.Collections#shuffle",
            "java.security.SecureRandom#<init>",
            "java.security.SecureRandom#getInstanceStrong",
            "java.time.Clock#systemUTC",
            "java.time.Clock#systemDefaultZone",
            "java.time.Instant#now",
            "java.time.LocalDate#now",
            "java.time.LocalDateTime#now",
            "java.time.LocalTime#now",
            "java.time.OffsetDateTime#now",
            "java.time.ZonedDateTime#now",
            "java.time.ZoneId#systemDefault",
            "java.util.TimeZone#getDefault",
            "java.util.Locale#getDefault");

    private final PurityExceptions exceptions;

    /** Checks with the given exceptions. */
    public PurityCheck(PurityExceptions exceptions) {
        this.exceptions = exceptions;
    }

    /**
     * Everything below a room's compiled classes that its profile forbids. Packages named {@code run}, and those below
     * one, are held to {@link Profile#RUNNING} whatever the profile of their room.
     *
     * @return one line for each class and thing it may not see, in a stable order; empty for a clean or absent room
     */
    public List<String> violations(Path classesDirectory, Profile profile) {
        List<String> violations = new ArrayList<>();
        for (CompiledClass compiled : CompiledClass.below(classesDirectory)) {
            Profile own = isRunPackage(compiled.packageName()) ? Profile.RUNNING : profile;
            for (String forbidden : forbiddenIn(compiled, own)) {
                if (!exceptions.allow(compiled.name(), forbidden))
                    violations.add(compiled.name() + " (" + own + ") uses " + forbidden);
            }
        }
        return violations;
    }

    /** The exceptions no checked class has needed so far; they are to be deleted from the file. */
    public List<String> needlessExceptions() {
        return exceptions.unused();
    }

    private static Set<String> forbiddenIn(CompiledClass compiled, Profile profile) {
        Set<String> found = new TreeSet<>();
        for (String type : compiled.types()) {
            if (isOutsideType(type) || !maySee(type, profile)) found.add(type);
        }
        for (String member : compiled.members()) {
            String name = member.substring(member.indexOf('#') + 1);
            if (OUTSIDE_MEMBERS.contains(member) || (profile != Profile.RUNNING && LOGGERS.contains(member)))
                found.add(member);
            else if (isObjectMonitorCall(name)) found.add(member);
        }
        if (compiled.locks()) found.add("synchronized");
        return found;
    }

    /** The compiler writes the static type of the receiver as the owner, so these two are known by their name alone. */
    private static boolean isObjectMonitorCall(String memberName) {
        return memberName.equals("notifyAll");
    }

    private static boolean isOutsideType(String type) {
        if (OUTSIDE_TYPES.contains(type)) return true;
        for (Map.Entry<String, Set<String>> outside : OUTSIDE_PACKAGES.entrySet()) {
            if (type.startsWith(outside.getKey()) && !outside.getValue().contains(type)) return true;
        }
        for (String logging : LOGGING_PACKAGES) {
            if (type.startsWith(logging)) return true;
        }
        return false;
    }

    private static boolean maySee(String type, Profile profile) {
        if (LOGGERS.contains(type)) return profile == Profile.RUNNING;
        if (!type.startsWith(ENVIRONMENT)) return true;
        return switch (profile) {
            case DECIDING -> false;
            case STORING -> DISK_ONLY.contains(outermost(type));
            case RUNNING -> true;
        };
    }

    private static String outermost(String type) {
        int dollar = type.indexOf('$');
        return dollar < 0 ? type : type.substring(0, dollar);
    }

    private static boolean isRunPackage(String packageName) {
        return packageName.endsWith(".run") || packageName.contains(".run.");
    }
}
