package io.millrace.client.sending;

/** What {@link PartitionSends} wants done, in list order. */
public sealed interface SendDeed {
    /** Tell the records of a batch what became of them. */
    record Tell(Batch batch, SendResult result) implements SendDeed {}

    /** Give the memory of a batch back; nobody sends it any more. */
    record Release(Batch batch) implements SendDeed {}

    /** Ask for metadata: somebody else may lead. */
    record Refresh() implements SendDeed {}

    /** A batch was too large, and was taken apart; the pieces are waiting to be sent. */
    record NoteSplit(Batch batch, int pieces) implements SendDeed {}

    /** A batch will be sent again. */
    record NoteRetry(Batch batch) implements SendDeed {}
}
