package io.millrace.controller;

import io.millrace.metadata.DirectoryIds;
import io.millrace.protocol.Uuid;

/** Random numbers handed to a decision. Whoever runs the controller backs it by the environment's randomness. */
public interface Draws {
    /** Any of the 2^64 values. */
    long nextLong();

    /**
     * A number in {@code [0, bound)}.
     *
     * @param bound at least 1
     */
    int nextInt(int bound);

    /** A fresh random id (version 4) that is not reserved and, as in Kafka, whose text does not begin with a dash, which command lines would take for an option. */
    default Uuid nextUuid() {
        while (true) {
            long most = (nextLong() & 0xFFFF_FFFF_FFFF_0FFFL) | 0x4000L;
            long least = (nextLong() & 0x3FFF_FFFF_FFFF_FFFFL) | 0x8000_0000_0000_0000L;
            Uuid id = new Uuid(most, least);
            if (!DirectoryIds.isReserved(id) && !id.toString().startsWith("-")) return id;
        }
    }
}
