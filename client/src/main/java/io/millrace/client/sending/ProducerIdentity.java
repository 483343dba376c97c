package io.millrace.client.sending;

/**
 * The producer's id, and the newest of its epochs. Each partition's sequences belong to one epoch; a partition whose
 * sequences have a gap begins anew with a higher one, which the producer takes by itself (KIP-360). A transactional producer
 * has one epoch for all partitions, and its coordinator alone gives another.
 */
public final class ProducerIdentity {
    private ProducerIdAndEpoch newest = ProducerIdAndEpoch.NONE;

    private final boolean isTransactional;

    /** Nobody yet, and without transactions. */
    public ProducerIdentity() {
        this(false);
    }

    /** Nobody yet. */
    public ProducerIdentity(boolean isTransactional) {
        this.isTransactional = isTransactional;
    }

    /** Whether sequences that belong to this have to begin anew, though they have no gap. */
    public boolean demandsAnother(ProducerIdAndEpoch current) {
        return isTransactional && !current.equals(newest);
    }

    /** Whether an id has to be asked for. */
    public boolean isWanted() {
        return newest.equals(ProducerIdAndEpoch.NONE);
    }

    /** A broker gave this id and epoch. */
    public void given(long producerId, short epoch) {
        newest = new ProducerIdAndEpoch(producerId, epoch);
    }

    /**
     * What sequences that begin anew belong to.
     *
     * @param before what the partition's sequences belonged to, {@link ProducerIdAndEpoch#NONE} for none
     * @return something newer; {@link ProducerIdAndEpoch#NONE} if an id has to be asked for first, or the coordinator has
     *     to give a higher epoch
     */
    public ProducerIdAndEpoch after(ProducerIdAndEpoch before) {
        if (isWanted()) return ProducerIdAndEpoch.NONE;
        if (isTransactional) return before.equals(newest) ? ProducerIdAndEpoch.NONE : newest;
        if (before.id() != newest.id() || before.epoch() < newest.epoch()) return newest;
        newest = newest.epoch() == Short.MAX_VALUE
                ? ProducerIdAndEpoch.NONE
                : new ProducerIdAndEpoch(newest.id(), (short) (newest.epoch() + 1));
        return newest;
    }
}
