package io.millrace.host;

import java.nio.channels.SelectionKey;

/** What a lane's selector has attached to each key. */
interface ReadyHandler {
    /** The channel can do something its key is interested in. */
    void onReady(SelectionKey key);

    /** The lane stops: close the channel. */
    void onLaneStopped();
}
