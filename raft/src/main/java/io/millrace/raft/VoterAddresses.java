package io.millrace.raft;

import io.millrace.protocol.Uuid;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads voters as operators write them: {@code controller.quorum.voters} (static, kraft.version 0) and {@code
 * --initial-controllers} (dynamic, kraft.version 1). Every refusal names the piece and the form that is wanted.
 */
public final class VoterAddresses {
    /** id, host (IPv6 addresses in brackets), port and, for dynamic voters, directory id. */
    private static final Pattern VOTER =
            Pattern.compile("(\\d{1,10})@(\\[[0-9A-Fa-f:.%]+\\]|[^@:\\[\\]]+):(\\d{1,5})(?::([A-Za-z0-9_-]{22}))?");

    private static final Pattern SERVER = Pattern.compile("(\\[[0-9A-Fa-f:.%]+\\]|[^@:\\[\\]]+):(\\d{1,5})");

    private static final short STATIC = 0;
    private static final short DYNAMIC = 1;

    private VoterAddresses() {}

    /**
     * Static voters, such as {@code 1@localhost:9093}.
     *
     * @param voters the pieces of {@code controller.quorum.voters}
     * @param listener name of the controller listener their endpoints get
     * @throws IllegalArgumentException for what it cannot read
     */
    public static VoterSet ofQuorumVoters(List<String> voters, String listener) {
        List<Voter> parsed = new ArrayList<>();
        for (String voter : voters) {
            Matcher matcher = VOTER.matcher(voter.strip());
            if (!matcher.matches() || matcher.group(4) != null) throw unreadable(voter, "id@host:port");
            parsed.add(voter(matcher, Uuid.ZERO, listener, STATIC));
        }
        return new VoterSet(parsed);
    }

    /**
     * Initial controllers of a dynamic quorum, such as {@code 0@example.com:8082:JEXY6aqzQY-32P5TStzaFg}, separated by
     * commas.
     *
     * @param listener name of the controller listener their endpoints get
     * @throws IllegalArgumentException for what it cannot read, and if there is none
     */
    public static VoterSet ofInitialControllers(String controllers, String listener) {
        List<Voter> parsed = new ArrayList<>();
        for (String controller : controllers.split(",", -1)) {
            if (controller.isBlank()) continue;
            Matcher matcher = VOTER.matcher(controller.strip());
            if (!matcher.matches() || matcher.group(4) == null)
                throw unreadable(controller, "id@host:port:directory-id");
            parsed.add(voter(matcher, Uuid.parse(matcher.group(4)), listener, DYNAMIC));
        }
        if (parsed.isEmpty()) throw new IllegalArgumentException("no initial controller is given");
        return new VoterSet(parsed);
    }

    /**
     * Addresses of a quorum whose voters the log tells, such as {@code localhost:9093}.
     *
     * @param servers the pieces of {@code controller.quorum.bootstrap.servers}
     * @param listener name of the controller listener they are taken to be of
     * @throws IllegalArgumentException for what it cannot read
     */
    public static List<Voter.Endpoint> ofBootstrapServers(List<String> servers, String listener) {
        List<Voter.Endpoint> endpoints = new ArrayList<>();
        for (String server : servers) {
            Matcher matcher = SERVER.matcher(server.strip());
            if (!matcher.matches()) throw unreadable(server, "host:port");
            endpoints.add(new Voter.Endpoint(listener, host(matcher.group(1)), Integer.parseInt(matcher.group(2))));
        }
        return endpoints;
    }

    private static String host(String written) {
        return written.startsWith("[") ? written.substring(1, written.length() - 1) : written;
    }

    private static Voter voter(Matcher matcher, Uuid directoryId, String listener, short maxKraftVersion) {
        long id = Long.parseLong(matcher.group(1));
        if (id > Integer.MAX_VALUE) throw new IllegalArgumentException("node id " + id + " is too large");
        var endpoint = new Voter.Endpoint(listener, host(matcher.group(2)), Integer.parseInt(matcher.group(3)));
        return new Voter(new ReplicaKey((int) id, directoryId), List.of(endpoint), (short) 0, maxKraftVersion);
    }

    private static IllegalArgumentException unreadable(String voter, String form) {
        return new IllegalArgumentException("'" + voter.strip() + "' is not of the form " + form);
    }
}
