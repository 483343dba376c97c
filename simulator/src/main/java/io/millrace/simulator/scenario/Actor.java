package io.millrace.simulator.scenario;

/** A client program of a story; everything it does happens on its lane. */
interface Actor {
    /** Begins; called once. */
    void begin();

    /** Whether it has done all it wanted; it gets there once faults have stopped. */
    boolean isDone();
}
