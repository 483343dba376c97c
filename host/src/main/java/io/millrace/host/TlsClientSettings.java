package io.millrace.host;

import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/**
 * How a client speaks TLS.
 *
 * @param context whom it trusts, and what it shows of itself
 * @param checksHostName whether the certificate has to be made out for the host that was dialled
 * @param protocols such as {@code TLSv1.3}; empty for the context's own
 * @param cipherSuites by their registered names; empty for the context's own
 */
public record TlsClientSettings(
        SSLContext context, boolean checksHostName, List<String> protocols, List<String> cipherSuites) {
    /** Fixes the lists. */
    public TlsClientSettings {
        protocols = List.copyOf(protocols);
        cipherSuites = List.copyOf(cipherSuites);
    }

    /** What is said of one connection. */
    public SSLParameters parameters() {
        SSLParameters parameters = context.getDefaultSSLParameters();
        if (checksHostName) parameters.setEndpointIdentificationAlgorithm("HTTPS");
        if (!protocols.isEmpty()) parameters.setProtocols(protocols.toArray(String[]::new));
        if (!cipherSuites.isEmpty()) parameters.setCipherSuites(cipherSuites.toArray(String[]::new));
        return parameters;
    }

    SSLEngine engine(String host, int port) {
        SSLEngine engine = context.createSSLEngine(host, port);
        engine.setUseClientMode(true);
        engine.setSSLParameters(parameters());
        return engine;
    }
}
