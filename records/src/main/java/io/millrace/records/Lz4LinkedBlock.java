package io.millrace.records;

/**
 * Unpacks an LZ4 block whose matches may reach into the blocks before it, which the library cannot. Sequences of a token
 * (literal count, match length less 4, four bits each, 15 continued in bytes of up to 255), literals, a match distance of
 * 16 bits little endian; the last sequence ends after its literals.
 */
final class Lz4LinkedBlock {
    private static final int SHORTEST_MATCH = 4;
    private static final int CONTINUED = 15;

    private Lz4LinkedBlock() {}

    /** Appends what {@code [from, end)} unpacks to; matches may reach back to {@code frameStart} in {@code out}. */
    static void decompress(byte[] in, int from, int end, int blockMaxBytes, int frameStart, Scratch out) {
        int blockStart = out.size();
        int at = from;
        while (at < end) {
            int token = in[at++] & 0xff;
            int literals = token >> 4;
            if (literals == CONTINUED) {
                int next;
                do {
                    next = nextByte(in, at++, end);
                    literals = bounded((long) literals + next, blockMaxBytes);
                } while (next == 255);
            }
            if (literals > end - at) throw damaged("literals");
            checkBlock(out.size() - blockStart + literals, blockMaxBytes);
            out.append(in, at, literals);
            at += literals;
            if (at == end) return;

            int distance = nextByte(in, at++, end);
            distance |= nextByte(in, at++, end) << 8;
            if (distance == 0 || distance > out.size() - frameStart) throw damaged("distance " + distance);
            int length = token & CONTINUED;
            if (length == CONTINUED) {
                int next;
                do {
                    next = nextByte(in, at++, end);
                    length = bounded((long) length + next, blockMaxBytes);
                } while (next == 255);
            }
            length += SHORTEST_MATCH;
            checkBlock(out.size() - blockStart + length, blockMaxBytes);
            copyMatch(out, distance, length);
        }
        throw damaged("end");
    }

    private static void copyMatch(Scratch out, int distance, int length) {
        out.makeRoom(length);
        if (out.room() < length) throw out.tooLarge();
        byte[] bytes = out.bytes();
        int to = out.size();
        // Byte by byte: a match may overlap what it produces.
        for (int i = 0; i < length; i++, to++) bytes[to] = bytes[to - distance];
        out.advance(length);
    }

    private static int bounded(long length, int blockMaxBytes) {
        if (length > blockMaxBytes) throw damaged("length " + length);
        return (int) length;
    }

    private static void checkBlock(int blockBytes, int blockMaxBytes) {
        if (blockBytes > blockMaxBytes) throw damaged("size " + blockBytes);
    }

    private static int nextByte(byte[] in, int at, int end) {
        if (at >= end) throw damaged("end");
        return in[at] & 0xff;
    }

    private static InvalidBatch damaged(String what) {
        return new InvalidBatch("lz4 block is damaged: " + what);
    }
}
