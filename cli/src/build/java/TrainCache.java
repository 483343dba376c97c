import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Makes the AOT cache that starts use: runs the program's self-test on this JDK, with the flags a start runs with, and lets
 * the JVM write down which classes it needed (JEP 483, 514, 515). Run by the build from source. Where there is no cache all
 * works the same, a little later; so whatever goes wrong here is a message and not an error.
 *
 * <p>Arguments: the jar, the file with the JVM's flags, the cache to be written.
 */
final class TrainCache {
    private static final int MAX_SECONDS = 180;

    /** So many that the second compiler has done its work: what it was told of the hot methods goes into the cache (JEP 515). */
    private static final String BATCHES = "30000";

    /** The JVM's defaults: with the thresholds that starts run with it would not have come to them by then. */
    private static final List<String> THRESHOLDS = List.of(
            "-XX:Tier4InvocationThreshold=5000",
            "-XX:Tier4MinInvocationThreshold=600",
            "-XX:Tier4CompileThreshold=15000",
            "-XX:Tier4BackEdgeThreshold=40000");

    private TrainCache() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path jar = Path.of(arguments[0]);
        Path options = Path.of(arguments[1]);
        Path cache = Path.of(arguments[2]);
        Path log = Path.of(cache + ".log");
        // One of an older jar would be ignored by the JVM, but no longer told from a good one by whoever looks.
        Files.deleteIfExists(cache);
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("@" + options);
        command.addAll(THRESHOLDS);
        command.addAll(List.of("-XX:AOTCacheOutput=" + cache, "-jar", jar.toString(), "selftest", BATCHES));
        Process training = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        boolean isDone = training.waitFor(MAX_SECONDS, TimeUnit.SECONDS);
        if (!isDone) training.destroyForcibly();
        if (isDone && training.exitValue() == 0 && Files.exists(cache)) {
            Files.delete(log);
            return;
        }
        Files.deleteIfExists(cache);
        PrintStream out = System.out;
        out.println("There is no AOT cache, so starts take a little longer: the training run "
                + (isDone ? "ended with " + training.exitValue() : "did not end in " + MAX_SECONDS + " s") + "; see "
                + log);
    }
}
