"""Clients that load a broker, and the CPU that broker, client and everything else used meanwhile."""
import json
import os
import random
import re
import subprocess
import time

import machine
from brokers import HERE, PEERS

LOGGING = '-Dlog4j2.configurationFile=' + os.path.join(PEERS, 'client-log4j2.properties')
PAYLOAD_RECORDS = 1000


class Window:
    """CPU between two moments."""

    def __init__(self, broker):
        self.broker = broker
        self.begun = time.monotonic()
        self.cpu = machine.cpu(broker.pid)
        self.busy = machine.busy()

    def end(self, client_cpu):
        seconds = time.monotonic() - self.begun
        used = machine.cpu(self.broker.pid) - self.cpu
        return {'broker_cpu_s': used, 'broker_cpu_share': used / seconds, 'window_s': seconds, 'client_cpu_s': client_cpu,
                'peak_rss_mb': machine.memory(self.broker.pid)['peak_rss_mb'],
                'foreign_cpu_share': max(0.0, (machine.busy() - self.busy - used - client_cpu) / seconds)}


def per_unit(result):
    """Adds CPU per GB of payload, per request and per message."""
    if result.get('payload_bytes'):
        result['broker_cpu_s_per_gb'] = result['broker_cpu_s'] / (result['payload_bytes'] / 1e9)
        result['client_cpu_s_per_gb'] = result['client_cpu_s'] / (result['payload_bytes'] / 1e9)
    requests = result.get('requests') or result.get('req_s', 0) * result['window_s']
    if requests:
        result['broker_cpu_us_per_req'] = result['broker_cpu_s'] * 1e6 / requests
    if result.get('msg_s'):
        result['broker_cpu_us_per_msg'] = result['broker_cpu_s'] * 1e6 / (result['msg_s'] * result.get('secs', result['window_s']))
    return result


