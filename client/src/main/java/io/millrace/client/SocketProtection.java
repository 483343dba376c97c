package io.millrace.client;

import io.millrace.client.security.ConnectionSecurity;
import io.millrace.connection.sasl.SaslLogin;
import io.millrace.host.TlsClientSettings;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * How blocking sockets are protected.
 *
 * @param tls null for none
 * @param login null for none
 */
record SocketProtection(
        @Nullable TlsClientSettings tls, @Nullable SaslLogin login) {
    static final SocketProtection NONE = new SocketProtection(null, null);

    /** Reads the stores. */
    static SocketProtection of(ConnectionSecurity security) {
        return new SocketProtection(
                security.tls().orElse(null), security.login().orElse(null));
    }

    /**
     * The socket itself, or one that speaks TLS through it and has shaken hands.
     *
     * @throws NodeConnection.NotKafka if the peer speaks no TLS, or is not one that is trusted
     */
    Socket secured(Socket socket, HostAndPort address, Deadline deadline) throws IOException {
        TlsClientSettings settings = tls;
        if (settings == null) return socket;
        SSLSocket secured = (SSLSocket)
                settings.context().getSocketFactory().createSocket(socket, address.host(), address.port(), true);
        secured.setSSLParameters(settings.parameters());
        secured.setSoTimeout(deadline.leftMs());
        try {
            secured.startHandshake();
        } catch (SSLException e) {
            boolean isBroken = e.getCause() instanceof SocketException;
            String sentence = "no TLS with the node at " + address + ": " + e.getMessage();
            if (isBroken) throw new IOException(sentence, e);
            throw new NodeConnection.NotKafka(sentence);
        }
        return secured;
    }
}
