// Confluent's client, which gives librdkafka the shape of KafkaJS.
import confluent from "@confluentinc/kafka-javascript";
import { main } from "./program.mjs";

const { Kafka, logLevel } = confluent.KafkaJS;
// An empty buffer that node allocates has no address, and the binding takes that for null: so a part of another one.
const emptyValue = Buffer.from(" ").subarray(0, 0);
const withEmptyValue = (record) => (record.value === "" ? { ...record, value: emptyValue } : record);

const kafka = (bootstrap) => new Kafka({ kafkaJS: { brokers: [bootstrap], logLevel: logLevel.ERROR } });

await main({
  producer(bootstrap, codec, acks) {
    const producer = kafka(bootstrap).producer({
      acks: acks === "all" ? -1 : Number(acks),
      "compression.codec": codec,
      "enable.idempotence": acks === "all",
      "message.max.bytes": 2_000_000,
    });
    return {
      connect: () => producer.connect(),
      send: (topic, records) => producer.send({ topic, messages: records.map(withEmptyValue) }),
      disconnect: () => producer.disconnect(),
    };
  },
  idempotentProducer: (bootstrap) =>
    kafka(bootstrap).producer({
      "enable.idempotence": true,
      "linger.ms": 0,
      "batch.num.messages": 5,
      "reconnect.backoff.ms": 5,
      "reconnect.backoff.max.ms": 20,
      "retry.backoff.ms": 5,
      kafkaJS: { retry: { retries: 2147483647 } }, // it would give up after 5
    }),
  idempotentSend: {},
  consumer(bootstrap, groupId, fromBeginning, autoCommit) {
    return kafka(bootstrap).consumer({
      "group.id": groupId,
      "auto.offset.reset": fromBeginning ? "earliest" : "latest",
      "session.timeout.ms": 3000,
      "heartbeat.interval.ms": 300,
      "fetch.wait.max.ms": 200,
      "enable.auto.commit": autoCommit,
      "auto.commit.interval.ms": 200,
    });
  },
  run: (consumer, autoCommit, eachMessage) => consumer.run({ eachMessage }),
  seek: async (consumer, position) => consumer.seek(position),
  admin: (bootstrap) => kafka(bootstrap).admin(),
  partitions: async (admin, topic) => (await admin.fetchTopicMetadata({ topics: [topic] }))[0].partitions,
  async administer() {},
});
