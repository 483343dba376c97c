/** {@code millrace group ...}: each command is a class that asks the cluster through {@code io.millrace.client} and prints. */
@NullMarked
package io.millrace.cli.group;

import org.jspecify.annotations.NullMarked;
