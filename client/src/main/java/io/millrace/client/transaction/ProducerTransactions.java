package io.millrace.client.transaction;

import io.millrace.client.CommittedOffset;
import io.millrace.client.cluster.RetryBackoff;
import io.millrace.client.sending.ProducerIdAndEpoch;
import io.millrace.protocol.ErrorCode;
import io.millrace.records.TopicPartition;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The transactions of one producer, one after the other. An application's commands change the phase; {@link #next} says which
 * request brings it further, one at a time; the answer goes to the method for it. A request whose answer may come later is
 * repeated with pauses until it is answered, and may be: coordinators know a repetition when they see one.
 *
 * <p>In version 1 of transactions each partition is announced to the coordinator before it is written to, and the epoch stays
 * as it is unless a transaction is aborted of which a batch was given up. In version 2 (KIP-890) writing announces, and every
 * end gives a higher epoch. Which it is, is decided by the cluster's feature {@code transaction.version} at each begin.
 */
public final class ProducerTransactions {
    /** The cluster's feature, from which on writing to a partition announces it. */
    private static final int SECOND_VERSION = 2;

    private static final int NOBODY = -1;

    private final String transactionalId;
    private final RetryBackoff backoff;
    private final TreeSet<TopicPartition> announced = new TreeSet<>();
    private final TreeSet<TopicPartition> unannounced = new TreeSet<>();
    private final TreeSet<String> announcedGroups = new TreeSet<>();
    private TransactionPhase phase = TransactionPhase.UNINITIALIZED;
    private ProducerIdAndEpoch identity = ProducerIdAndEpoch.NONE;
    private int featureLevel;
    private boolean isSecondVersion;
    private int coordinator = NOBODY;
    private int groupCoordinator = NOBODY;
    private String groupOfCoordinator = "";
    private @Nullable GroupOffsets offsets;
    /** The coordinator may know of the transaction. */
    private boolean isBegun;
    /** What would have begun it, and was not answered; null if there is no such doubt. */
    private @Nullable TransactionStep doubted;

    /** A batch of the transaction was given up, so that the sequences of its epoch have a gap. */
    private boolean hasGap;
    /** The end is decided, and only the higher epoch is missing. */
    private boolean isBumping;

    private @Nullable TransactionTrouble trouble;
    private int failures;
    private long askFromMs = Long.MIN_VALUE;
    private String lastTrouble = "";

    /** Nothing has been asked yet. */
    public ProducerTransactions(String transactionalId, RetryBackoff backoff) {
        this.transactionalId = transactionalId;
        this.backoff = backoff;
    }

    /** Whose they are. */
    public String transactionalId() {
        return transactionalId;
    }

    /** Where the producer stands. */
    public TransactionPhase phase() {
        return phase;
    }

    /** Who the producer is to the brokers. */
    public ProducerIdAndEpoch identity() {
        return identity;
    }

    /** Why it can only be aborted, or nothing at all be done; null otherwise. */
    public @Nullable TransactionTrouble trouble() {
        return trouble;
    }

    /** Whether the transaction is of version 2. */
    public boolean isSecondVersion() {
        return isSecondVersion;
    }

    /** Whether offsets are on their way. */
    public boolean hasOffsets() {
        return offsets != null;
    }

    /** What went wrong last that is tried again; empty if nothing did. */
    public String lastTrouble() {
        return lastTrouble;
    }

    /** The cluster's {@code transaction.version}, as a coordinator said. It holds from the next begin on. */
    public void learn(int transactionVersion) {
        featureLevel = transactionVersion;
    }

    /** Asks who it is; said once. */
    public void initialize() {
        require(TransactionPhase.UNINITIALIZED, "initialize");
        phase = TransactionPhase.INITIALIZING;
    }

    /** Opens a transaction. */
    public void begin() {
        require(TransactionPhase.READY, "begin");
        phase = TransactionPhase.OPEN;
        isSecondVersion = featureLevel >= SECOND_VERSION;
    }

    /** Takes offsets into the transaction. */
    public void sendOffsets(GroupOffsets some) {
        require(TransactionPhase.OPEN, "send offsets");
        if (offsets != null) throw new IllegalStateException("offsets sent before are still on their way");
        if (some.offsets().isEmpty()) return;
        offsets = some;
    }

    /** Decides for it. What is on its way goes first. */
    public void commit() {
        require(TransactionPhase.OPEN, "commit");
        if (offsets != null) throw new IllegalStateException("offsets sent before are still on their way");
        phase = TransactionPhase.COMMITTING;
    }

