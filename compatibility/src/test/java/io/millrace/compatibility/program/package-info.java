/**
 * The program that a Java client of any version from 2.8 on runs in a JVM of its own, and the records that every client
 * writes and checks. Uses only what the clients of all those versions have; knows neither JUnit nor the other package.
 *
 * <p>Not null-marked: the official client says nothing about null, and most of what is written here is calls of it.
 */
@NullUnmarked
package io.millrace.compatibility.program;

import org.jspecify.annotations.NullUnmarked;
