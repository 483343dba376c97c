"""kafka-python (Debian's python3-kafka) as these tests use it; the contract is in the README of the room."""

import signal
import sys
import threading
import time

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
from kafka.errors import CommitFailedError, TopicAlreadyExistsError, UnknownTopicOrPartitionError

import rule
from rule import expect

PATIENCE_S = 60


def producer(bootstrap, **settings):
    return KafkaProducer(bootstrap_servers=bootstrap, max_request_size=2_000_000, **settings)


def consumer(bootstrap, **settings):
    return KafkaConsumer(
        bootstrap_servers=bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        session_timeout_ms=3000,
        heartbeat_interval_ms=300,
        max_partition_fetch_bytes=4_000_000,
        **settings,
    )


def take(source, count):
    taken = []
    deadline = time.monotonic() + PATIENCE_S
    while len(taken) < count:
        for batch in source.poll(timeout_ms=200).values():
            taken.extend(batch)
        assert time.monotonic() < deadline, f"want {count} records, got {len(taken)}"
    return taken


def produce(bootstrap, topic):
    for codec in rule.CODECS:
        for acks in rule.ACKS:
            wanted_acks = acks if acks == "all" else int(acks)
            writer = producer(bootstrap, acks=wanted_acks, compression_type=None if codec == "none" else codec)
            for key, value, headers, timestamp in rule.records(codec, acks):
                sent = writer.send(topic, value, key, headers, 0, timestamp)
                if value is None:
                    writer.flush()
                if acks != "0":
                    expect("partition", 0, sent.get(PATIENCE_S).partition)
            writer.close()


def consume(bootstrap, topic):
    source = consumer(bootstrap)
    source.assign([TopicPartition(topic, 0)])
    source.seek_to_beginning()
    rule.check([(r.key, r.value, list(r.headers), r.timestamp) for r in take(source, rule.COUNT)])
    source.close()


def positions(bootstrap, topic):
    partition = TopicPartition(topic, 0)
    source = consumer(bootstrap)
    source.assign([partition])
    source.seek_to_beginning()
    expect("first record at the earliest offset", b"0", take(source, 1)[0].value)
    source.seek(partition, 42)
    expect("first record at offset 42", b"42", take(source, 1)[0].value)
    found = source.offsets_for_times({partition: rule.FIRST_TIMESTAMP_MS + 57_500})[partition]
    expect("offset for a time stamp", 58, found.offset)
    expect("its time stamp", rule.FIRST_TIMESTAMP_MS + 58_000, found.timestamp)
    source.seek(partition, found.offset)
    expect("first record from a time stamp on", b"58", take(source, 1)[0].value)
    expect("beginning offset", 0, source.beginning_offsets([partition])[partition])
    expect("end offset", 100, source.end_offsets([partition])[partition])
    source.seek_to_end()
    expect("position at the end", 100, source.position(partition))
    writer = producer(bootstrap)
    writer.send(topic, b"new", partition=0).get(PATIENCE_S)
    expect("first record at the latest offset", b"new", take(source, 1)[0].value)
    writer.close()
    source.close()


def take_as_group(bootstrap, topic, group, count):
    source = consumer(bootstrap, group_id=group, max_poll_records=1)
    source.subscribe([topic])
    for record in take(source, int(count)):
        print("record", record.partition, record.offset, record.value.decode(), flush=True)
        source.commit({TopicPartition(topic, record.partition): OffsetAndMetadata(record.offset + 1, "")})
    source.close()


def member(bootstrap, group, topic, count):
    leaving = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: leaving.set())
    printing = threading.Lock()

    def run():
        source = consumer(bootstrap, group_id=group)
        source.subscribe([topic])
        while not leaving.is_set():
            for batch in source.poll(timeout_ms=200).values():
                for record in batch:
                    with printing:
                        print("record", record.partition, record.offset, record.value.decode(), flush=True)
            try:
                source.commit()
            except CommitFailedError as e:
                print("commit refused:", e, flush=True)
        source.close()

    threads = [threading.Thread(target=run) for _ in range(int(count))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("left", flush=True)


def admin(bootstrap, prefix):
    topic, group = f"{prefix}-topic", f"{prefix}-group"
    client = KafkaAdminClient(bootstrap_servers=bootstrap)
    new_topic = NewTopic(topic, 3, 1, topic_configs={"retention.ms": "123456"})
    client.create_topics([new_topic])
    assert topic in client.list_topics()
    try:
        client.create_topics([new_topic])
        raise AssertionError("a topic was created twice")
    except TopicAlreadyExistsError:
        pass
    client.create_partitions({topic: NewPartitions(5)})
    expect("partitions after an increase", 5, len(client.describe_topics([topic])[0]["partitions"]))
    expect("retention.ms as created", "123456", config(client, topic, "retention.ms"))
    expect("cleanup.policy by default", "delete", config(client, topic, "cleanup.policy"))

    writer = producer(bootstrap)
    for at in range(20):
        writer.send(topic, str(at).encode(), partition=0)
    writer.flush()
    writer.close()
    partition = TopicPartition(topic, 0)
    source = consumer(bootstrap, group_id=group)
    source.subscribe([topic])
    take(source, 1)
    source.commit({partition: OffsetAndMetadata(9, "note")})
    described = client.describe_consumer_groups([group])[0]
    expect("state of the group", "Stable", described.state)
    expect("number of members", 1, len(described.members))
    source.close()
    assert (group, "consumer") in client.list_consumer_groups()
    committed = client.list_consumer_group_offsets(group)
    expect("committed offset", OffsetAndMetadata(9, "note"), committed[partition])
    expect("answer to deleting the group", "NoError", client.delete_consumer_groups([group])[0][1].__name__)

    client.delete_topics([topic])
    try:
        client.delete_topics([topic])
        raise AssertionError("a topic was deleted twice")
    except UnknownTopicOrPartitionError:
        pass
    client.close()


def config(client, topic, name):
    response = client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])[0]
    for resource in response.resources:
        for entry in resource[4]:
            if entry[0] == name:
                return entry[1]
    raise AssertionError(f"no config {name} in {response}")


COMMANDS = {
    "produce": produce,
    "consume": consume,
    "positions": positions,
    "take": take_as_group,
    "member": member,
    "admin": admin,
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
