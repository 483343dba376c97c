package io.millrace.client.sending;

import io.millrace.protocol.ErrorCode;
import io.millrace.records.BatchHeader;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The batches of one partition on their way: which may be sent now and with which sequence, and what follows from an
 * answer. With idempotence every batch is written once and in order (KIP-98, KIP-360), by these rules:
 *
 * <ul>
 *   <li>Batches have consecutive sequences. Those sent and not answered, and those to be sent again, are never more than
 *       brokers remember, and always the newest.
 *   <li>One that is to be sent again goes before all that are new, and only when nothing behind it is on its way.
 *   <li>Where a batch was given up there is a gap. Those behind it that may be in the log are sent with their sequences
 *       once more. If a later one turns out to be in the log, so are they; if none is, they are not, and all begin anew
 *       under a higher epoch. So nothing is written twice, whatever became of the one given up. The same is done when a
 *       broker says that a batch that may be in the log is out of order: brokers that were started again remember only
 *       the last batch.
 *   <li>A broker that knows nothing of a producer takes whichever batch comes next for its first, whatever the sequence. So
 *       until a batch has been taken, and after each trouble, batches travel alone: else one might get into the log before
 *       the one ahead of it, which was refused for a moment and could not get in any more.
 *   <li>In a transaction nothing begins anew: a batch that was given up is the end of the transaction, which is then to be
 *       aborted, and the next one has a higher epoch.
 * </ul>
 */
public final class PartitionSends {
    /** Where a batch stands among those of its partition. */
    private record Place(ProducerIdAndEpoch stream, long order, int firstRecord) {
        static Place of(Batch batch) {
            return new Place(batch.stream, batch.order, batch.firstRecord());
        }

        boolean isBefore(Batch batch) {
            return order < batch.order || (order == batch.order && firstRecord < batch.firstRecord());
        }
    }

    private static final long NEVER = Long.MIN_VALUE;

    /** Brokers forget an idle producer, after a day unless {@code producer.id.expiration.ms} says otherwise. */
    private static final long KNOWN_FOR_MS = 60_000;

    private final String name;
    private final SendRules rules;
    private final ArrayDeque<Batch> fresh = new ArrayDeque<>(2);
    /** To be sent again, in the order of their first sends. */
    private final ArrayDeque<Batch> again = new ArrayDeque<>(0);

    /** Out of order by what a broker said, yet perhaps in the log. */
    private final ArrayDeque<Batch> doubted = new ArrayDeque<>(0);

    private final ArrayDeque<Batch> inFlight = new ArrayDeque<>(SendRules.MOST_IN_FLIGHT);
    private int inFlightNode;
    private ProducerIdAndEpoch stream = ProducerIdAndEpoch.NONE;
    private int nextSequence;
    private long nextOrder;
    /** The last one of the newest batches known to be in the log. */
    private @Nullable Place newestWritten;

    /** The sequences have a gap, or the broker has lost count. */
    private boolean isBroken;

    private long againFromMs = Long.MIN_VALUE;

    /** When a leader that knows the producer's sequences last took a batch; {@link #NEVER} if that has to be shown first. */
    private long takenAtMs = NEVER;

    /**
     * Nothing is on its way.
     *
     * @param name the partition's, for sentences
     */
    public PartitionSends(String name, SendRules rules) {
        this.name = name;
        this.rules = rules;
    }

    /** A batch is to be sent, behind all others. It need not be packed yet. */
    public void add(Batch batch) {
        fresh.add(batch);
    }

    /** A batch that was to be packed has been. */
    public void packed(Batch batch) {
        batch.isReady = true;
    }

    /** Whether nothing is on its way or waits for it. */
    public boolean isEmpty() {
        return !hasWaiting() && inFlight.isEmpty();
    }

    /** Whether something waits to be sent, now or later. */
    public boolean hasWaiting() {
        return !fresh.isEmpty() || !again.isEmpty() || !doubted.isEmpty();
    }