    /** Decides against it. */
    public void abort() {
        if (phase != TransactionPhase.ABORTABLE) require(TransactionPhase.OPEN, "abort");
        phase = TransactionPhase.ABORTING;
        trouble = null;
        offsets = null;
        unannounced.clear();
        askFromMs = Long.MIN_VALUE;
    }

    private void require(TransactionPhase wanted, String what) {
        if (phase == wanted) return;
        throw new IllegalStateException("transactional id " + transactionalId + ": cannot " + what + " while "
                + phase.name().toLowerCase(java.util.Locale.ROOT));
    }

    /** Whether a batch may be sent to a partition; if not yet, it is announced. */
    public boolean maySend(TopicPartition partition) {
        if (phase != TransactionPhase.OPEN && phase != TransactionPhase.COMMITTING) return false;
        if (isSecondVersion || announced.contains(partition)) return true;
        unannounced.add(partition);
        return false;
    }

    /** Whether a partition waits to be announced. */
    public boolean hasUnannounced() {
        return !unannounced.isEmpty();
    }

    /** A batch is being sent. */
    public void sent() {
        isBegun = true;
    }

    /**
     * Records of the transaction have been given up.
     *
     * @param error what the broker said of them, or would have said
     */
    public void recordsFailed(ErrorCode error, String sentence) {
        if (isBegun) hasGap = true;
        switch (phase) {
            case OPEN, COMMITTING -> {
                boolean isFatal = switch (error) {
                    case PRODUCER_FENCED,
                            INVALID_PRODUCER_ID_MAPPING,
                            TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
                            CLUSTER_AUTHORIZATION_FAILED,
                            UNSUPPORTED_VERSION -> true;
                    default -> false; // Whether an epoch is fenced for good the coordinator says at the abort.
                };
                fail(error, sentence, isFatal);
            }
            case UNINITIALIZED, INITIALIZING, READY, ABORTING, ABORTABLE, FATAL -> {}
        }
    }

    private void fail(ErrorCode error, String sentence, boolean isFatal) {
        trouble = new TransactionTrouble(error, "transactional id " + transactionalId + ": " + sentence, isFatal);
        phase = isFatal ? TransactionPhase.FATAL : TransactionPhase.ABORTABLE;
        offsets = null;
        unannounced.clear();
    }

    /** From when on something may be asked again; in the past if there is no pause. */
    public long askFromMs() {
        return askFromMs;
    }

    /**
     * The request to be made now. With nothing left to ask it may find that the transaction has ended.
     *
     * @param isSendingIdle whether no batch is open, waits, or is on its way
     * @return null if there is none now
     */
    public @Nullable TransactionStep next(boolean isSendingIdle, long nowMs) {
        if (askFromMs > nowMs) return null;
        return switch (phase) {
            case UNINITIALIZED, READY, ABORTABLE, FATAL -> null;
            case INITIALIZING -> identify();
            case OPEN -> nextPart();
            case COMMITTING -> {
                TransactionStep part = nextPart();
                yield part != null || !isSendingIdle ? part : nextOfEnd(true);
            }
            case ABORTING -> isSendingIdle ? nextOfEnd(false) : null;
        };
    }

    private TransactionStep identify() {
        if (coordinator == NOBODY) return new TransactionStep.FindTransactionCoordinator();
        return new TransactionStep.Identify(coordinator, identity);
    }

    private @Nullable TransactionStep nextPart() {
        if (!unannounced.isEmpty()) {
            if (coordinator == NOBODY) return new TransactionStep.FindTransactionCoordinator();
            return new TransactionStep.AddPartitions(coordinator, identity, List.copyOf(unannounced));
        }
        GroupOffsets sending = offsets;
        if (sending == null) return null;
        String group = sending.groupId();
        if (!isSecondVersion && !announcedGroups.contains(group)) {
            if (coordinator == NOBODY) return new TransactionStep.FindTransactionCoordinator();
            return new TransactionStep.AddOffsets(coordinator, identity, group);
        }
        if (groupCoordinator == NOBODY || !groupOfCoordinator.equals(group)) {
            return new TransactionStep.FindGroupCoordinator(group);
        }
        isBegun = true;
        return new TransactionStep.CommitOffsets(groupCoordinator, identity, sending);
    }

