package io.millrace.connection.run;

import io.millrace.connection.CloseReason;

/** Is told what becomes of a client's conversation, on its lane. */
public interface ClientConversationEvents {
    /** The server's versions are known; what was handed in before has just been sent. */
    void onReady(ClientConversation conversation);

    /** It has ended, or could not begin. Called once, after every request in flight has failed. */
    void onClosed(ClientConversation conversation, CloseReason reason);
}
