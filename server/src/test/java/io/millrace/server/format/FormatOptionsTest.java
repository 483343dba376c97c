package io.millrace.server.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.metadata.MetadataVersion;
import io.millrace.raft.Voter;
import io.millrace.server.config.ServerConfig;
import io.millrace.server.format.FormatOptions.QuorumChoice;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FormatOptionsTest {
    private static final Map<String, String> STATIC = Map.of(
            "node.id", "1",
            "listeners", "PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093",
            "controller.listener.names", "CONTROLLER",
            "controller.quorum.voters", "1@localhost:9093");
    private static final Map<String, String> DYNAMIC = withoutVoters(STATIC);

    @Test
    void quorumVotersMakeAStaticQuorum() {
        FormatPlan plan = options(new QuorumChoice.Unstated()).plan(new ServerConfig(STATIC));

        assertEquals(new InitialQuorum.Static(), plan.quorum());
        assertEquals(MetadataVersion.latest(), plan.metadataVersion());
        assertTrue(plan.isController());
    }

    @Test
    void aStaticQuorumIsNotFormattedAsADynamicOne() {
        for (QuorumChoice choice : List.of(
                new QuorumChoice.Standalone(),
                new QuorumChoice.NoInitialControllers(),
                new QuorumChoice.InitialControllers("1@a:1:JEXY6aqzQY-32P5TStzaFg"))) {
            assertRefused("controller.quorum.voters", () -> options(choice).plan(new ServerConfig(STATIC)));
        }
    }

    @Test
    void withoutVotersTheOperatorHasToSayWhich() {
        assertRefused("--standalone", () -> options(new QuorumChoice.Unstated()).plan(new ServerConfig(DYNAMIC)));
    }

    @Test
    void startFormatsAStandaloneQuorumUnlessVotersAreNamed() {
        FormatOptions options = FormatOptions.forStart("abc");
        assertEquals(
                new InitialQuorum.Standalone(new Voter.Endpoint("CONTROLLER", "127.0.0.1", 9093)),
                options.plan(new ServerConfig(DYNAMIC)).quorum());
        assertEquals(
                new InitialQuorum.Static(),
                options.plan(new ServerConfig(STATIC)).quorum());
    }

    @Test
    void aNodeWithoutAControllerListenerGetsAnEndpointAllTheSame() {
        FormatPlan plan = options(new QuorumChoice.Standalone()).plan(new ServerConfig(Map.of()));

        assertEquals(new InitialQuorum.Standalone(new Voter.Endpoint("CONTROLLER", "localhost", 9093)), plan.quorum());
    }

    @Test
    void initialControllersAreRead() {
        FormatPlan plan = options(new QuorumChoice.InitialControllers("1@a:9093:JEXY6aqzQY-32P5TStzaFg"))
                .plan(new ServerConfig(DYNAMIC));

        InitialQuorum.Voters voters = assertInstanceOf(InitialQuorum.Voters.class, plan.quorum());
        assertEquals(List.of(1), voters.voters().ids());
        assertRefused(
                "--initial-controllers",
                () -> options(new QuorumChoice.InitialControllers("1@a:9093")).plan(new ServerConfig(DYNAMIC)));
    }

    @Test
    void aReleaseNamesItsLastMetadataVersion() {
        assertEquals(
                MetadataVersion.IBP_4_0_IV3,
                release("4.0").plan(new ServerConfig(STATIC)).metadataVersion());
        assertRefused("known are", () -> release("2.8").plan(new ServerConfig(STATIC)));
    }

    @Test
    void theMetadataVersionIsGivenOnce() {
        FormatOptions both = new FormatOptions(
                "abc", Optional.of("4.0"), Map.of("metadata.version", (short) 20), new QuorumChoice.Unstated(), false);

        assertRefused("not both", () -> both.plan(new ServerConfig(STATIC)));
    }

    @Test
    void featuresAreReadFromPairs() {
        assertEquals(
                Map.of("group.version", (short) 1, "share.version", (short) 0),
                FormatOptions.features(List.of("group.version=1", "share.version = 0")));
        for (String wrong : List.of("group.version", "=1", "group.version=x", "group.version=99999")) {
            assertRefused(wrong, () -> FormatOptions.features(List.of(wrong)));
        }
        assertRefused("twice", () -> FormatOptions.features(List.of("a=1", "a=2")));
    }

    private static void assertRefused(String wanted, org.junit.jupiter.api.function.Executable executable) {
        FormatRefused refused = assertThrows(FormatRefused.class, executable);
        assertTrue(refused.toString().contains(wanted), refused.toString());
    }

    private static FormatOptions options(QuorumChoice choice) {
        return new FormatOptions("abc", Optional.empty(), Map.of(), choice, false);
    }

    private static FormatOptions release(String version) {
        return new FormatOptions("abc", Optional.of(version), Map.of(), new QuorumChoice.Unstated(), false);
    }

    private static Map<String, String> withoutVoters(Map<String, String> properties) {
        Map<String, String> rest = new HashMap<>(properties);
        rest.remove("controller.quorum.voters");
        return rest;
    }
}
