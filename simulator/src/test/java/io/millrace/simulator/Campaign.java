package io.millrace.simulator;

import io.millrace.testkit.SeededRandom;
import io.millrace.testkit.Seeds;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * Runs of one scenario: first the seeds that failed once, which are kept in {@code seeds/SCENARIO.txt}, then those of its name,
 * the same in every build. A campaign is {@code -Dmillrace.seed=fresh -Dmillrace.sim.runs=N}: N seeds that nobody has tried;
 * {@code -Dmillrace.seed=0x...} is that one and no other.
 */
final class Campaign {
    private static final String RUNS = "millrace.sim.runs";

    /** One run. */
    @FunctionalInterface
    interface Run {
        void with(long seed) throws Throwable;
    }

    private Campaign() {}

    /**
     * Runs a scenario of this test class.
     *
     * @param test the test method, which names the scenario in the replay command
     * @param usualRuns how many seeds besides the kept ones unless the property says otherwise
     */
    static void run(Class<?> testClass, String test, int usualRuns, Run run) {
        Seeds choice = Seeds.stated();
        OptionalLong one = choice.toRepeat();
        if (one.isPresent()) {
            once(testClass, test, one.getAsLong(), run);
            return;
        }
        for (long seed : kept(testClass.getSimpleName())) once(testClass, test, seed, run);
        SeededRandom seeds = choice.of(testClass.getName() + "#" + test);
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
                    "replay: mvn -pl simulator test -Dtest=" + testClass.getSimpleName() + "#" + test + " -D"
                            + Seeds.PROPERTY + "=0x" + Long.toHexString(seed) + " : " + failure.getMessage(),
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
