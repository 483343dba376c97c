"""The rows of the table: which figure of which workload, and the ratio ours / Apache's that is to be reached.

A row is (workload, figure, label, unit, reach, stretch). A positive target is at least that ratio, a negative one is at
most its absolute value; None is no target."""

_CPU_GB = 'server CPU, s/GB'


def _produce(name, reads=True):
    rows = [(name, 'produce.mb_s', 'produce', 'MB/s', 1.05, None), (name, 'produce.broker_cpu_s_per_gb', 'produce: ' + _CPU_GB, '', -0.4, -0.2)]
    if reads:
        rows.append((name, 'consume.broker_cpu_s_per_gb', 'consume: ' + _CPU_GB, '', -0.5, None))
    return rows


def _connections(name):
    return [(name, 'p99_ms', 'p99', 'ms', -0.5, None), (name, 'idle_conns_cpu_ms_per_s', 'idle CPU', 'ms/s', -0.5, None),
            (name, 'rss_kb_per_conn', 'memory per connection', 'KB', -0.5, None)]


def _partitions(name, fresh=False):
    return [(name, 'create.create_usable_s', 'create until usable', 's', -0.3, None),
            (name, 'produce.msg_s', 'first records to fresh partitions', '/s', 20 if fresh else None, None),
            (name, 'produce.broker_cpu_us_per_msg', 'their server CPU', 'us each', -0.05 if fresh else None, None),
            (name, 'restart.ready_produce_s', 'clean restart until a record is taken', 's', -0.2, None),
            (name, 'create.rss_after_mb', 'RSS', 'MB', -0.3, None), (name, 'create.fds_after', 'open files', '', -0.3, None)]


ROWS = [
    ('rawbig', 'produce.mb_s', 'produce', 'MB/s', 2, 3),
    ('rawbig', 'produce.broker_cpu_s_per_gb', 'produce: ' + _CPU_GB, '', -0.4, -0.25),
    ('rawbig', 'fetch.broker_cpu_s_per_gb', 'fetch: ' + _CPU_GB, '', -0.8, -0.5),
    ('rawbig', 'fetch.mb_s', 'fetch', 'MB/s', 1.2, None),
    ('rawsmall', 'req_s', 'requests', '/s', 2.5, 4),
    ('rawsmall', 'broker_cpu_us_per_req', 'server CPU per request', 'us', -0.3, -0.2),
    ('settledsmall', 'req_s', 'requests', '/s', 2.5, 4),
    ('settledsmall', 'broker_cpu_us_per_req', 'server CPU per request', 'us', -0.3, -0.2),
    ('rawlat', 'broker_cpu_us_per_req', 'server CPU per request', 'us', -0.2, -0.1),
    ('rawlat', 'p99_ms', 'p99', 'ms', -0.5, None),
    ('rawlat', 'p99_9_ms', 'p99.9', 'ms', -0.5, None),
    *[row for name in ('forced', 'forcedone') for row in (
        (name, 'req_s', 'requests', '/s', 5, None), (name, 'broker_cpu_us_per_req', 'server CPU per request', 'us', -0.3, None),
        (name, 'p99_ms', 'p99', 'ms', -0.5, None))],
    *[row for name in ('latency', 'e2e') for row in (
        (name, 'p50_ms', 'p50', 'ms', -0.8, None), (name, 'p99_ms', 'p99', 'ms', -0.5, None),
        (name, 'broker_cpu_us_per_msg', 'server CPU per message', 'us', -0.5, None))],
    *[row for name in ('produce1k', 'settled1k', 'produce100', 'settled100') for row in _produce(name)],
    *[row for name in ('default100', 'settleddefault') for row in _produce(name, reads=False)],
    *[row for name in ('lz4', 'settledlz4', 'zstd', 'settledzstd') for row in _produce(name)],
    *_connections('conns'), *_connections('conns10000'),
    *_partitions('parts500'), *_partitions('parts2000', fresh=True), *_partitions('parts20000'),
    ('group', 'classic.join_s', '50 members join', 's', -0.5, None),
    ('group', 'classic.join_one_s', 'one joins', 's', -1, None),
    ('group', 'classic.leave_s', 'one leaves', 's', -1, None),
    ('restart', 'kill_ready_produce_s', 'ready after kill -9', 's', -0.15, -0.05),
    ('restart', 'clean_ready_produce_s', 'ready after a clean stop', 's', -0.15, -0.05),
    ('restart2g', 'kill_ready_produce_s', 'ready after kill -9 with 2 GB', 's', -0.5, None),
    ('cold', 'first.broker_cpu_s_per_gb', 'first read after a start: ' + _CPU_GB, '', None, None),
    ('cold', 'again.broker_cpu_s_per_gb', 'the same once more: ' + _CPU_GB, '', None, None),
    ('compact', 'cleaner_cpu_s_per_gb', 'compaction: ' + _CPU_GB, '', -0.7, None),
    ('compact', 'took_s', 'compaction', 's', None, None),
    ('idle10000', 'create_usable_s', '10,000 partitions until usable', 's', -0.5, None),
    ('idle10000', 'rss_after_mb', 'RSS', 'MB', -0.3, None),
    ('idle10000', 'fds_after', 'open files', '', -0.3, None),
    ('idle10000', 'idle_cpu_ms_per_s', 'idle CPU', 'ms/s', None, None),
    ('c3start', 'ready_s', 'three nodes ready', 's', -0.3, None),
    ('c3start', 'start_cpu_s', 'CPU until ready', 's', None, None),
    ('c3start', 'idle_rss_mb', 'idle RSS of all', 'MB', None, None),
    ('c3start', 'idle_cpu_ms_per_s', 'idle CPU of all', 'ms/s', None, None),
    ('c3start', 'stop_s', 'all stopped', 's', None, None),
    ('c3produce', 'mb_s', 'produce, 3 replicas', 'MB/s', 1.3, None),
    ('c3produce', 'broker_cpu_s_per_gb', 'CPU of all nodes, s/GB', '', -0.6, None),
    ('c3latency', 'p99_ms', '1 KB at 1,000/s: p99', 'ms', -0.7, None),
    ('c3latency', 'p50_ms', 'the same: p50', 'ms', None, None),
    ('c3latency', 'broker_cpu_us_per_msg', 'CPU of all nodes per message', 'us', None, None),
    ('c3kill', 'unavailable_s', 'after kill -9 of a leader: without acknowledgement', 's', -0.5, None),
    ('c3kill', 'others_unavailable_s', 'the same, partitions led elsewhere', 's', None, None),
    ('c3parts10000', 'create.create_usable_s', 'create until usable', 's', -0.5, None),
    ('c3parts10000', 'controller.unavailable_s', 'active controller killed: until topics are made', 's', -0.5, None),
    ('c3parts10000', 'restart.in_sync_s', 'node started again: until all replicas are in sync', 's', -0.5, None),
    ('c3parts10000', 'create.rss_after_mb', 'RSS of all', 'MB', None, None),
    ('c3parts10000', 'create.idle_cpu_ms_per_s', 'idle CPU of all', 'ms/s', None, None),
    ('start', 'ready_metadata_s', 'ready', 's', -0.2, None),
    ('start', 'start_cpu_s', 'CPU until ready', 's', -0.2, None),
    ('start', 'idle_rss_mb', 'idle RSS', 'MB', -0.25, None),
    ('start', 'idle_cpu_ms_per_s', 'idle CPU', 'ms/s', -0.1, None),
]
# Stretch goals that are figures of our own and no ratios: at most so much.
AT_MOST = {('start', 'ready_metadata_s'): 0.25, ('start', 'idle_rss_mb'): 70}
