package io.millrace.simulator;

import io.millrace.testkit.SeededRandom;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs of one scenario: first the seeds that failed once, which are kept in {@code seeds/SCENARIO.txt}, then fresh ones.
 * {@code -Dmillrace.sim.runs=N} makes it N fresh ones, {@code -Dmillrace.seed=0x...} that one and no other.
 */
final class Campaign {
    private static final String RUNS = "millrace.sim.runs";
    private static final String SEED = "millrace.seed";

    /** One run. */
    @FunctionalInterface
    interface Run {
        void with(long seed) throws Exception;
    }

    private Campaign() {}

    /**
     * Runs a scenario of this test class.
     *
     * @param test the test method, which names the scenario in the replay command
     * @param usualRuns fresh seeds unless the property says otherwise
     */
    static void run(Class<?> testClass, String test, int usualRuns, Run run) {
        String one = System.getProperty(SEED);
        if (one != null) {
            once(testClass, test, Long.parseUnsignedLong(one.replaceFirst("^0x", ""), 16), run);
            return;
        }
        for (long seed : kept(testClass.getSimpleName())) once(testClass, test, seed, run);
        SeededRandom seeds =
                new SeededRandom(System.nanoTime() ^ (ProcessHandle.current().pid() << 32));
        int runs = Integer.getInteger(RUNS, usualRuns);
        for (int i = 0; i < runs; i++) once(testClass, test, seeds.nextLong(), run);
    }

    private static void once(Class<?> testClass, String test, long seed, Run run) {
        try {
            run.with(seed);
        } catch (VirtualMachineError broken) {
            throw broken;
        } catch (Throwable failure) {
            throw new AssertionError(
                    "replay: mvn -pl simulator test -Dtest=" + testClass.getSimpleName() + "#" + test + " -D" + SEED
                            + "=0x" + Long.toHexString(seed) + " : " + failure.getMessage(),
                    failure);
        }
    }

    private static List<Long> kept(String scenario) {
        List<Long> seeds = new ArrayList<>();
        try (InputStream file = Campaign.class.getResourceAsStream("/seeds/" + scenario + ".txt")) {
            if (file == null) return seeds;
            var lines = new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String seed = line.replaceFirst("#.*", "").strip();
                if (!seed.isEmpty()) seeds.add(Long.parseUnsignedLong(seed.replaceFirst("^0x", ""), 16));
            }
        } catch (IOException e) {
            throw new AssertionError("the kept seeds of " + scenario + " cannot be read", e);
        }
        return seeds;
    }
}
