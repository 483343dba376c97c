"""Our consumer beside the official one, in turn against the same broker: bench/consumers."""
from duel import Duel, heading

CASES = [
    # name, partitions, how the consumer gets them, the producer's properties
    ('one partition', 1, 'assigned', []),
    ('six partitions', 6, 'assigned', []),
    ('six partitions, as a member', 6, 'member', []),
    ('six partitions, lz4', 6, 'assigned', ['compression.type=lz4']),
    ('six partitions, zstd', 6, 'assigned', ['compression.type=zstd']),
    ('one partition, ours in place', 1, 'in-place', []),
    ('six partitions, ours in place', 6, 'in-place', []),
    ('one partition, records kept until the next poll', 1, 'kept', []),
]


def main():
    about = ('Records read by one thread as fast as it goes, by both clients against one broker, which has them in its page cache. '
             'Each part reads the same records from the beginning.')
    with Duel('bench/consumers', about, ['ProducerDuel', 'ConsumerDuel'], CASES, 2_000_000) as duel:
        options = duel.options
        heading()
        for number, (name, partitions, how, properties) in duel.chosen():
            topic = 'duel-%d' % number
            duel.topic(topic, partitions)
            duel.run('ProducerDuel', 'ours', [topic, options.records, 1, options.size, 0] + properties)

            def once(client, round_number):
                group = 'duel-%d-%d-%s' % (number, round_number, client)
                return duel.run('ConsumerDuel', client, [topic, options.records, options.warm, options.size, how, group] + options.property)[-1]
            duel.compare(name, once)


main()