    /** Whether no batch waits, and one more might be sent at once: the open batch need not wait for company. */
    public boolean wantsMore(long nowMs) {
        if (hasWaiting() || inFlight.size() >= rules.maxInFlight()) return false;
        return inFlight.isEmpty() || mayFollow(nowMs);
    }

    /** Whether a batch may be sent while one before it is on its way. */
    private boolean mayFollow(long nowMs) {
        return !rules.isIdempotent() || (takenAtMs != NEVER && nowMs - takenAtMs <= KNOWN_FOR_MS);
    }

    /**
     * The batch that may be sent now; it stays where it is until {@link #take}.
     *
     * @param nodeId the leader
     * @param identity who the producer is; may be asked for a higher epoch
     * @return null if there is none now
     */
    public @Nullable Batch ready(int nodeId, ProducerIdentity identity, long nowMs) {
        if (inFlight.size() >= rules.maxInFlight()) return null;
        Batch newest = inFlight.peekLast();
        if (newest != null && (inFlightNode != nodeId || !mayFollow(nowMs))) return null;
        Batch head = again.peek();
        if (head != null) {
            if (againFromMs > nowMs || (newest != null && head.precedes(newest))) return null;
            if (isBroken && !head.mayBeWritten && !beginAnew(identity)) return null;
            return head;
        }
        head = fresh.peek();
        if (head == null || !head.isReady || !doubted.isEmpty()) return null;
        boolean needsStream = rules.isIdempotent()
                && (isBroken || stream.equals(ProducerIdAndEpoch.NONE) || identity.demandsAnother(stream));
        return needsStream && !beginAnew(identity) ? null : head;
    }

    /** With nothing on its way, gives all that were sent and are not in the log their place in a new sequence. */
    private boolean beginAnew(ProducerIdentity identity) {
        if (!inFlight.isEmpty() || !doubted.isEmpty()) return false;
        ProducerIdAndEpoch next = identity.after(stream);
        if (next.equals(ProducerIdAndEpoch.NONE)) return false;
        if (next.id() != stream.id()) takenAtMs = NEVER;
        stream = next;
        isBroken = false;
        nextSequence = 0;
        for (Batch batch : again) {
            batch.mayBeWritten = false; // The one before it is not in the log, so neither is this.
            giveSequence(batch);
        }
        return true;
    }

    private void giveSequence(Batch batch) {
        batch.belongsTo(stream, nextSequence, rules.isTransactional());
        nextSequence = BatchHeader.sequenceAfter(nextSequence, batch.recordCount());
    }

    /** The batch that was {@link #ready} is sent to that node now. */
    public void take(Batch batch, int nodeId) {
        if (again.peek() == batch) {
            again.remove();
        } else if (fresh.peek() == batch) {
            fresh.remove();
            batch.order = nextOrder++;
            if (rules.isIdempotent()) giveSequence(batch);
            else batch.pack();
        } else {
            throw new IllegalStateException("a batch of " + name + " is taken out of turn");
        }
        batch.attempts++;
        inFlight.add(batch);
        inFlightNode = nodeId;
    }

    /** A batch has been sent that no broker answers (acks=0). */
    public List<SendDeed> sentWithoutAnswer(Batch batch) {
        inFlight.remove(batch);
        List<SendDeed> deeds = new ArrayList<>(2);
        tell(batch, new SendResult.Written(-1, -1), deeds);
        deeds.add(new SendDeed.Release(batch));
        return deeds;
    }

