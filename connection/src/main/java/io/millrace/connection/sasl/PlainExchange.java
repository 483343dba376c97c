package io.millrace.connection.sasl;

import java.nio.charset.StandardCharsets;

/** PLAIN (RFC 4616): user name and password as they are, which is why it belongs on connections with TLS. */
public final class PlainExchange implements SaslExchange {
    private static final byte[] NOTHING = {};

    private final String username;
    private final String password;

    /**
     * Has said nothing yet.
     *
     * @throws IllegalArgumentException if a name or password is empty or has a NUL in it, which the mechanism cannot say
     */
    public PlainExchange(String username, String password) {
        if (username.isEmpty() || username.indexOf('\0') >= 0)
            throw new IllegalArgumentException("the user name is empty or has a NUL in it");
        if (password.isEmpty() || password.indexOf('\0') >= 0)
            throw new IllegalArgumentException("the password is empty or has a NUL in it");
        this.username = username;
        this.password = password;
    }

    @Override
    public String mechanism() {
        return "PLAIN";
    }

    /** {@inheritDoc} No authorization identity: the user acts as itself. */
    @Override
    public byte[] begin() {
        return ("\0" + username + "\0" + password).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public byte[] answer(byte[] challenge) throws SaslRefused {
        if (challenge.length > 0) throw new SaslRefused("the server asks for more, which PLAIN does not know");
        return NOTHING;
    }

    @Override
    public boolean isComplete() {
        return true;
    }
}
