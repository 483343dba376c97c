// KafkaJS, with codecs that are plain JavaScript or wasm.
import assert from "node:assert/strict";
import kafkajs from "kafkajs";
import snappy from "kafkajs-snappy";
import lz4 from "lz4js";
import xxh32 from "lz4js/xxh32.js";
import { init, compress, decompress } from "@bokuweb/zstd-wasm";
import { main, until } from "./program.mjs";

const { CompressionCodecs, CompressionTypes, ConfigResourceTypes, Kafka, Partitioners } = kafkajs;

/** A frame of blocks that do not refer to each other, as Kafka wants them; lz4js would let them. */
function lz4Frame(bytes) {
  const descriptor = Buffer.from([0x60, 0x40]); // version 1, independent blocks; of 64 KB at most
  const parts = [Buffer.from([0x04, 0x22, 0x4d, 0x18]), descriptor, Buffer.from([(xxh32.hash(0, descriptor, 0, 2) >> 8) & 0xff])];
  for (let at = 0; at < bytes.length; at += 65536) {
    const block = Buffer.from(bytes.subarray(at, at + 65536));
    const compressed = lz4.makeBuffer(lz4.compressBound(block.length));
    const count = lz4.compressBlock(block, compressed, 0, block.length, new Uint32Array(65536));
    const size = Buffer.alloc(4);
    if (count > 0 && count < block.length) {
      size.writeUInt32LE(count);
      parts.push(size, Buffer.from(compressed.subarray(0, count)));
    } else {
      size.writeUInt32LE((block.length | 0x80000000) >>> 0); // the high bit says that it is as it was
      parts.push(size, block);
    }
  }
  parts.push(Buffer.alloc(4));
  return Buffer.concat(parts);
}

await init();
CompressionCodecs[CompressionTypes.Snappy] = snappy;
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: async (encoder) => lz4Frame(encoder.buffer),
  decompress: async (bytes) => Buffer.from(lz4.decompress(bytes)),
});
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async (encoder) => Buffer.from(compress(encoder.buffer)),
  decompress: async (bytes) => Buffer.from(decompress(bytes)),
});
const codecs = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
};

const kafka = (bootstrap) =>
  new Kafka({ brokers: [bootstrap], logCreator: () => ({ label, log }) => label === "ERROR" && console.error(log.message, log.error ?? "") });

await main({
  producer(bootstrap, codec, acks) {
    const producer = kafka(bootstrap).producer({ createPartitioner: Partitioners.DefaultPartitioner, idempotent: acks === "all" });
    return {
      connect: () => producer.connect(),
      send: (topic, messages) =>
        producer.send({ topic, messages, acks: acks === "all" ? -1 : Number(acks), compression: codecs[codec] }),
      disconnect: () => producer.disconnect(),
    };
  },
  idempotentProducer: (bootstrap) =>
    kafka(bootstrap).producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      idempotent: true,
      maxInFlightRequests: 1,
      retry: { initialRetryTime: 5, maxRetryTime: 20, retries: Number.MAX_SAFE_INTEGER },
    }),
  idempotentSend: { acks: -1 },
  consumer(bootstrap, groupId, fromBeginning) {
    const consumer = kafka(bootstrap).consumer({
      groupId,
      sessionTimeout: 3000,
      heartbeatInterval: 300,
      rebalanceTimeout: 10_000,
      maxWaitTimeInMs: 200,
      allowAutoTopicCreation: false,
    });
    const subscribe = consumer.subscribe.bind(consumer);
    consumer.subscribe = (subscription) => subscribe({ ...subscription, fromBeginning });
    return consumer;
  },
  run: (consumer, autoCommit, eachMessage) => consumer.run({ autoCommit, eachMessage }),
  seek: async (consumer, position) => consumer.seek(position),
  admin: (bootstrap) => kafka(bootstrap).admin(),
  partitions: async (admin, topic) => (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0].partitions,
  async administer(admin, topic, groupId) {
    await admin.createPartitions({ topicPartitions: [{ topic, count: 5 }] });
    await until("five partitions", async () => (await this.partitions(admin, topic)).length === 5);
    const config = async (name) => {
      const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic }];
      const answer = await admin.describeConfigs({ resources, includeSynonyms: false });
      return answer.resources[0].configEntries.find((entry) => entry.configName === name).configValue;
    };
    assert.equal(await config("retention.ms"), "123456", "retention.ms as created");
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries: [{ name: "max.message.bytes", value: "4321" }] }],
    });
    await until("max.message.bytes as altered", async () => (await config("max.message.bytes")) === "4321");
    assert.equal(await config("retention.ms"), "604800000", "retention.ms, which that took away");
    await admin.setOffsets({ groupId, topic, partitions: [{ partition: 1, offset: "0" }, { partition: 0, offset: "8" }] });
    const [offsets] = await admin.fetchOffsets({ groupId, topics: [topic] });
    assert.equal(offsets.partitions.find((found) => found.partition === 0).offset, "8", "offset as set");
    const cluster = await admin.describeCluster();
    assert.equal(cluster.brokers.length, 1, "number of brokers");
    assert.equal(cluster.controller, cluster.brokers[0].nodeId, "the controller");
  },
});
