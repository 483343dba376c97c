package io.millrace.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.protocol.Uuid;
import java.util.List;
import org.junit.jupiter.api.Test;

class VoterAddressesTest {
    @Test
    void staticVotersAreReadWithTheirEndpoints() {
        VoterSet voters = VoterAddresses.ofQuorumVoters(List.of("2@[::1]:9094", " 1@localhost:9093"), "CONTROLLER");

        assertEquals(List.of(1, 2), voters.ids());
        assertEquals(
                List.of(new Voter.Endpoint("CONTROLLER", "::1", 9094)),
                voters.find(2).orElseThrow().endpoints());
        assertEquals(Uuid.ZERO, voters.find(1).orElseThrow().key().directoryId());
    }

    @Test
    void initialControllersAreReadWithTheirDirectories() {
        VoterSet voters = VoterAddresses.ofInitialControllers(
                "0@example.com:8082:JEXY6aqzQY-32P5TStzaFg,1@example.com:8083:MvDxzVmcRsaTz33bUuRU6A", "CONTROLLER");

        assertEquals(
                new ReplicaKey(1, Uuid.parse("MvDxzVmcRsaTz33bUuRU6A")),
                voters.find(1).orElseThrow().key());
        assertEquals(2, voters.majority());
    }

    @Test
    void whatCannotBeReadIsNamedWithTheWantedForm() {
        for (String wrong :
                List.of("", "1", "localhost:9093", "1@localhost", "x@h:1", "1@h:70000", "99999999999@h:1")) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> VoterAddresses.ofQuorumVoters(List.of(wrong), "CONTROLLER"),
                    wrong);
        }
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> VoterAddresses.ofInitialControllers("1@localhost:9093", "CONTROLLER"))
                .toString();
        assertTrue(message.contains("'1@localhost:9093'") && message.contains("id@host:port:directory-id"), message);
    }

    @Test
    void anIdNamedTwiceIsRefused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> VoterAddresses.ofQuorumVoters(List.of("1@a:1", "1@b:2"), "CONTROLLER"));
    }

    @Test
    void bootstrapServersAreHostsAndPorts() {
        assertEquals(
                List.of(new Voter.Endpoint("C", "a.example", 9093), new Voter.Endpoint("C", "::1", 1)),
                VoterAddresses.ofBootstrapServers(List.of("a.example:9093", " [::1]:1 "), "C"));
        for (String wrong : List.of("a.example", ":9093", "1@a:9093", "a:b", "a:99999", "a:1:2"))
            assertThrows(
                    IllegalArgumentException.class,
                    () -> VoterAddresses.ofBootstrapServers(List.of(wrong), "C"),
                    wrong);
    }
}