def compile_driver(setting):
    result = subprocess.run([setting.javac, '-nowarn', '-d', setting.classes, '-cp', os.path.join(setting.home, 'client', '*'),
                             os.path.join(HERE, 'load', 'Driver.java')], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0:
        raise SystemExit('bench/compare: the load driver does not compile:\n' + result.stdout)


def driver(broker, command, on_phase=None, **options):
    """Runs one command of Driver.java; CPU is taken between its PHASE begin and PHASE end. on_phase gets the words of every PHASE."""
    setting = broker.setting
    arguments = [setting.java, '-Xmx1g', '-XX:+UseParallelGC', '-XX:MaxDirectMemorySize=1g', LOGGING, '-cp',
                 setting.classes + os.pathsep + os.path.join(setting.home, 'client', '*'), 'Driver', command, 'bootstrap=' + broker.address]
    arguments += [f'{key}={value}' for key, value in options.items()]
    result, phases, window, client_cpu, told = {}, {}, None, 0.0, False
    with open(os.path.join(setting.scratch, 'client.log'), 'ab') as log:
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            for line in process.stdout:
                if line.startswith('PHASE '):
                    name = line.split()[1]
                    if name == 'begin':
                        window, client_cpu = Window(broker), machine.cpu(process.pid)
                    elif name == 'end' and window:
                        result.update(window.end(machine.cpu(process.pid) - client_cpu))
                    if on_phase:
                        on_phase(line.split()[1:])
                    phases[name] = {'at': time.monotonic(), 'cpu': machine.cpu(broker.pid), **machine.memory(broker.pid)}
                elif line.startswith('RESULT '):
                    result.update(json.loads(line[7:]))
                    told = True
        finally:
            if process.poll() is None:
                try:
                    process.wait(20 if told else 0.1)
                except subprocess.TimeoutExpired:
                    process.kill()
            process.wait()
    if process.returncode != 0 or not told:
        with open(os.path.join(setting.scratch, 'client.log'), 'rb') as log:
            raise RuntimeError(f'driver {command} failed: ' + log.read()[-600:].decode(errors='replace'))
    return (per_unit(result) if 'broker_cpu_s' in result else result), phases


def measure(broker, command, on_phase=None, **options):
    return driver(broker, command, on_phase, **options)[0]


def _tool(broker, name, arguments):
    setting = broker.setting
    command = [setting.java, '-Xmx512M', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20', '-XX:InitiatingHeapOccupancyPercent=35',
               '-XX:+ExplicitGCInvokesConcurrent', '-Djava.awt.headless=true', LOGGING, '-cp', os.path.join(setting.home, 'tools', '*'),
               'org.apache.kafka.tools.' + name] + arguments
    window = Window(broker)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
    finally:
        if process.returncode is None:
            process.kill()
            process.wait()
    if status != 0:
        raise RuntimeError(f'{name} failed: {text[-1500:]}')
    return text, window.end(usage.ru_utime + usage.ru_stime)


def produce(broker, topic, records, properties, size=None, file=None):
    """Apache Kafka's ProducerPerformance, as fast as it can."""
    arguments = ['--bootstrap-server', broker.address, '--topic', topic, '--num-records', str(records), '--throughput', '-1']
    arguments += ['--record-size', str(size)] if size else ['--payload-file', file]
    text, result = _tool(broker, 'ProducerPerformance', arguments + ['--command-property'] + [f'{key}={value}' for key, value in properties.items()])
    last = [line for line in text.splitlines() if 'records sent' in line][-1]
    found = re.search(r'(\d+) records sent, ([\d.]+) records/sec.*?([\d.]+) ms avg latency, ([\d.]+) ms max latency'
                      r'(?:, (\d+) ms 50th, (\d+) ms 95th, (\d+) ms 99th, (\d+) ms 99.9th)?', last).groups()
    payload = size or average_payload(file)
    result.update({'msg_s': float(found[1]), 'mb_s': float(found[1]) * payload / 1e6, 'avg_ms': float(found[2]), 'max_ms': float(found[3]),
                   'payload_bytes': int(found[0]) * payload, 'secs': int(found[0]) / float(found[1])})
    if found[4]:
        result.update(zip(('p50_ms', 'p95_ms', 'p99_ms', 'p99_9_ms'), map(int, found[4:])))
    return per_unit(result)


def consume(broker, topic, records, size, group='perf'):
    """Apache Kafka's ConsumerPerformance."""
    text, result = _tool(broker, 'ConsumerPerformance', ['--bootstrap-server', broker.address, '--topic', topic, '--num-records', str(records),
                                                         '--timeout', '30000', '--group', group + '-' + topic])
    row = [field.strip() for field in [line for line in text.splitlines() if re.match(r'\d{4}-', line)][-1].split(',')]
    read, seconds = int(row[4]), int(row[7]) / 1000
    if read < records:
        raise RuntimeError(f'consumed {read} of {records}')
    result.update({'msg_s': read / seconds, 'mb_s': read * size / seconds / 1e6, 'payload_bytes': read * size, 'secs': seconds})
    return per_unit(result)


def payload_file(setting):
    """JSON-like records of about 1 KB that compress as such events do; always the same ones."""
    path = os.path.join(setting.scratch, 'payload.txt')
    if os.path.exists(path):
        return path
    chance = random.Random(42)
    words = [''.join(chance.choice('abcdefghijklmnopqrstuvwxyz') for _ in range(chance.randint(3, 9))) for _ in range(400)]
    with open(path, 'w') as file:
        for number in range(PAYLOAD_RECORDS):
            event = {'id': f'{chance.getrandbits(128):032x}', 'ts': 1700000000000 + number * 137, 'user': chance.randint(1, 10**6),
                     'session': f'{chance.getrandbits(64):016x}', 'type': chance.choice(['view', 'click', 'purchase', 'search']),
                     'price': round(chance.random() * 1000, 2), 'url': '/' + '/'.join(chance.choice(words) for _ in range(5)),
                     'agent': 'Mozilla/5.0 (X11; Linux x86_64) ' + chance.choice(words), 'tags': [chance.choice(words) for _ in range(12)],
                     'text': ' '.join(chance.choice(words) for _ in range(80))}
            file.write(json.dumps(event)[:1024] + '\n')
    return path


def average_payload(path):
    with open(path, 'rb') as file:
        lines = [line for line in file.read().split(b'\n') if line]
    return sum(map(len, lines)) / len(lines)
