/** {@code millrace topic ...}: each command is a class that asks the cluster through {@code io.millrace.client} and prints. */
@NullMarked
package io.millrace.cli.topic;

import org.jspecify.annotations.NullMarked;
