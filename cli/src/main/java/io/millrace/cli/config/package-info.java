/** {@code millrace config}: what is configured of topics, brokers and groups, and from where. */
@NullMarked
package io.millrace.cli.config;

import org.jspecify.annotations.NullMarked;
