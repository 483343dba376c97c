package io.millrace.cli.quorum;

import io.millrace.cli.terminal.ClusterOptions;
import io.millrace.client.Admin;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A mixin: whether brokers or controllers are asked about the quorum. */
final class QuorumAddress {
    @Option(
            names = "--bootstrap-controller",
            paramLabel = "HOST:PORT,...",
            description = "Ask controllers themselves, by their listeners; as where no broker is up.")
    private @Nullable String controllers;

    /** An admin; the caller closes it. */
    Admin admin(ClusterOptions cluster) {
        return cluster.admin(controllers);
    }
}