    /**
     * A batch was answered, or will not be.
     *
     * @param randomBits any number; it spreads the pauses
     */
    public List<SendDeed> answered(Batch batch, BatchAnswer answer, long nowMs, long randomBits) {
        if (!inFlight.remove(batch)) throw new IllegalStateException("a batch of " + name + " is answered twice");
        List<SendDeed> deeds = new ArrayList<>(2);
        batch.lastTrouble = answer.phrase();
        takenAtMs = isTaken(answer.error()) ? nowMs : NEVER;
        switch (answer.error()) {
            case NONE, DUPLICATE_SEQUENCE_NUMBER -> {
                tell(batch, new SendResult.Written(answer.baseOffset(), answer.logAppendTimeMs()), deeds);
                deeds.add(new SendDeed.Release(batch));
                if (newestWritten == null || newestWritten.isBefore(batch)) newestWritten = Place.of(batch);
                settleBefore(batch, deeds);
            }
            case MESSAGE_TOO_LARGE -> {
                if (batch.recordCount() > 1 && !batch.isOver) split(batch, deeds);
                else giveUp(batch, answer, deeds);
            }
            case OUT_OF_ORDER_SEQUENCE_NUMBER -> outOfOrder(batch, answer, nowMs, randomBits, deeds);
            case UNKNOWN_PRODUCER_ID -> {
                batch.mayBeWritten = false;
                if (rules.isTransactional()) {
                    giveUp(batch, answer, deeds); // What else the transaction wrote may be gone as well.
                    break;
                }
                isBroken = true;
                sendAgain(batch, answer, nowMs, randomBits, deeds);
            }
            default -> {
                if (answer.error().isRetriable()) {
                    // Nearly all of them can also come after the append: while acks were waited for, or from a new
                    // leader.
                    batch.mayBeWritten = true;
                    if (asksForMetadata(answer.error())) deeds.add(new SendDeed.Refresh());
                    sendAgain(batch, answer, nowMs, randomBits, deeds);
                } else {
                    giveUp(batch, answer, deeds);
                }
            }
        }
        settleDoubts();
        return deeds;
    }

    private static boolean isTaken(ErrorCode error) {
        return error == ErrorCode.NONE || error == ErrorCode.DUPLICATE_SEQUENCE_NUMBER;
    }

    private void outOfOrder(Batch batch, BatchAnswer answer, long nowMs, long randomBits, List<SendDeed> deeds) {
        boolean isOldest =
                isFirst(batch, again.peek()) && isFirst(batch, inFlight.peek()) && isFirst(batch, doubted.peek());
        Place later = newestWritten;
        if (later != null && !later.isBefore(batch) && batch.stream.equals(later.stream())) {
            // What comes after it in the sequence is in the log, so it is, too; the broker has forgotten it.
            tell(batch, new SendResult.Written(-1, -1), deeds);
            deeds.add(new SendDeed.Release(batch));
        } else if (!rules.isIdempotent() || batch.isOver) {
            giveUp(batch, answer, deeds);
        } else if (!isBroken && !isOldest) {
            sendAgain(batch, answer, nowMs, randomBits, deeds); // One before it is missing, and will come.
        } else if (rules.isTransactional()) {
            giveUp(batch, answer, deeds); // Only the end of the transaction gives another epoch.
        } else if (batch.mayBeWritten) {
            isBroken = true;
            insert(doubted, batch);
        } else if (isBroken) {
            sendAgain(batch, answer, nowMs, randomBits, deeds);
        } else {
            giveUp(batch, answer, deeds); // The log lacks what was acknowledged before: somebody has to hear of that.
        }
    }

    private static boolean isFirst(Batch batch, @Nullable Batch other) {
        return other == null || batch.precedes(other);
    }

    /** All before a batch of the same sequence that is in the log are in it, too. */
    private void settleBefore(Batch written, List<SendDeed> deeds) {
        while (!doubted.isEmpty()
                && doubted.peek().precedes(written)
                && doubted.peek().stream.equals(written.stream)) {
            Batch batch = doubted.remove();
            tell(batch, new SendResult.Written(-1, -1), deeds);
            deeds.add(new SendDeed.Release(batch));
        }
    }

    /** Once no more is to be learnt, the doubted ones are not in the log. */
    private void settleDoubts() {
        if (doubted.isEmpty() || !inFlight.isEmpty()) return;
        Batch next = again.peek();
        if (next != null && next.mayBeWritten) return;
        for (Batch batch = doubted.poll(); batch != null; batch = doubted.poll()) {
            batch.mayBeWritten = false;
            insert(again, batch);
        }
    }

