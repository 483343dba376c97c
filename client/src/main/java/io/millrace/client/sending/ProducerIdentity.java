package io.millrace.client.sending;

/**
 * The producer's id, and the newest of its epochs. Each partition's sequences belong to one epoch; a partition whose
 * sequences have a gap begins anew with a higher one, which the producer takes by itself (KIP-360).
 */
public final class ProducerIdentity {
    private ProducerIdAndEpoch newest = ProducerIdAndEpoch.NONE;

    /** Nobody yet. */
    public ProducerIdentity() {}

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
     * @return something newer; {@link ProducerIdAndEpoch#NONE} if an id has to be asked for first
     */
    public ProducerIdAndEpoch after(ProducerIdAndEpoch before) {
        if (isWanted()) return ProducerIdAndEpoch.NONE;
        if (before.id() != newest.id() || before.epoch() < newest.epoch()) return newest;
        newest = newest.epoch() == Short.MAX_VALUE
                ? ProducerIdAndEpoch.NONE
                : new ProducerIdAndEpoch(newest.id(), (short) (newest.epoch() + 1));
        return newest;
    }
}
