"""What is done to a broker. A workload takes a started broker and gives figures by part ('' where it has one part)."""
import os
import signal
import time

import machine
import wire
from load import average_payload, consume, driver, measure, payload_file, produce

STANDARD = {'acks': 'all', 'batch.size': 16384, 'linger.ms': 5}
LARGE = {'acks': 'all', 'batch.size': 524288, 'linger.ms': 10, 'buffer.memory': 67108864, 'max.request.size': 4194304}
LZ4 = dict(STANDARD, **{'compression.type': 'lz4', 'batch.size': 65536})
ZSTD = dict(STANDARD, **{'compression.type': 'zstd', 'batch.size': 65536})
SETTLED_SECONDS = 60
SETTLED_WARM_UP = 20


def _official(properties, size=None, reads=True, settled=False):
    """Official producer, then consumer. Settled: a long warm-up and a minute measured, so that both compilers are done."""
    def run(broker, setting):
        file = None if size else payload_file(setting)
        payload = size or average_payload(file)
        seconds = max(SETTLED_SECONDS, setting.secs) if settled else setting.secs
        small = payload < 500
        for topic in ('warm', 'bench'):
            measure(broker, 'create', topic=topic, parts=1)
        produce(broker, 'warm', int(setting.secs * (60000 if small else 4000)), properties, size, file)
        warm_up = SETTLED_WARM_UP if settled else max(2, seconds * .3)
        least = 600000 if small else 100000
        rate = produce(broker, 'warm', 2 * least, properties, size, file)['msg_s'] if settled else 0
        warm = produce(broker, 'warm', max(int(rate * warm_up), least), properties, size, file)
        records = max(least, int(warm['msg_s'] * seconds))
        before = machine.disk_bytes(broker.data)
        result = {'produce': produce(broker, 'bench', records, properties, size, file)}
        time.sleep(.3)
        result['produce']['disk_bytes_per_payload_byte'] = (machine.disk_bytes(broker.data) - before) / result['produce']['payload_bytes']
        if reads:
            consume(broker, 'warm', least, payload)
            result['consume'] = consume(broker, 'bench', records, payload)
        return result
    return run


def _start(broker, setting):
    result = dict(broker.first_start)
    time.sleep(max(3, setting.secs * .3))
    used, at = machine.cpu(broker.pid), time.monotonic()
    time.sleep(setting.secs)
    held = machine.memory(broker.pid)
    result.update({'idle_cpu_ms_per_s': (machine.cpu(broker.pid) - used) * 1000 / (time.monotonic() - at), 'idle_rss_mb': held['rss_mb'],
                   'idle_anon_mb': held['anon_mb'], 'threads': held['threads'], 'fds': machine.open_files(broker.pid)})
    result['stop_s'] = broker.stop()
    result['restart_ready_s'] = broker.start()['ready_metadata_s']
    return {'': result}


def _latency(broker, setting):
    measure(broker, 'create', topic='lat')
    return {'': measure(broker, 'latency', topic='lat', rate=2000, size=100, warm=5, secs=setting.secs, linger=0)}


def _rawlat(broker, setting):
    measure(broker, 'create', topic='lat')
    return {'': measure(broker, 'rawproduce', topic='lat', parts=1, conns=1, depth=1, records=1, size=100, rate=2000, warm=5, secs=setting.secs)}


def _e2e(broker, setting):
    measure(broker, 'create', topic='e2e')
    return {'': measure(broker, 'e2e', topic='e2e', rate=1000, size=100, warm=5, secs=setting.secs)}


def _rawsmall(settled=False):
    def run(broker, setting):
        measure(broker, 'create', topic='raw', parts=8)
        return {'': measure(broker, 'rawproduce', topic='raw', parts=8, conns=8, depth=4, records=1, size=100, warm=SETTLED_WARM_UP if settled else 5,
                            warmreqs=60000, warmmax=40, secs=max(SETTLED_SECONDS, setting.secs) if settled else setting.secs)}
    return run


def _forced(conns, parts):
    def run(broker, setting):
        measure(broker, 'create', topic='forced', parts=parts)
        return {'': measure(broker, 'rawproduce', topic='forced', parts=parts, conns=conns, depth=4, records=1, size=1000, warm=4, warmreqs=20000,
                            warmmax=15, secs=setting.secs)}
    return run


def _rawbig(broker, setting):
    measure(broker, 'create', topic='raw', parts=4)
    return {'produce': measure(broker, 'rawproduce', topic='raw', parts=4, conns=4, depth=5, records=64, size=1000, warm=4, warmreqs=15000, warmmax=40,
                               secs=setting.secs, maxbytes=6e9),
            'fetch': measure(broker, 'rawfetch', topic='raw', parts=4, conns=2, warm=3, warmreqs=4000, warmmax=40, secs=setting.secs * .7)}


