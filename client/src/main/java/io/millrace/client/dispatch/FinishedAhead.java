package io.millrace.client.dispatch;

import io.millrace.protocol.MalformedMessage;
import io.millrace.protocol.VarInt;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/**
 * Which offsets of a partition are finished although one before them is not. It travels as the metadata of the committed offset, so
 * that whoever has the partition next passes over them (ADR 65):
 *
 * <pre>
 * millrace-ahead:1:  and in base64 (URL, no padding), as zigzag numbers of variable length:
 *   the committed offset · leader epoch of the last one that is finished, -1 if not known
 *   for each range: how many offsets are between the one before (the committed offset, for the first) and it · how many it has
 * </pre>
 *
 * @param ranges in order, apart or touching
 * @param leaderEpoch records of a later epoch were written in the place of others, and are not meant; -1 if that is not known
 */
record FinishedAhead(List<Range> ranges, int leaderEpoch) {
    /** Offsets {@code [fromOffset, untilOffset)}, at least one. */
    record Range(long fromOffset, long untilOffset) {}

    static final FinishedAhead NONE = new FinishedAhead(List.of(), -1);
    /** A broker takes 4,096 by default ({@code offset.metadata.max.bytes}). */
    static final int MOST_CHARS = 4_000;

    private static final String PREFIX = "millrace-ahead:1:";

    FinishedAhead {
        ranges = List.copyOf(ranges);
    }

    boolean isEmpty() {
        return ranges.isEmpty();
    }

    /**
     * What is to be committed with that offset; empty for nothing. Of more ranges than fit it has the first.
     *
     * @param committedOffset below all ranges
     */
    String metadata(long committedOffset) {
        if (ranges.isEmpty()) return "";
        ByteBuffer out = ByteBuffer.allocate((MOST_CHARS - PREFIX.length()) / 4 * 3);
        VarInt.writeLong(out, committedOffset);
        VarInt.writeLong(out, leaderEpoch);
        long behind = committedOffset;
        for (Range each : ranges) {
            long between = each.fromOffset - behind;
            long count = each.untilOffset - each.fromOffset;
            if (VarInt.sizeOfLong(between) + VarInt.sizeOfLong(count) > out.remaining()) break;
            VarInt.writeLong(out, between);
            VarInt.writeLong(out, count);
            behind = each.untilOffset;
        }
        return PREFIX
                + Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOf(out.array(), out.position()));
    }

    /** Reads it back; nothing if that metadata is another one's, of another offset, or damaged: then more is handled again. */
    static FinishedAhead of(long committedOffset, String metadata) {
        if (!metadata.startsWith(PREFIX) || metadata.length() > MOST_CHARS) return NONE;
        try {
            ByteBuffer in = ByteBuffer.wrap(Base64.getUrlDecoder().decode(metadata.substring(PREFIX.length())));
            if (VarInt.readLong(in) != committedOffset) return NONE;
            long epoch = VarInt.readLong(in);
            if (epoch < -1 || epoch > Integer.MAX_VALUE) return NONE;
            List<Range> ranges = new ArrayList<>();
            long behind = committedOffset;
            while (in.hasRemaining()) {
                long between = VarInt.readLong(in);
                long count = VarInt.readLong(in);
                boolean fits = between >= 0 && count >= 1 && between <= Long.MAX_VALUE - behind - count;
                if (!fits) return NONE;
                ranges.add(new Range(behind + between, behind + between + count));
                behind += between + count;
            }
            return new FinishedAhead(ranges, (int) epoch);
        } catch (IllegalArgumentException | MalformedMessage notOurs) {
            return NONE;
        }
    }
}
