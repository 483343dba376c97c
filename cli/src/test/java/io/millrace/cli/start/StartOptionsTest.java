package io.millrace.cli.start;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class StartOptionsTest {
    private static StartOptions parse(String... arguments) {
        return StartOptions.parse(List.of(arguments));
    }

    private static String refusal(String... arguments) {
        return String.valueOf(assertThrows(StartOptions.WronglyAsked.class, () -> parse(arguments))
                .getMessage());
    }

    @Test
    void withoutOptionsNothingIsStated() {
        StartOptions options = parse();
        assertNull(options.config());
        assertNull(options.data());
        assertNull(options.listen());
        assertEquals(Map.of(), options.settings());
        assertFalse(options.isStrict());
        assertFalse(options.wantsHelp());
    }

    @Test
    void aValueFollowsAnOptionOrItsEqualsSign() {
        StartOptions options = parse(
                "--config",
                "server.properties",
                "--data=/d",
                "--listen=h:1",
                "--set",
                "a=1",
                "--set=b=2=3",
                "--cluster-id",
                "id",
                "-r=4.4",
                "--strict",
                "-f",
                "x=1",
                "--feature=y=2");
        assertEquals("server.properties", options.config());
        assertEquals("/d", options.data());
        assertEquals("h:1", options.listen());
        assertEquals(Map.of("a", "1", "b", "2=3"), options.settings());
        assertEquals("id", options.clusterId());
        assertEquals("4.4", options.releaseVersion());
        assertEquals(List.of("x=1", "y=2"), options.features());
        assertTrue(options.isStrict());
    }

    @Test
    void whatMakesNoSenseIsRefusedByName() {
        assertEquals("--data wants a value", refusal("--data"));
        assertEquals("--data wants a value, and it is empty", refusal("--data", ""));
        assertEquals("--data is given twice", refusal("--data", "a", "--data", "b"));
        assertEquals("--strict takes no value", refusal("--strict=yes"));
        assertEquals("--cluster 0: want a number of nodes, 1 to 9", refusal("--cluster", "0"));
        assertEquals("--set a: want NAME=VALUE", refusal("--set", "a"));
        assertEquals("--set gives a twice, as '1' and as '2'", refusal("--set", "a=1", "--set", "a=2"));
        assertTrue(refusal("server.properties").startsWith("start does not know 'server.properties'"));
        assertTrue(refusal("--dta", "x").startsWith("start does not know '--dta'"));
    }

    @Test
    void theSameSettingTwiceIsNoContradiction() {
        assertEquals(Map.of("a", "1"), parse("--set", "a=1", "--set", "a=1").settings());
    }

    @Test
    void everyOptionThatHelpTellsOfIsParsed() {
        for (OptionSpec option :
                new CommandLine(new StartUsage()).getCommandSpec().options()) {
            for (String name : option.names()) {
                List<String> arguments = new ArrayList<>(List.of(name));
                if (option.arity().min() > 0)
                    arguments.add(
                            option.paramLabel().equals("N")
                                    ? "3"
                                    : option.paramLabel().replace("NAME", "a"));
                StartOptions.parse(arguments);
            }
        }
    }

    @Test
    void helpTellsOfEveryOption() {
        CommandLine usage = new CommandLine(new StartUsage());
        for (String name : List.of(
                "--config",
                "--data",
                "--listen",
                "--set",
                "--cluster-id",
                "--release-version",
                "--feature",
                "--cluster",
                "--strict",
                "--help",
                "-c",
                "-t",
                "-r",
                "-f",
                "-h")) assertTrue(usage.getCommandSpec().optionsMap().containsKey(name), name);
    }
}
