package io.millrace.coordinators.group;

/** The kinds of group whose records live in {@code __consumer_offsets}. */
enum GroupType {
    CLASSIC("classic", ""),
    CONSUMER("consumer", "consumer"),
    SHARE("share", "share"),
    STREAMS("streams", "streams");

    private final String label;
    private final String protocolType;

    GroupType(String label, String protocolType) {
        this.label = label;
        this.protocolType = protocolType;
    }

    /** As ListGroups says it. */
    String label() {
        return label;
    }

    /** What ListGroups says of a group of this kind; classic groups have their own. */
    String protocolType() {
        return protocolType;
    }
}
