package io.millrace.simulator.scenario;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The transactions of a cluster as one obvious coordinator keeps them, in memory that outlives crashes: it answers what Kafka's
 * answers, in both versions of transactions (KIP-98, KIP-360, KIP-890). Whoever carries it asks which markers are due, and says
 * which are written.
 */
final class ModelTransactions {
    private static final short NO_EPOCH = -1;
    private static final String OFFSETS_OF = "offsets of ";
    private static final long FIRST_PRODUCER_ID = 1_000;
    /** The cluster's {@code transaction.version} from which on every end gives a higher epoch. */
    private static final int SECOND_VERSION = 2;

    private enum State {
        EMPTY,
        ONGOING,
        PREPARE_COMMIT,
        PREPARE_ABORT,
        COMPLETE_COMMIT,
        COMPLETE_ABORT
    }

    /** What a request about one producer is answered with; the producer is of no meaning with an error. */
    record Answer(ErrorCode error, long producerId, short epoch) {
        static Answer refused(ErrorCode error) {
            return new Answer(error, -1, NO_EPOCH);
        }
    }

    /**
     * One end of a transaction that a place has to hear of.
     *
     * @param place a partition, or a group's offsets
     */
    record Marker(String transactionalId, long producerId, short epoch, boolean isCommit, String place) {}

    private static final class Transaction {
        final long producerId;
        short epoch;
        /** The one before, if whoever had it may repeat its last request; else {@link #NO_EPOCH}. */
        short lastEpoch = NO_EPOCH;

        State state = State.EMPTY;
        final TreeSet<String> places = new TreeSet<>();
        long startedAtMs;
        long timeoutMs;

        Transaction(long producerId) {
            this.producerId = producerId;
        }

        boolean isPrepared() {
            return state == State.PREPARE_COMMIT || state == State.PREPARE_ABORT;
        }

        void prepare(boolean isCommit) {
            state = isCommit ? State.PREPARE_COMMIT : State.PREPARE_ABORT;
            if (places.isEmpty()) complete();
        }

        void complete() {
            state = state == State.PREPARE_COMMIT ? State.COMPLETE_COMMIT : State.COMPLETE_ABORT;
        }

        /** Whoever has the epoch can do nothing any more, and what it left is aborted. */
        void fence() {
            epoch++;
            lastEpoch = NO_EPOCH;
            prepare(false);
        }

        void raiseEpoch() {
            lastEpoch = epoch;
            epoch++;
        }
    }

    private final boolean isSecondVersion;
    private final Map<String, Transaction> byId = new TreeMap<>();
    private long nextProducerId = FIRST_PRODUCER_ID;

    /** There are none yet. */
    ModelTransactions(int transactionVersion) {
        isSecondVersion = transactionVersion >= SECOND_VERSION;
    }

    static String placeOf(TopicPartition partition) {
        return partition.toString();
    }

    /** Under this name a group's offsets are a place of a transaction; no topic is called so. */
    static String placeOf(String groupId) {
        return OFFSETS_OF + groupId;
    }

    /** The group whose offsets a place is; null if it is a partition. */
    static @Nullable String groupOf(String place) {
        return place.startsWith(OFFSETS_OF) ? place.substring(OFFSETS_OF.length()) : null;
    }

