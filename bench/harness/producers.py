"""Our producer beside the official one, in turn against the same broker: bench/producers."""
from duel import Duel, heading

CASES = [
    # name, partitions, keys, properties
    ('one partition', 1, 0, []),
    ('six partitions', 6, 0, []),
    ('six partitions, keys', 6, 1000, []),
    ('six partitions, lz4', 6, 0, ['compression.type=lz4']),
    ('six partitions, zstd', 6, 0, ['compression.type=zstd']),
]


def main():
    about = 'Records of one thread as fast as they go, by both clients against one broker.'
    with Duel('bench/producers', about, ['ProducerDuel'], CASES, 1_500_000) as duel:
        options = duel.options
        heading()
        for number, (name, partitions, keys, properties) in duel.chosen():
            def once(client, round_number):
                topic = 'duel-%d-%d-%s' % (number, round_number, client)
                duel.topic(topic, partitions)
                return duel.run('ProducerDuel', client, [topic, options.records, options.warm, options.size, keys] + properties + options.property)[-1]
            duel.compare(name, once)


main()
