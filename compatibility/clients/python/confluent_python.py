"""confluent-kafka (Debian's python3-confluent-kafka, on librdkafka) as these tests use it; the contract is in the
README of the room."""

import signal
import sys
import threading
import time

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic

import rule
from rule import expect

PATIENCE_S = 60


def producer(bootstrap, **settings):
    return Producer({"bootstrap.servers": bootstrap, "message.max.bytes": 2_000_000, **settings})


def consumer(bootstrap, group="unused", **settings):
    return Consumer({
        "bootstrap.servers": bootstrap,
        "group.id": group,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "session.timeout.ms": 3000,
        "heartbeat.interval.ms": 300,
        **settings,
    })


def take(source, count):
    taken = []
    deadline = time.monotonic() + PATIENCE_S
    while len(taken) < count:
        message = source.poll(0.2)
        if message is not None:
            assert message.error() is None, message.error()
            taken.append(message)
        assert time.monotonic() < deadline, f"want {count} records, got {len(taken)}"
    return taken


def produce(bootstrap, topic):
    failures = []

    def delivered(error, message):
        if error is not None:
            failures.append(str(error))
        elif message.partition() != 0:
            failures.append(f"partition {message.partition()}")

    for codec in rule.CODECS:
        for acks in rule.ACKS:
            settings = {"acks": acks, "compression.type": codec, "enable.idempotence": acks == "all"}
            writer = producer(bootstrap, **settings)
            for key, value, headers, timestamp in rule.records(codec, acks):
                writer.produce(
                    topic, value, key, partition=0, on_delivery=delivered, timestamp=timestamp, headers=headers
                )
                if value is None:
                    writer.flush(PATIENCE_S)
            expect("records left in the queue", 0, writer.flush(PATIENCE_S))
            expect("failed deliveries", [], failures)


def consume(bootstrap, topic):
    source = consumer(bootstrap)
    source.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    rule.check([(m.key(), m.value(), m.headers() or [], m.timestamp()[1]) for m in take(source, rule.COUNT)])
    source.close()


def positions(bootstrap, topic):
    source = consumer(bootstrap)
    source.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    expect("first record at the earliest offset", b"0", take(source, 1)[0].value())
    source.assign([TopicPartition(topic, 0, 42)])
    expect("first record at offset 42", b"42", take(source, 1)[0].value())
    wanted = TopicPartition(topic, 0, rule.FIRST_TIMESTAMP_MS + 57_500)
    found = source.offsets_for_times([wanted], PATIENCE_S)[0]
    expect("error of an offset for a time stamp", None, found.error)
    expect("offset for a time stamp", 58, found.offset)
    source.assign([found])
    expect("first record from a time stamp on", b"58", take(source, 1)[0].value())
    expect("watermarks", (0, 100), source.get_watermark_offsets(TopicPartition(topic, 0), PATIENCE_S))
    source.assign([TopicPartition(topic, 0, OFFSET_END)])
    deadline = time.monotonic() + PATIENCE_S
    writer = producer(bootstrap)
    # the end is looked up in the background, so a record may be written too early to be seen: write until one is
    while True:
        writer.produce(topic, b"new", partition=0)
        writer.flush(PATIENCE_S)
        message = source.poll(1.0)
        if message is not None:
            assert message.error() is None, message.error()
            expect("first record at the latest offset", b"new", message.value())
            break
        assert time.monotonic() < deadline, "nothing came from the latest offset"
    source.close()


def take_as_group(bootstrap, topic, group, count):
    source = consumer(bootstrap, group)
    source.subscribe([topic])
    for message in take(source, int(count)):
        print("record", message.partition(), message.offset(), message.value().decode(), flush=True)
        for committed in source.commit(message=message, asynchronous=False):
            expect("error of a commit", None, committed.error)
    source.close()