    private @Nullable TransactionStep nextOfEnd(boolean isCommit) {
        if (isBumping) return identify();
        if (!isBegun && doubted == null) {
            over();
            return null;
        }
        if (coordinator == NOBODY) return new TransactionStep.FindTransactionCoordinator();
        // A coordinator refuses to end what was not begun: that is made sure of first.
        if (!isBegun && doubted instanceof TransactionStep.AddPartitions add) {
            return new TransactionStep.AddPartitions(coordinator, identity, add.partitions());
        }
        if (!isBegun && doubted instanceof TransactionStep.AddOffsets add) {
            return new TransactionStep.AddOffsets(coordinator, identity, add.groupId());
        }
        return new TransactionStep.End(coordinator, identity, isCommit);
    }

    private void over() {
        phase = TransactionPhase.READY;
        announced.clear();
        unannounced.clear();
        announcedGroups.clear();
        isBegun = false;
        doubted = null;
        hasGap = false;
        isBumping = false;
        offsets = null;
    }

    /** There is no answer: the request, or its answer, was lost. */
    public void unanswered(TransactionStep step, String sentence, long nowMs, long randomBits) {
        if (step instanceof TransactionStep.AddPartitions || step instanceof TransactionStep.AddOffsets) doubted = step;
        forgetWhoWasAsked(step);
        again(sentence, nowMs, randomBits);
    }

    /** The request was not made, as the broker knows no version of it that can say this. */
    public void unsupported(String sentence) {
        fail(ErrorCode.UNSUPPORTED_VERSION, sentence, true);
    }

    private void forgetWhoWasAsked(TransactionStep step) {
        if (step instanceof TransactionStep.CommitOffsets) groupCoordinator = NOBODY;
        else coordinator = NOBODY;
    }

    private void again(String sentence, long nowMs, long randomBits) {
        failures++;
        lastTrouble = sentence;
        askFromMs = nowMs + backoff.waitMs(failures, randomBits);
    }

    private void answeredWell() {
        failures = 0;
        lastTrouble = "";
        askFromMs = Long.MIN_VALUE;
    }

    /** The answer to a search for a coordinator, and with an error what the broker said of it. */
    public void found(TransactionStep step, ErrorCode error, String words, int nodeId, long nowMs, long randomBits) {
        boolean isGroup = step instanceof TransactionStep.FindGroupCoordinator;
        if (error == ErrorCode.NONE) {
            answeredWell();
            if (step instanceof TransactionStep.FindGroupCoordinator(String groupId)) {
                groupCoordinator = nodeId;
                groupOfCoordinator = groupId;
            } else {
                coordinator = nodeId;
            }
            return;
        }
        String what = isGroup ? "the group's coordinator cannot be found" : "no transaction coordinator";
        refused(step, error, sentence(what, error, words), !isGroup, nowMs, randomBits);
    }

    /** The answer to {@link TransactionStep.Identify}. */
    public void identified(
            TransactionStep step, ErrorCode error, ProducerIdAndEpoch given, long nowMs, long randomBits) {
        if (error != ErrorCode.NONE) {
            refused(step, error, sentence("no producer id", error, ""), true, nowMs, randomBits);
            return;
        }
        answeredWell();
        identity = given;
        over();
    }

    /** The answer to {@link TransactionStep.AddPartitions}. */
    public void partitionsAdded(
            TransactionStep.AddPartitions step, Map<TopicPartition, ErrorCode> errors, long nowMs, long randomBits) {
        ErrorCode worst = ErrorCode.NONE;
        for (TopicPartition each : step.partitions()) {
            ErrorCode error = errors.getOrDefault(each, ErrorCode.UNKNOWN_SERVER_ERROR);
            if (error == ErrorCode.NONE) {
                if (unannounced.remove(each)) announced.add(each);
            } else if (worst == ErrorCode.NONE || rank(error) > rank(worst)) {
                worst = error;
            }
        }
        if (worst == ErrorCode.NONE) {
            answeredWell();
            isBegun = true;
        } else
            refused(
                    step,
                    worst,
                    sentence("partitions are not let into the transaction", worst, ""),
                    false,
                    nowMs,
                    randomBits);
    }

    /** What is to be heeded first: what ends the producer, then the transaction, then what passes. */
    private static int rank(ErrorCode error) {
        if (error == ErrorCode.OPERATION_NOT_ATTEMPTED) return 1; // Another one is why.
        if (error.isRetriable()) return 0;
        return endsTheProducer(error) ? 3 : 2;
    }

