package io.millrace.connection.run;

/** Takes the requests of one conversation, or of many, in the order in which each conversation's arrived. */
@FunctionalInterface
public interface RequestSink {
    /**
     * A request has come in. It is answered exactly once, now or later, by {@link ServerConversation#reply} or {@link
     * ServerConversation#replyWithout}. May throw {@link io.millrace.protocol.MalformedMessage}, which closes the
     * conversation.
     *
     * @param frame its body is valid only during this call, unless {@link RequestFrame#retain} is called before it is read
     */
    void onRequest(ServerConversation conversation, RequestFrame frame);
}
