package io.millrace.controller;

/**
 * The circumstances of a decision.
 *
 * @param nowMs      the time, on the clock that sessions are measured by
 * @param nextOffset the offset the first record of this decision will get
 * @param draws      randomness for ids and placement
 */
public record ControllerContext(long nowMs, long nextOffset, Draws draws) {}
