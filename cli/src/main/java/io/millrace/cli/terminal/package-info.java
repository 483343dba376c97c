/** How commands talk to a person or a script: tables, JSON, sentences, and the options that all cluster commands share. */
@NullMarked
package io.millrace.cli.terminal;

import org.jspecify.annotations.NullMarked;
