package io.millrace.connection.run;

import io.millrace.connection.CloseReason;

/** Is told what becomes of a server's conversation, on its lane. */
@FunctionalInterface
public interface ServerConversationEvents {
    /** It has ended. Called once; replies to requests still being worked on may be given, and go nowhere. */
    void onClosed(ServerConversation conversation, CloseReason reason);
}
