package io.millrace.client.membership.run;

import io.millrace.client.membership.Handover;
import io.millrace.client.membership.MemberIdentity;
import io.millrace.protocol.ErrorCode;

/** The application's end of a membership. Called on the lane, so nothing in it waits. */
public interface MemberEvents {
    /** The application is to do this when it polls, and to have {@link MemberLane#handedOver} told. */
    void handOver(Handover handover);

    /** The coordinator knows it by another name, or generation, from now on. */
    void isNow(MemberIdentity identity);

    /** It has left the group, as it was not polled for so many milliseconds. */
    void wasTooSlow(long sinceMs);

    /**
     * It cannot be a member.
     *
     * @param isFinal whether {@link MemberLane#resume} is of no use
     */
    void failed(ErrorCode error, String sentence, boolean isFinal);

    /** Something went wrong that is tried again. */
    void onTrouble(String sentence);
}