    /** The answer to {@link TransactionStep.AddOffsets}. */
    public void groupAdded(TransactionStep.AddOffsets step, ErrorCode error, long nowMs, long randomBits) {
        if (error == ErrorCode.NONE) {
            answeredWell();
            announcedGroups.add(step.groupId());
            isBegun = true;
        } else {
            String what = "the offsets of group " + step.groupId() + " are not let into the transaction";
            refused(step, error, sentence(what, error, ""), false, nowMs, randomBits);
        }
    }

    /** The answer to {@link TransactionStep.CommitOffsets}. */
    public void offsetsCommitted(
            TransactionStep.CommitOffsets step, Map<TopicPartition, ErrorCode> errors, long nowMs, long randomBits) {
        ErrorCode worst = ErrorCode.NONE;
        Map<TopicPartition, CommittedOffset> left = new TreeMap<>();
        for (Map.Entry<TopicPartition, CommittedOffset> each :
                step.offsets().offsets().entrySet()) {
            ErrorCode error = errors.getOrDefault(each.getKey(), ErrorCode.UNKNOWN_SERVER_ERROR);
            if (error == ErrorCode.NONE) continue;
            left.put(each.getKey(), each.getValue());
            if (worst == ErrorCode.NONE || rank(error) > rank(worst)) worst = error;
        }
        if (offsets != null) offsets = left.isEmpty() ? null : step.offsets().only(left);
        if (worst == ErrorCode.NONE) {
            answeredWell();
            return;
        }
        String what = "the offsets of group " + step.offsets().groupId() + " are not taken";
        refused(step, worst, sentence(what, worst, ""), false, nowMs, randomBits);
    }

    /**
     * The answer to {@link TransactionStep.End}.
     *
     * @param given who the producer is from now on, which is said in version 2; else {@link ProducerIdAndEpoch#NONE}
     */
    public void ended(
            TransactionStep.End step, ErrorCode error, ProducerIdAndEpoch given, long nowMs, long randomBits) {
        if (error != ErrorCode.NONE) {
            boolean isFatal = !step.isCommit() || error != ErrorCode.TRANSACTION_ABORTABLE;
            String what = "the transaction is not " + (step.isCommit() ? "committed" : "aborted");
            refused(step, error, sentence(what, error, ""), isFatal, nowMs, randomBits);
            return;
        }
        answeredWell();
        if (isSecondVersion && !given.equals(ProducerIdAndEpoch.NONE)) {
            identity = given;
            over();
        } else if (hasGap) {
            isBumping = true;
        } else {
            over();
        }
    }

    private static String sentence(String what, ErrorCode error, String words) {
        return what + ": " + error + ", " + (words.isEmpty() ? error.message() : words);
    }

    /**
     * A broker has refused.
     *
     * @param isFatalElse whether an error that does not pass, and is not known to end the producer or the transaction alone,
     *     ends the producer
     */
    private void refused(
            TransactionStep step, ErrorCode error, String sentence, boolean isFatalElse, long nowMs, long randomBits) {
        boolean isAnnouncing =
                step instanceof TransactionStep.AddPartitions || step instanceof TransactionStep.AddOffsets;
        if (isAnnouncing && (error == ErrorCode.CONCURRENT_TRANSACTIONS || !error.isRetriable())) doubted = null;
        switch (error) {
            case NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE, NETWORK_EXCEPTION -> {
                forgetWhoWasAsked(step);
                again(sentence, nowMs, randomBits);
            }
            default -> {
                if (error.isRetriable()) {
                    again(sentence, nowMs, randomBits);
                } else if (isFatalElse || endsTheProducer(error)) {
                    fail(error, sentence, true);
                } else if (phase == TransactionPhase.OPEN || phase == TransactionPhase.COMMITTING) {
                    fail(error, sentence, false);
                } // Else the transaction has failed already, and this says no more.
            }
        }
    }

    private static boolean endsTheProducer(ErrorCode error) {
        return switch (error) {
            case PRODUCER_FENCED,
                    INVALID_PRODUCER_EPOCH,
                    INVALID_PRODUCER_ID_MAPPING,
                    INVALID_TXN_STATE,
                    TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
                    CLUSTER_AUTHORIZATION_FAILED,
                    UNSUPPORTED_VERSION,
                    UNKNOWN_SERVER_ERROR -> true;
            default -> false;
        };
    }
}
