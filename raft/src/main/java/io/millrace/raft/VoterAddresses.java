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

    private static Voter voter(Matcher matcher, Uuid directoryId, String listener, short maxKraftVersion) {
        long id = Long.parseLong(matcher.group(1));
        if (id > Integer.MAX_VALUE) throw new IllegalArgumentException("node id " + id + " is too large");
        String host = matcher.group(2);
        if (host.startsWith("[")) host = host.substring(1, host.length() - 1);
        var endpoint = new Voter.Endpoint(listener, host, Integer.parseInt(matcher.group(3)));
        return new Voter(new ReplicaKey((int) id, directoryId), List.of(endpoint), (short) 0, maxKraftVersion);
    }

    private static IllegalArgumentException unreadable(String voter, String form) {
        return new IllegalArgumentException("'" + voter.strip() + "' is not of the form " + form);
    }
}
