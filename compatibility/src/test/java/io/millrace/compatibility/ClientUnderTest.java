package io.millrace.compatibility;

import java.util.List;

/** A client of some language: how to make it do what every client does in these tests. */
interface ClientUnderTest {
    /** What it is called in {@code -Dmillrace.compat.without} and in failures. */
    String name();

    /** Fails with a sentence that says what to do, when the machine does not have it. */
    void requireInstalled();

    /** Codecs it has. */
    List<String> codecs();

    /** Whether it writes all records of one codec and acks value by one producer, and with time stamps of its choice. */
    boolean usesOneProducer();

    /** Whether it has an admin client. */
    boolean hasAdmin();

    /** Writes the records of {@link io.millrace.compatibility.program.RecordRule} to partition 0. */
    void produce(String bootstrap, String topic);

    /** Reads the records of the rule, of every codec, from partition 0, and checks them. */
    void consume(String bootstrap, String topic);

    /**
     * Reads from the earliest offset, offset 42, a time stamp between the records 57 and 58, and the latest offset, where
     * it writes a record and reads that. The partition holds the numbers 0 to 99, a second apart.
     */
    void readPositions(String bootstrap, String topic);

    /** Consumes as the only member of a group, commits, and leaves; returns the values. */
    List<String> take(String bootstrap, String topic, String group, int recordCount);

    /** Starts members of a group that print {@code record PARTITION OFFSET VALUE} until they are ended. */
    List<ChildProcess> startMembers(String bootstrap, String topic, String group, int memberCount);

    /** Goes through what its admin client can do, with topics and groups of this prefix. */
    void administer(String bootstrap, String prefix);
}