    private static boolean asksForMetadata(ErrorCode error) {
        return switch (error) {
            case NOT_LEADER_OR_FOLLOWER,
                    LEADER_NOT_AVAILABLE,
                    REPLICA_NOT_AVAILABLE,
                    UNKNOWN_TOPIC_OR_PARTITION,
                    UNKNOWN_TOPIC_ID,
                    INCONSISTENT_TOPIC_ID,
                    LISTENER_NOT_FOUND,
                    KAFKA_STORAGE_ERROR,
                    FENCED_LEADER_EPOCH,
                    UNKNOWN_LEADER_EPOCH,
                    NETWORK_EXCEPTION -> true;
            default -> false;
        };
    }

    private void sendAgain(Batch batch, BatchAnswer answer, long nowMs, long randomBits, List<SendDeed> deeds) {
        if (batch.isOver || batch.attempts > rules.retries()) {
            giveUp(batch, answer, deeds);
            return;
        }
        insert(again, batch);
        if (!answer.isLeaderNews()) {
            againFromMs = Math.max(againFromMs, nowMs + rules.backoff().waitMs(batch.attempts, randomBits));
        }
        deeds.add(new SendDeed.NoteRetry(batch));
    }

    private static void insert(ArrayDeque<Batch> batches, Batch batch) {
        ArrayDeque<Batch> behind = new ArrayDeque<>(0);
        while (!batches.isEmpty() && batch.precedes(batches.peekLast())) behind.addFirst(batches.removeLast());
        batches.addLast(batch);
        batches.addAll(behind);
    }

    /** The pieces have the sequences that the whole had, so those behind it keep theirs. */
    private void split(Batch batch, List<SendDeed> deeds) {
        List<Batch> pieces = BatchPieces.of(batch);
        int sequence = batch.baseSequence;
        // Orders are told apart by who is before whom only, and whoever is in flight behind the whole is behind its
        // pieces.
        for (Batch piece : pieces) {
            piece.order = batch.order;
            if (rules.isIdempotent()) {
                piece.belongsTo(batch.stream, sequence, rules.isTransactional());
                sequence = BatchHeader.sequenceAfter(sequence, piece.recordCount());
            }
            piece.lastTrouble = batch.lastTrouble;
        }
        for (Batch piece : pieces) insert(again, piece);
        deeds.add(new SendDeed.NoteSplit(batch, pieces.size()));
        deeds.add(new SendDeed.Release(batch));
    }

    private void giveUp(Batch batch, BatchAnswer answer, List<SendDeed> deeds) {
        if (rules.isIdempotent()) isBroken = true;
        String sentence = name + ": " + records(batch) + " refused: " + answer.phrase();
        if (answer.error().isRetriable()) {
            sentence = name + ": " + records(batch) + " given up after " + batch.attempts + " attempts: "
                    + answer.phrase();
        }
        tell(
                batch,
                new SendResult.Failed(
                        answer.error(), sentence + unknownOutcome(batch), answer.byRecord(), batch.mayBeWritten),
                deeds);
        deeds.add(new SendDeed.Release(batch));
    }

    private static String records(Batch batch) {
        return batch.recordCount() == 1 ? "1 record" : batch.recordCount() + " records";
    }

    private static String unknownOutcome(Batch batch) {
        return batch.mayBeWritten ? "; they may be in the log all the same" : "";
    }

    private static void tell(Batch batch, SendResult result, List<SendDeed> deeds) {
        if (batch.isOver) return;
        batch.isOver = true;
        deeds.add(new SendDeed.Tell(batch, result));
    }

    /**
     * Gives up what has not been delivered in time.
     *
     * @param trouble what went wrong last that concerns no single batch, such as a broker that cannot be reached
     */
    public List<SendDeed> expire(long nowMs, String trouble) {
        if (deadlineMs() > nowMs) return List.of();
        List<SendDeed> deeds = new ArrayList<>();
        for (Batch batch : inFlight) {
            if (!isLate(batch, nowMs) || batch.isOver) continue;
            batch.mayBeWritten = true;
            batch.lastTrouble = "no answer yet";
            tellLate(batch, trouble, deeds); // It keeps its memory, its place and its sequence until it is answered.
        }
        expire(doubted, nowMs, trouble, deeds);
        expire(again, nowMs, trouble, deeds);
        expire(fresh, nowMs, trouble, deeds);
        settleDoubts();
        return deeds;
    }

