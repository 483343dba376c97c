package io.millrace.raft.run;

import io.millrace.records.OffsetAndEpoch;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** A state machine whose state is the list of all values it was given; checks the order it is told things in. */
final class TestStateMachine implements QuorumListener {
    final List<Integer> state = new ArrayList<>();
    final List<Integer> bootstrap = new ArrayList<>();
    final List<String> told = new ArrayList<>();
    long nextOffset;
    int lastEpoch;
    long lastTimeMs;
    OptionalInt leading = OptionalInt.empty();

    @Override
    public void onLoadBootstrap(List<ByteBuffer> values) {
        told.add("bootstrap");
        for (ByteBuffer value : values) bootstrap.add(value.getInt(value.position()));
    }

    @Override
    public void onLoadSnapshot(OffsetAndEpoch id, long lastContainedLogTimeMs, List<ByteBuffer> values) {
        if (leading.isPresent()) throw new AssertionError("a leader was given a snapshot");
        told.add("snapshot " + id.offset() + "-" + id.leaderEpoch());
        state.clear();
        for (ByteBuffer value : values) state.add(value.getInt(value.position()));
        nextOffset = id.offset();
        lastEpoch = id.leaderEpoch();
        lastTimeMs = lastContainedLogTimeMs;
    }

    @Override
    public void onCommitted(CommittedBatch batch) {
        if (batch.baseOffset() != nextOffset) {
            throw new AssertionError("batch at " + batch.baseOffset() + " where " + nextOffset + " was next");
        }
        if (batch.epoch() < lastEpoch) throw new AssertionError("epoch " + batch.epoch() + " after " + lastEpoch);
        nextOffset = batch.nextOffset();
        lastEpoch = batch.epoch();
        lastTimeMs = batch.appendTimeMs();
        for (ByteBuffer value : batch.values()) state.add(value.getInt(value.position()));
    }

    @Override
    public void onLeader(int epoch) {
        told.add("leader " + epoch);
        leading = OptionalInt.of(epoch);
    }

    @Override
    public void onResigned(int epoch) {
        told.add("resigned " + epoch);
        leading = OptionalInt.empty();
    }

    @Override
    public void onFailed(Exception cause) {
        told.add("failed");
    }
}