def _partitions(topics, each):
    def run(broker, setting):
        result = {'create': measure(broker, 'create', topic='m', topics=topics, parts=each)}
        time.sleep(2)
        result['create'].update({'rss_after_mb': machine.memory(broker.pid)['rss_mb'], 'fds_after': machine.open_files(broker.pid),
                                 'disk_after_mb': machine.disk_bytes(broker.data) / 1e6})
        used, at = machine.cpu(broker.pid), time.monotonic()
        time.sleep(4)
        result['create']['idle_cpu_ms_per_s'] = (machine.cpu(broker.pid) - used) * 1000 / (time.monotonic() - at)
        result['produce'] = measure(broker, 'spray', topic='m', topics=topics, parts=each, size=100, linger=5, warm=4, secs=setting.secs)
        result['restart'] = {'stop_s': broker.stop()}
        result['restart'].update(broker.start('m-0'))
        return result
    return run


def _idle(topics, each):
    def run(broker, _setting):
        result = measure(broker, 'create', topic='m', topics=topics, parts=each)
        time.sleep(3)
        used, at = machine.cpu(broker.pid), time.monotonic()
        time.sleep(5)
        result.update({'idle_cpu_ms_per_s': (machine.cpu(broker.pid) - used) * 1000 / (time.monotonic() - at),
                       'rss_after_mb': machine.memory(broker.pid)['rss_mb'], 'fds_after': machine.open_files(broker.pid)})
        return {'': result}
    return run


def _cleaned_to(broker, topic):
    """The offset up to which the checkpoint says that partition 0 has been compacted; 0 if it does not name it."""
    try:
        with open(os.path.join(broker.data, 'log', 'cleaner-offset-checkpoint')) as file:
            return next((int(line.split()[2]) for line in file if line.startswith(topic + ' 0 ')), 0)
    except OSError:
        return 0


def _compact(records, keys, size):
    def run(broker, _setting):
        filled = measure(broker, 'fill', topic='keyed', records=records, keys=keys, size=size, batch=65536, linger=5)
        _, phases = driver(broker, 'compact', topic='keyed')
        begun = phases['altered']
        while not (until := _cleaned_to(broker, 'keyed')):
            if time.monotonic() - begun['at'] > 120:
                raise RuntimeError('not compacted within two minutes')
            time.sleep(.02)
        used, took = machine.cpu(broker.pid) - begun['cpu'], time.monotonic() - begun['at']
        gb = filled['payload_bytes'] / 1e9 * until / records
        time.sleep(1)
        return {'': {'cleaned_gb': gb, 'cleaned_share': until / records, 'broker_cpu_s': used, 'cleaner_cpu_s_per_gb': used / gb, 'took_s': took,
                     'peak_rss_mb': machine.memory(broker.pid)['peak_rss_mb'], 'errors': filled['errors']}}
    return run


def _connections(count):
    def run(broker, setting):
        measure(broker, 'create', topic='conns')
        measure(broker, 'rawproduce', topic='conns', parts=1, conns=4, depth=1, records=1, size=100, rate=2000, warm=2, secs=2)
        result, phases = driver(broker, 'conns', topic='conns', conns=count, active=20, hold=5, secs=setting.secs, rate=2000)
        idle, end = phases['idle'], phases['idle_end']
        result['rss_kb_per_conn'] = (end['rss_mb'] - phases['before']['rss_mb']) * 1024 / count
        result['idle_conns_cpu_ms_per_s'] = (end['cpu'] - idle['cpu']) * 1000 / (end['at'] - idle['at'])
        return {'': result}
    return run


def _group(broker, _setting):
    measure(broker, 'create', topic='grp', parts=100)
    return {'classic': measure(broker, 'group', topic='grp', parts=100, members=50, protocol='classic')}


def _restart(log_bytes):
    def run(broker, _setting):
        measure(broker, 'create', topic='raw', parts=8)
        measure(broker, 'rawproduce', topic='raw', parts=8, conns=4, depth=4, records=64, size=1000, warm=0, secs=120, maxbytes=log_bytes)
        result = {'log_gb': machine.disk_bytes(broker.data) / 1e9}
        broker.stop(signal.SIGKILL)
        result.update({'kill_' + key: value for key, value in broker.start('raw').items()})
        result['stop_s'] = broker.stop()
        result.update({'clean_' + key: value for key, value in broker.start('raw').items()})
        return {'': result}
    return run