def member(bootstrap, group, topic, count):
    leaving = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: leaving.set())
    printing = threading.Lock()

    def run():
        source = consumer(bootstrap, group)
        source.subscribe([topic])
        while not leaving.is_set():
            messages = source.consume(500, 0.2)
            for message in messages:
                with printing:
                    if message.error() is None:
                        print("record", message.partition(), message.offset(), message.value().decode(), flush=True)
                    else:
                        print("error:", message.error(), flush=True)
            if messages:
                try:
                    source.commit(asynchronous=False)
                except KafkaException as e:
                    print("commit refused:", e, flush=True)
        source.close()

    threads = [threading.Thread(target=run) for _ in range(int(count))]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        leaving.wait(0.1)
        for thread in threads:
            thread.join(0.1)
    print("left", flush=True)


def admin(bootstrap, prefix):
    topic = f"{prefix}-topic"
    client = AdminClient({"bootstrap.servers": bootstrap})
    new_topic = NewTopic(topic, 3, 1, config={"retention.ms": "123456"})
    done(client.create_topics([new_topic]))
    expect("number of partitions", 3, len(metadata(client, topic).partitions))
    expect_error(KafkaError.TOPIC_ALREADY_EXISTS, client.create_topics([new_topic]))
    done(client.create_partitions([NewPartitions(topic, 5)]))
    wait_until("five partitions", lambda: len(metadata(client, topic).partitions) == 5)
    expect_error(KafkaError.INVALID_PARTITIONS, client.create_partitions([NewPartitions(topic, 4)]))

    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    configs = done(client.describe_configs([resource]))
    expect("retention.ms as created", "123456", configs["retention.ms"].value)
    expect("cleanup.policy by default", "delete", configs["cleanup.policy"].value)
    broker = ConfigResource(ConfigResource.Type.BROKER, str(client.list_topics(timeout=PATIENCE_S).orig_broker_id))
    assert "log.retention.ms" in done(client.describe_configs([broker]))

    group = f"{prefix}-group"
    source = consumer(bootstrap, group)
    source.subscribe([topic])
    wait_until("the group is listed", lambda: source.poll(0.1) is None and listed(client, group))
    found = [g for g in client.list_groups(group, PATIENCE_S) if g.id == group][0]
    wait_until("the group is stable", lambda: stable(source, client, group))
    expect("protocol type", "consumer", found.protocol_type)
    source.commit(offsets=[TopicPartition(topic, 1, 9)], asynchronous=False)
    expect("committed offset", 9, source.committed([TopicPartition(topic, 1)], PATIENCE_S)[0].offset)
    source.close()

    done(client.delete_topics([topic], operation_timeout=30))
    expect_error(KafkaError.UNKNOWN_TOPIC_OR_PART, client.delete_topics([topic]))


def metadata(client, topic):
    return client.list_topics(topic, PATIENCE_S).topics[topic]


def listed(client, group):
    return any(found.id == group for found in client.list_groups(timeout=PATIENCE_S))


def stable(source, client, group):
    source.poll(0.1)
    found = [g for g in client.list_groups(group, PATIENCE_S) if g.id == group]
    return len(found) == 1 and found[0].state == "Stable" and len(found[0].members) == 1


def wait_until(what, holds):
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, f"not in time: {what}"


def done(futures):
    results = [future.result(PATIENCE_S) for future in futures.values()]
    return results[0]


def expect_error(code, futures):
    for future in futures.values():
        try:
            future.result(PATIENCE_S)
        except KafkaException as e:
            expect("error", code, e.args[0].code())
        else:
            raise AssertionError(f"want error {code}, but it worked")


def idempotent(bootstrap, topic, count):
    """Small batches, so that there are many requests, several of them in flight."""
    failures = []
    writer = producer(bootstrap, **{
        "enable.idempotence": True,
        "batch.num.messages": 5,
        "linger.ms": 1,
        "reconnect.backoff.ms": 5,
        "reconnect.backoff.max.ms": 20,
        "retry.backoff.ms": 5,
    })
    for at in range(int(count)):
        writer.produce(topic, str(at), partition=0, on_delivery=lambda error, _: error and failures.append(str(error)))
    expect("records left in the queue", 0, writer.flush(PATIENCE_S))
    expect("failed deliveries", [], failures)


COMMANDS = {
    "idempotent": idempotent,
    "produce": produce,
    "consume": consume,
    "positions": positions,
    "take": take_as_group,
    "member": member,
    "admin": admin,
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
