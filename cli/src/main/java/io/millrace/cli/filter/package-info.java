/**
 * Which records somebody at a terminal wants to see, said in an expression. Lives here: {@link io.millrace.cli.filter.RecordFilter}, which
 * is read once and asked of each record; it changes nothing and knows no cluster.
 */
@NullMarked
package io.millrace.cli.filter;

import org.jspecify.annotations.NullMarked;
