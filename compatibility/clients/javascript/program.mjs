// What a JavaScript client does in these tests; the contract is in the README of the room. Both clients have the shape
// that KafkaJS gave them; what differs comes as an adapter:
//   producer(bootstrap, codec, acks) -> { connect, send(topic, records), disconnect }
//   consumer(bootstrap, group, fromBeginning, autoCommit) -> a consumer;  run(consumer, autoCommit, eachMessage)
//   idempotentProducer(bootstrap), idempotentSend: one that does not give up, and what its sends say besides
//   admin(bootstrap) -> an admin client;  administer(admin, topic, group): what only that client can do
import assert from "node:assert/strict";
import { check, records, ACKS, CODECS, COUNT, FIRST_TIMESTAMP_MS } from "./rule.mjs";

const PATIENCE_MS = 60_000;

export async function until(what, condition, everyMs = 20) {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

export async function main(client) {
  const commands = { produce, consume, positions, take, member, admin, idempotent };
  const [command, ...rest] = process.argv.slice(2);
  try {
    await commands[command](client, ...rest);
    process.exit(0);
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
}

async function write(client, bootstrap, topic, written, codec = "none", acks = "all") {
  const producer = client.producer(bootstrap, codec, acks);
  await producer.connect();
  await producer.send(topic, written);
  await producer.disconnect();
}

async function produce(client, bootstrap, topic) {
  for (const codec of CODECS) {
    for (const acks of ACKS) {
      const written = records(codec, acks);
      const producer = client.producer(bootstrap, codec, acks);
      await producer.connect();
      await producer.send(topic, written.slice(0, 3));
      await producer.send(topic, written.slice(3));
      await producer.disconnect();
    }
  }
}

/** Consumes from the start of a topic, or from an offset, until a condition on what came holds. */
async function read(client, bootstrap, topic, { from, group, fromBeginning = false, enough, commit, meanwhile }) {
  const found = [];
  let failure = null;
  const consumer = client.consumer(bootstrap, group ?? `reader-${process.pid}-${Math.random()}`, fromBeginning, false);
  await consumer.connect();
  await consumer.subscribe({ topics: [topic] });
  await client.run(consumer, false, async ({ partition, message }) => {
    if (enough(found)) return;
    found.push(message);
    if (commit) await commit(consumer, partition, message).catch((error) => (failure = error));
  });
  if (from !== undefined) await client.seek(consumer, { topic, partition: 0, offset: String(from) });
  await until("enough records came", async () => {
    if (failure) throw failure;
    if (meanwhile && !enough(found)) await meanwhile();
    return enough(found);
  });
  await consumer.disconnect();
  return found;
}

async function consume(client, bootstrap, topic) {
  check(await read(client, bootstrap, topic, { fromBeginning: true, enough: (found) => found.length === COUNT }));
}

async function positions(client, bootstrap, topic) {
  const one = (found) => found.length === 1;
  const first = async (options) => (await read(client, bootstrap, topic, { ...options, enough: one }))[0].value.toString();
  assert.equal(await first({ fromBeginning: true }), "0", "first record at the earliest offset");
  assert.equal(await first({ from: 42 }), "42", "first record at offset 42");
  const admin = client.admin(bootstrap);
  await admin.connect();
  const [byTime] = await admin.fetchTopicOffsetsByTimestamp(topic, FIRST_TIMESTAMP_MS + 57_500);
  assert.equal(byTime.offset, "58", "offset for a time stamp");
  assert.equal(await first({ from: byTime.offset }), "58", "first record from a time stamp on");
  const [ends] = await admin.fetchTopicOffsets(topic);
  assert.deepEqual([ends.low, ends.high], ["0", "100"], "low and high");
  await admin.disconnect();
  // when a consumer has found the end is not seen from outside: write until it gets one
  const meanwhile = () => write(client, bootstrap, topic, [{ partition: 0, value: "new" }]);
  assert.equal(await first({ meanwhile }), "new", "first record at the latest offset");
}

async function take(client, bootstrap, topic, group, count) {
  await read(client, bootstrap, topic, {
    group,
    fromBeginning: true,
    enough: (found) => found.length === Number(count),
    commit: async (consumer, partition, message) => {
      await consumer.commitOffsets([{ topic, partition, offset: String(Number(message.offset) + 1) }]);
      console.log(`record ${partition} ${message.offset} ${message.value}`);
    },
  });
}

async function member(client, bootstrap, group, topic, count) {
  const consumers = [];
  let leave;
  const left = new Promise((resolve) => (leave = resolve));
  process.on("SIGTERM", leave);
  for (let at = 0; at < Number(count); at++) consumers.push(client.consumer(bootstrap, group, true, true));
  await Promise.all(
    consumers.map(async (consumer) => {
      await consumer.connect();
      await consumer.subscribe({ topics: [topic] });
      await client.run(consumer, true, async ({ partition, message }) => {
        console.log(`record ${partition} ${message.offset} ${message.value}`);
      });
    }),
  );
  await left;
  await Promise.all(consumers.map((consumer) => consumer.disconnect()));
  console.log("left");
}

async function admin(client, bootstrap, prefix) {
  const topic = `${prefix}-topic`;
  const group = `${prefix}-group`;
  const admin = client.admin(bootstrap);
  await admin.connect();
  const wanted = { topic, numPartitions: 3, replicationFactor: 1, configEntries: [{ name: "retention.ms", value: "123456" }] };
  assert.equal(await admin.createTopics({ topics: [wanted] }), true, "whether the topic is new");
  assert.equal(await admin.createTopics({ topics: [wanted] }), false, "whether the topic is new the second time");
  assert((await admin.listTopics()).includes(topic), "the topic is listed");
  await until("three partitions", async () => (await client.partitions(admin, topic)).length === 3);

  await write(client, bootstrap, topic, [..."0123456789"].map((value) => ({ partition: 0, value })));
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "7" }] });
  const ends = (await admin.fetchTopicOffsets(topic)).find((found) => found.partition === 0);
  assert.deepEqual([ends.low, ends.high], ["7", "10"], "low and high after deleting records");

  const consumer = client.consumer(bootstrap, group, true, false);
  await consumer.connect();
  await consumer.subscribe({ topics: [topic] });
  let seen = 0;
  await client.run(consumer, false, async () => void seen++);
  await until("three records are left", () => seen === 3);
  await consumer.commitOffsets([{ topic, partition: 0, offset: "9" }]);
  const [described] = (await admin.describeGroups([group])).groups;
  assert.equal(described.members.length, 1, "number of members");
  assert.equal(described.protocolType, "consumer");
  await consumer.disconnect();
  assert((await admin.listGroups()).groups.some((found) => found.groupId === group), "the group is listed");
  const [offsets] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
  assert.equal(Number(offsets.partitions.find((found) => found.partition === 0).offset), 9, "committed offset");
  await client.administer(admin, topic, group);
  await admin.deleteGroups([group]);
  assert(!(await admin.listGroups()).groups.some((found) => found.groupId === group), "the group is gone");

  await admin.deleteTopics({ topics: [topic] });
  await assert.rejects(admin.deleteTopics({ topics: [topic] }), "a topic was deleted twice");
  await admin.disconnect();
}

/** Small batches, so that there are many requests. */
async function idempotent(client, bootstrap, topic, count) {
  const producer = client.idempotentProducer(bootstrap);
  await producer.connect();
  const batch = 20;
  for (let first = 0; first < Number(count); first += batch) {
    const messages = Array.from({ length: batch }, (_, at) => ({ partition: 0, value: String(first + at) }));
    await producer.send({ topic, messages, ...client.idempotentSend });
  }
  await producer.disconnect();
}