def _cold(log_bytes):
    """Reads of what lay there when the node started, by a consumer that comes first and by one that comes after it; a topic of its own warms both up."""
    def run(broker, _setting):
        def fill(topic, size):
            measure(broker, 'create', topic=topic, parts=1)
            filled = measure(broker, 'rawproduce', topic=topic, parts=1, conns=2, depth=4, records=64, size=1000, warm=0, secs=120, maxbytes=size)
            return filled['payload_bytes'] // 1000
        old = fill('old', log_bytes)
        broker.stop()
        broker.start()
        new = fill('new', log_bytes / 2)
        consume(broker, 'new', new, 1000)
        return {part: consume(broker, 'old', old, 1000, part) for part in ('first', 'again')}
    return run


def _cluster_start(broker, setting):
    result = dict(broker.first_start)
    time.sleep(3)
    used, at = machine.cpu(broker.pid), time.monotonic()
    time.sleep(setting.secs)
    result.update({'idle_cpu_ms_per_s': (machine.cpu(broker.pid) - used) * 1000 / (time.monotonic() - at),
                   'idle_rss_mb': machine.memory(broker.pid)['rss_mb']})
    result['stop_s'] = broker.stop()
    return {'': result}


def _cluster_produce(broker, setting):
    for topic in ('warm', 'bench'):
        measure(broker, 'create', topic=topic, parts=6, rf=3)
    produce(broker, 'warm', int(setting.secs * 4000), STANDARD, 1000)
    warm = produce(broker, 'warm', 100000, STANDARD, 1000)
    return {'': produce(broker, 'bench', max(100000, int(warm['msg_s'] * setting.secs)), STANDARD, 1000)}


def _cluster_latency(broker, setting):
    measure(broker, 'create', topic='lat', parts=6, rf=3)
    return {'': measure(broker, 'latency', topic='lat', rate=1000, size=1000, warm=8, secs=setting.secs, linger=0)}


def _killer(broker):
    def on_phase(words):
        if words[0] == 'kill':
            broker.kill(int(words[1]))
    return on_phase


def _cluster_kill(broker, _setting):
    measure(broker, 'create', topic='lead', parts=300, rf=3)
    measure(broker, 'insync', topic='lead')
    return {'': measure(broker, 'lead', topic='lead', parts=300, on_phase=_killer(broker))}


def _cluster_partitions(topics, each):
    def run(broker, _setting):
        result = {'create': measure(broker, 'create', topic='m', topics=topics, parts=each, rf=3)}
        result['create']['in_sync_s'] = measure(broker, 'insync', topic='m')['in_sync_s']
        time.sleep(2)
        used, at = machine.cpu(broker.pid), time.monotonic()
        time.sleep(5)
        result['create'].update({'idle_cpu_ms_per_s': (machine.cpu(broker.pid) - used) * 1000 / (time.monotonic() - at),
                                 'rss_after_mb': machine.memory(broker.pid)['rss_mb'], 'fds_after': machine.open_files(broker.pid)})
        killed = []
        result['controller'] = measure(broker, 'control', on_phase=lambda words: words[0] == 'kill' and (
            killed.append(int(words[1])), broker.kill(killed[0])))
        begun = time.monotonic()
        broker.launch(killed[0])
        broker.wait(killed[0], wire.names_brokers(3), begun + 240)
        result['restart'] = {'named_s': time.monotonic() - begun}
        measure(broker, 'insync', topic='m')
        result['restart']['in_sync_s'] = time.monotonic() - begun
        return result
    return run


class Workload:
    def __init__(self, run, about, least_files=0, heap=None, alone=False, properties=None, cluster=False):
        self.run, self.about, self.least_files = run, about, least_files
        self.cluster = cluster  # whether three nodes are measured, not one
        self.heap, self.alone = heap, alone  # the Java heap of our broker; whether Apache is left out
        self.properties = properties or {}  # by the name of the broker


_FORCED = {'millrace': {'millrace.log.acks.forced': 'true'}, 'kafka': {'log.flush.interval.messages': 1}}
_CLEANER_LOOKS_OFTEN = dict.fromkeys(('millrace', 'kafka'), {'log.cleaner.backoff.ms': 500})


