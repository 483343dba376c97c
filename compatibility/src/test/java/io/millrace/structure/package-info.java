/**
 * Holds the compiled rooms to the architecture: who may depend on whom, and who may see the outside world. These tests
 * live in the last room of the build, when the classes of all others are there.
 */
@NullMarked
package io.millrace.structure;

import org.jspecify.annotations.NullMarked;
