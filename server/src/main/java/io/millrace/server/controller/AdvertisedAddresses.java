package io.millrace.server.controller;

import io.millrace.server.config.ListenerAddress;
import io.millrace.server.config.ServerConfig;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;

/** Where other nodes and clients reach this one, as it tells the cluster. */
public final class AdvertisedAddresses {
    private AdvertisedAddresses() {}

    /**
     * Addresses of one kind of listener: what {@code advertised.listeners} says, else where it listens. Blocks, if this machine's
     * name has to be looked up.
     *
     * @param bound where the node listens
     * @param ofController whether of the controller's listeners, or of the others
     */
    public static List<ListenerAddress> of(ServerConfig config, List<ListenerAddress> bound, boolean ofController) {
        List<ListenerAddress> addresses = new ArrayList<>();
        for (ListenerAddress listener : bound) {
            if (config.isControllerListener(listener.name()) != ofController) continue;
            ListenerAddress advertised = config.advertised(listener.name());
            ListenerAddress told = advertised == null ? listener : advertised;
            addresses.add(new ListenerAddress(
                    listener.name(),
                    told.isWildcard() ? ownHostName() : told.host(),
                    told.port() == 0 ? listener.port() : told.port()));
        }
        return addresses;
    }

    private static String ownHostName() {
        try {
            return InetAddress.getLocalHost().getCanonicalHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }
}