TABLE = {
    'start': Workload(_start, 'start, idle CPU and memory, stop, clean restart'),
    'rawbig': Workload(_rawbig, '64 KB prebuilt batches, 4 sockets x 5 in flight, then prebuilt fetches'),
    'rawsmall': Workload(_rawsmall(), 'one 100 B record per request, 8 sockets x 4 in flight'),
    'rawlat': Workload(_rawlat, '2,000 requests/s of one 100 B record on one socket'),
    'latency': Workload(_latency, 'official client, 2,000 messages/s of 100 B, linger 0: send to acknowledgement'),
    'e2e': Workload(_e2e, 'official client, 1,000 messages/s of 100 B: send to consumed'),
    'produce1k': Workload(_official(STANDARD, 1000), 'ProducerPerformance 1 KB, batch 16K, linger 5; then ConsumerPerformance'),
    'produce100': Workload(_official(LARGE, 100), 'ProducerPerformance 100 B, batch 512K, linger 10; then ConsumerPerformance'),
    'default100': Workload(_official(STANDARD, 100, reads=False), 'ProducerPerformance 100 B, batch 16K, linger 5'),
    'lz4': Workload(_official(LZ4), 'ProducerPerformance, 1 KB JSON, lz4, batch 64K; then ConsumerPerformance'),
    'zstd': Workload(_official(ZSTD), 'the same with zstd'),
    'conns': Workload(_connections(1000), '1,000 connections idle, then 20 of them at 2,000 requests/s', least_files=2000),
    'parts500': Workload(_partitions(50, 10), '50 topics x 10 partitions: create, produce over all, restart', least_files=8000),
    'parts2000': Workload(_partitions(200, 10), '200 topics x 10 partitions', least_files=16000),
    'group': Workload(_group, '50 members join, one leaves, one joins; classic protocol'),
    'restart': Workload(_restart(1.5e9), '1.5 GB of log: kill -9 and restart; clean restart'),
    'restart2g': Workload(_restart(2e9), '2 GB of log, likewise'),
    'compact': Workload(_compact(5000000, 500000, 300), '5,000,000 records of 316 B with 500,000 keys become a compacted topic: what the cleaner uses',
                        properties=_CLEANER_LOOKS_OFTEN),
    'cold': Workload(_cold(2e9), '2 GB that lay there at the start: first read, and the same once more'),
    'idle10000': Workload(_idle(1000, 10), '10,000 partitions that nobody uses', least_files=16000),
}
FORCED = {
    'forced': Workload(_forced(32, 4), 'forced acks: one 1 KB record per request, 32 sockets x 4 in flight, 4 partitions', properties=_FORCED),
    'forcedone': Workload(_forced(16, 1), 'the same on 16 sockets and one partition', properties=_FORCED),
}
SETTLED = {
    'settledsmall': Workload(_rawsmall(settled=True), 'rawsmall, settled: 20 s of warm-up, a minute measured'),
    'settled1k': Workload(_official(STANDARD, 1000, settled=True), 'produce1k, settled'),
    'settled100': Workload(_official(LARGE, 100, settled=True), 'produce100, settled'),
    'settleddefault': Workload(_official(STANDARD, 100, reads=False, settled=True), 'default100, settled'),
    'settledlz4': Workload(_official(LZ4, settled=True), 'lz4, settled'),
    'settledzstd': Workload(_official(ZSTD, settled=True), 'zstd, settled'),
}
STRETCH = {
    'conns10000': Workload(_connections(10000), '10,000 connections', least_files=12000),
    'parts20000': Workload(_partitions(2000, 10), '20,000 partitions, 256 MB of heap, ours only', heap='256m', alone=True),
}
CLUSTER = {
    'c3start': Workload(_cluster_start, 'three nodes: ready from cold, idle CPU and memory', cluster=True),
    'c3produce': Workload(_cluster_produce, 'three nodes: ProducerPerformance 1 KB, acks=all, 6 partitions with 3 replicas', cluster=True),
    'c3latency': Workload(_cluster_latency, 'three nodes: official client, 1,000 messages/s of 1 KB, acks=all', cluster=True),
    'c3kill': Workload(_cluster_kill, 'three nodes: kill -9 of a node that leads 100 of 300 partitions', cluster=True),
    'c3parts10000': Workload(_cluster_partitions(200, 50), 'three nodes: 10,000 partitions, controller killed, node started again', least_files=16000,
                             cluster=True),
}
ALL = {**TABLE, **FORCED, **SETTLED, **STRETCH, **CLUSTER}
QUICK = ('start', 'produce1k', 'latency', 'rawsmall', 'rawbig')
SETS = {'table': tuple(TABLE), 'forces': tuple(FORCED), 'settled': tuple(SETTLED), 'stretch': tuple(STRETCH), 'cluster': tuple(CLUSTER),
        'all': tuple(TABLE) + tuple(FORCED) + tuple(SETTLED), 'quick': QUICK}
