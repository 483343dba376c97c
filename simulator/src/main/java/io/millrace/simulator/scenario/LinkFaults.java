package io.millrace.simulator.scenario;

import io.millrace.simulator.SimulatedLinks;
import io.millrace.simulator.SimulatedNode;

/** Does harm to what lies between the nodes of a cluster, and mends it. */
final class LinkFaults {
    private final SimulatedLinks links;
    private final ClusterNodes nodes;
    private final SimulatedNode clients;

    /** @param clients the machine of those clients that have none of their own */
    LinkFaults(SimulatedLinks links, ClusterNodes nodes, SimulatedNode clients) {
        this.links = links;
        this.nodes = nodes;
        this.clients = clients;
    }

    /** Whether everything comes through everywhere, as soon and as fast as ever. */
    boolean areWell() {
        return links.areWell();
    }

    /** How often something came through again that did not before. */
    long mends() {
        return links.mends();
    }

    /** All is well. */
    void mendAll() {
        links.mendAll();
    }

    /** Whether nothing comes through from one node to another. */
    boolean isCut(int from, int to) {
        return links.isCut(host(from), host(to));
    }

    private int host(int id) {
        return nodes.node(id).machine().host();
    }

    private void direct(int from, int to, boolean isCut) {
        if (isCut) links.cut(from, to);
        else links.mend(from, to);
    }

    /** Two nodes and what lies between them, both ways. */
    void link(int id, int other, boolean isCut) {
        direct(host(id), host(other), isCut);
        direct(host(other), host(id), isCut);
    }

    /** A node and all others, clients too perhaps. */
    void cutOff(int id, boolean fromClients, boolean isCut) {
        for (int other = 1; other <= nodes.shape().nodeCount(); other++) link(id, other, isCut);
        if (fromClients) cutFromClients(id, isCut);
    }

    /** A node and the clients. */
    void cutFromClients(int id, boolean isCut) {
        direct(host(id), clients.host(), isCut);
        direct(clients.host(), host(id), isCut);
    }

    /** What a node sends to others, or what they send to it. */
    void cutOneWay(int id, boolean outward, boolean isCut) {
        for (int other = 1; other <= nodes.shape().nodeCount(); other++)
            direct(outward ? host(id) : host(other), outward ? host(other) : host(id), isCut);
    }

    /** Nodes up to one number, and those above it, have only one that both reach. */
    void bridge(int bridging, int half, boolean isCut) {
        for (int low = 1; low <= half; low++)
            for (int high = half + 1; high <= nodes.shape().nodeCount(); high++)
                if (low != bridging && high != bridging) link(low, high, isCut);
    }

    /** All that a node sends or is sent takes up to so much longer; 0 for as usual. */
    void delay(int id, int ms) {
        for (int other = 1; other <= nodes.shape().nodeCount(); other++) {
            links.delay(host(id), host(other), ms);
            links.delay(host(other), host(id), ms);
        }
        links.delay(host(id), clients.host(), ms);
        links.delay(clients.host(), host(id), ms);
    }

    /** What nodes send to a node and it to them; 0 for as usual. */
    void narrow(int id, int bytesPerMs) {
        for (int other = 1; other <= nodes.shape().nodeCount(); other++) {
            links.narrow(host(id), host(other), bytesPerMs);
            links.narrow(host(other), host(id), bytesPerMs);
        }
    }
}