    private void expire(ArrayDeque<Batch> batches, long nowMs, String trouble, List<SendDeed> deeds) {
        for (Iterator<Batch> each = batches.iterator(); each.hasNext(); ) {
            Batch batch = each.next();
            if (!isLate(batch, nowMs)) continue;
            // While another thread packs it, it cannot be let go.
            if (!batch.isReady) continue;
            each.remove();
            if (batch.order >= 0 && rules.isIdempotent()) isBroken = true;
            tellLate(batch, trouble, deeds);
            deeds.add(new SendDeed.Release(batch));
        }
    }

    private boolean isLate(Batch batch, long nowMs) {
        return batch.openedAtMs() + rules.deliveryTimeoutMs() <= nowMs;
    }

    private void tellLate(Batch batch, String trouble, List<SendDeed> deeds) {
        String sentence = name + ": " + records(batch) + " not delivered within delivery.timeout.ms="
                + rules.deliveryTimeoutMs() + ", "
                + (batch.attempts == 0
                        ? "never sent" + (trouble.isEmpty() ? "" : ": " + trouble)
                        : "sent " + batch.attempts + " times: " + batch.lastTrouble)
                + unknownOutcome(batch);
        tell(batch, new SendResult.Failed(ErrorCode.REQUEST_TIMED_OUT, sentence, Map.of(), batch.mayBeWritten), deeds);
    }

    /** Gives up everything, for a reason that concerns all. Batches on their way keep their memory until answered. */
    public List<SendDeed> abandon(ErrorCode error, String why) {
        List<SendDeed> deeds = new ArrayList<>();
        boolean hasGap = !inFlight.isEmpty();
        for (Batch batch : inFlight) {
            tell(batch, new SendResult.Failed(error, name + ": " + why, Map.of(), true), deeds);
        }
        for (ArrayDeque<Batch> batches : List.of(doubted, again, fresh)) {
            for (Iterator<Batch> each = batches.iterator(); each.hasNext(); ) {
                Batch batch = each.next();
                if (!batch.isReady) continue; // Another thread is packing it; its turn comes when it is done.
                each.remove();
                if (batch.order >= 0) hasGap = true;
                tell(batch, new SendResult.Failed(error, name + ": " + why, Map.of(), batch.mayBeWritten), deeds);
                deeds.add(new SendDeed.Release(batch));
            }
        }
        if (rules.isIdempotent() && hasGap) isBroken = true;
        return deeds;
    }

    /** A batch could not be packed. */
    public List<SendDeed> notPacked(Batch batch, String why) {
        if (!fresh.remove(batch)) return List.of();
        List<SendDeed> deeds = new ArrayList<>(2);
        tell(batch, new SendResult.Failed(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, name + ": " + why), deeds);
        deeds.add(new SendDeed.Release(batch));
        return deeds;
    }

    /** When something has to be given up; {@link Long#MAX_VALUE} if there is nothing. */
    public long deadlineMs() {
        long oldestMs = Long.MAX_VALUE;
        for (Batch batch : inFlight) {
            if (!batch.isOver) {
                oldestMs = batch.openedAtMs();
                break;
            }
        }
        Batch first = doubted.peek();
        if (first != null) oldestMs = Math.min(oldestMs, first.openedAtMs());
        first = again.peek();
        if (first != null) oldestMs = Math.min(oldestMs, first.openedAtMs());
        first = fresh.peek();
        if (first != null) oldestMs = Math.min(oldestMs, first.openedAtMs());
        return oldestMs == Long.MAX_VALUE ? Long.MAX_VALUE : oldestMs + rules.deliveryTimeoutMs();
    }

    /** When something may be sent again that may not yet; {@link Long#MAX_VALUE} if there is nothing. */
    public long againFromMs() {
        return again.isEmpty() ? Long.MAX_VALUE : againFromMs;
    }

    /** Somebody else leads now: no reason to wait. */
    public void leaderChanged() {
        againFromMs = Long.MIN_VALUE;
    }
}