    /**
     * A producer asks who it is.
     *
     * @param known who it was, if it says so; else -1 and -1
     */
    Answer identify(String transactionalId, long known, short knownEpoch, long timeoutMs) {
        Transaction its = byId.get(transactionalId);
        if (its == null) {
            if (known >= 0) return Answer.refused(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
            its = new Transaction(nextProducerId++);
            byId.put(transactionalId, its);
        } else {
            if (known >= 0 && known != its.producerId) return Answer.refused(ErrorCode.PRODUCER_FENCED);
            if (its.isPrepared()) return Answer.refused(ErrorCode.CONCURRENT_TRANSACTIONS);
            boolean isRepeated = knownEpoch >= 0 && knownEpoch == its.lastEpoch;
            if (knownEpoch >= 0 && knownEpoch != its.epoch && !isRepeated)
                return Answer.refused(ErrorCode.PRODUCER_FENCED);
            if (its.state == State.ONGOING) {
                its.fence();
                return Answer.refused(ErrorCode.CONCURRENT_TRANSACTIONS);
            }
            if (!isRepeated) {
                its.raiseEpoch();
                if (knownEpoch < 0) its.lastEpoch = NO_EPOCH;
            }
        }
        its.state = State.EMPTY;
        its.timeoutMs = timeoutMs;
        return new Answer(ErrorCode.NONE, its.producerId, its.epoch);
    }

    /** Places are announced, by a producer of version 1 or by those who are written to in version 2. */
    ErrorCode add(String transactionalId, long producerId, short epoch, Collection<String> places, long nowMs) {
        ErrorCode refusal = refusal(transactionalId, producerId, epoch);
        if (refusal != ErrorCode.NONE) return refusal;
        Transaction its = known(transactionalId);
        if (its.isPrepared()) return ErrorCode.CONCURRENT_TRANSACTIONS;
        if (its.state != State.ONGOING) {
            its.state = State.ONGOING;
            its.startedAtMs = nowMs;
            its.places.clear();
        }
        its.places.addAll(places);
        return ErrorCode.NONE;
    }

    /** Somebody who is written to asks whether that is announced. */
    ErrorCode verify(String transactionalId, long producerId, short epoch, Collection<String> places) {
        ErrorCode refusal = refusal(transactionalId, producerId, epoch);
        if (refusal != ErrorCode.NONE) return refusal;
        Transaction its = known(transactionalId);
        if (its.isPrepared()) return ErrorCode.CONCURRENT_TRANSACTIONS;
        boolean isAnnounced = its.state == State.ONGOING && its.places.containsAll(places);
        return isAnnounced ? ErrorCode.NONE : ErrorCode.TRANSACTION_ABORTABLE;
    }

    private ErrorCode refusal(String transactionalId, long producerId, short epoch) {
        Transaction its = byId.get(transactionalId);
        if (its == null || its.producerId != producerId) return ErrorCode.INVALID_PRODUCER_ID_MAPPING;
        return its.epoch == epoch ? ErrorCode.NONE : ErrorCode.PRODUCER_FENCED;
    }

    private Transaction known(String transactionalId) {
        Transaction its = byId.get(transactionalId);
        if (its == null) throw new IllegalStateException("nobody has " + transactionalId);
        return its;
    }

    /** The decision. In version 2 the answer has the higher epoch. */
    Answer end(String transactionalId, long producerId, short epoch, boolean isCommit) {
        Transaction its = byId.get(transactionalId);
        if (its == null || its.producerId != producerId) return Answer.refused(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
        // Before the epoch is looked at (KAFKA-18464): the producer may have got the next one, and have used it for
        // nothing yet.
        if (its.isPrepared()) return Answer.refused(ErrorCode.CONCURRENT_TRANSACTIONS);
        boolean isRepeated = isSecondVersion && epoch == its.lastEpoch && its.state != State.EMPTY;
        if (epoch != its.epoch && !isRepeated) return Answer.refused(ErrorCode.PRODUCER_FENCED);
        return switch (its.state) {
            case PREPARE_COMMIT, PREPARE_ABORT -> throw new IllegalStateException("it is prepared");
            case ONGOING -> {
                if (isRepeated) yield Answer.refused(ErrorCode.PRODUCER_FENCED);
                if (isSecondVersion) its.raiseEpoch();
                its.prepare(isCommit);
                yield answer(its);
            }
            case COMPLETE_COMMIT, COMPLETE_ABORT -> {
                boolean isSame = isCommit == (its.state == State.COMPLETE_COMMIT);
                if (isSame && (isRepeated || !isSecondVersion)) yield answer(its);
                yield isRepeated || !isSecondVersion
                        ? Answer.refused(ErrorCode.INVALID_TXN_STATE)
                        : endNothing(its, isCommit);
            }
            case EMPTY -> isSecondVersion ? endNothing(its, isCommit) : Answer.refused(ErrorCode.INVALID_TXN_STATE);
        };
    }

    /** In version 2 the producer cannot know whether a transaction was begun, and may abort it in any case. */
    private static Answer endNothing(Transaction its, boolean isCommit) {
        if (isCommit) return Answer.refused(ErrorCode.INVALID_TXN_STATE);
        its.raiseEpoch();
        its.state = State.COMPLETE_ABORT;
        return answer(its);
    }

    private static Answer answer(Transaction its) {
        return new Answer(ErrorCode.NONE, its.producerId, its.epoch);
    }

    /** Aborts what has been open for too long. */
    void expire(long nowMs) {
        for (Transaction each : byId.values())
            if (each.state == State.ONGOING && each.startedAtMs + each.timeoutMs <= nowMs) each.fence();
    }

    /** Who has to hear of an end, and has not. */
    List<Marker> due() {
        List<Marker> due = new ArrayList<>();
        byId.forEach((id, its) -> {
            if (!its.isPrepared()) return;
            for (String place : its.places)
                due.add(new Marker(id, its.producerId, its.epoch, its.state == State.PREPARE_COMMIT, place));
        });
        return due;
    }

    /** A place has heard of it. With the last one the transaction is over. */
    void written(Marker marker) {
        Transaction its = known(marker.transactionalId());
        if (its.epoch != marker.epoch() || !its.isPrepared()) return;
        its.places.remove(marker.place());
        if (its.places.isEmpty()) its.complete();
    }

    /** Whether none is open or being ended. */
    boolean isQuiet() {
        return byId.values().stream().noneMatch(each -> each.state == State.ONGOING || each.isPrepared());
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        byId.forEach((id, its) -> text.append(id)
                .append(' ')
                .append(its.state)
                .append(" in epoch ")
                .append(its.epoch)
                .append(' ')
                .append(its.places)
                .append("; "));
        return text.toString();
    }
}
