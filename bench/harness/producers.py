"""Our producer beside the official one, in turn against the same broker: bench/producers."""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PEERS = os.path.join(ROOT, 'bench', 'target', 'peers', 'producers')

CASES = [
    # name, partitions, keys, properties
    ('one partition', 1, 0, []),
    ('six partitions', 6, 0, []),
    ('six partitions, keys', 6, 1000, []),
    ('six partitions, lz4', 6, 0, ['compression.type=lz4']),
    ('six partitions, zstd', 6, 0, ['compression.type=zstd']),
]


def parse():
    parser = argparse.ArgumentParser(
        prog='bench/producers', description='Records of one thread as fast as they go, by both clients against one Millrace broker.')
    parser.add_argument('--rounds', type=int, default=3, help='pairs of clients per case, order alternating (default: 3)')
    parser.add_argument('--records', type=int, default=1_500_000, help='records of a measured part (default: 1,500,000)')
    parser.add_argument('--warm', type=int, default=3, help='parts of which only the last counts (default: 3)')
    parser.add_argument('--size', type=int, default=100, help='bytes of a value (default: 100)')
    parser.add_argument('--cases', default='', help='numbers of cases from 0, such as 0,2 (default: all)')
    parser.add_argument('--bootstrap', default='', help='a broker that runs, instead of a Millrace that is started here')
    return parser.parse_args()


def jars():
    if not os.path.isdir(PEERS):
        subprocess.run(
            ['mvn', '-q', '-B', '--strict-checksums', '-f', os.path.join(HERE, 'peers', 'client.pom.xml'),
             'org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies', '-DoutputDirectory=' + PEERS], check=True)
    ours = os.path.join(ROOT, 'cli', 'target', 'millrace.jar')
    if not os.path.isfile(ours):
        raise SystemExit('bench/producers: there is no cli/target/millrace.jar; build first: mvn -q package -DskipTests')
    return ours + ':' + ':'.join(sorted(os.path.join(PEERS, each) for each in os.listdir(PEERS)))


def java(name):
    home = os.environ.get('JAVA_HOME') or subprocess.run(
        [os.path.join(ROOT, 'jdk25')], capture_output=True, text=True, check=True).stdout.strip()
    return os.path.join(home, 'bin', name)


def free_port():
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        return taken.getsockname()[1]


class Broker:
    """A Millrace on an empty directory."""

    def __init__(self, scratch):
        port = free_port()
        self.bootstrap = '127.0.0.1:%d' % port
        self.log = open(os.path.join(scratch, 'broker.log'), 'w+')
        self.process = subprocess.Popen(
            [os.path.join(ROOT, 'millrace'), 'start', '--listen', self.bootstrap, '--data', os.path.join(scratch, 'data')],
            stdout=self.log, stderr=subprocess.STDOUT, env=dict(os.environ, MILLRACE_JVM_OPTS='-Xmx512m'))
        for _ in range(300):
            time.sleep(0.1)
            with open(self.log.name) as said:
                if ' ready in ' in said.read():
                    return
        raise SystemExit('bench/producers: the broker did not come up')

    def stop(self):
        self.process.terminate()
        self.process.wait()


def run_client(class_path, classes, client, bootstrap, topic, options, keys, properties):
    done = subprocess.run(
        [java('java'), '-Xmx512m', '-XX:+UseG1GC', '-XX:+UseCompactObjectHeaders', '--enable-native-access=ALL-UNNAMED',
         '-cp', classes + ':' + class_path, 'ProducerDuel', client, bootstrap, topic, str(options.records), str(options.warm),
         str(options.size), str(keys)] + properties,
        capture_output=True, text=True)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{')]
    if done.returncode != 0 or len(lines) != options.warm:
        raise SystemExit('bench/producers: %s failed:\n%s' % (client, done.stderr[-2000:]))
    return lines[-1]


def main():
    options = parse()
    class_path = jars()
    scratch = tempfile.mkdtemp(prefix='producers-')
    try:
        subprocess.run([java('javac'), '-nowarn', '-proc:none', '-cp', class_path, '-d', scratch,
                        os.path.join(HERE, 'load', 'ProducerDuel.java')], check=True)
        broker = None if options.bootstrap else Broker(scratch)
        bootstrap = options.bootstrap or broker.bootstrap
        chosen = [int(each) for each in options.cases.split(',') if each] or range(len(CASES))
        figures = [('records/s', 'recordsPerSecond'), ('client CPU, s/M records', 'cpuSecondsPerMillion'),
                   ('bytes allocated/record', 'bytesAllocatedPerRecord'), ('first record, ms from JVM start', 'firstRecordMs')]
        print('| case | figure | ours | official | ratio [least, most] |\n| --- | --- | --- | --- | --- |')
        try:
            for number in chosen:
                name, partitions, keys, properties = CASES[number]
                pairs = []
                for round_number in range(options.rounds):
                    topic = 'duel-%d-%d' % (number, round_number)
                    subprocess.run([os.path.join(ROOT, 'millrace'), 'topic', 'create', topic, '-p', str(partitions), '-b', bootstrap],
                                   check=True, stdout=subprocess.DEVNULL)
                    order = ['official', 'ours'] if round_number % 2 == 0 else ['ours', 'official']
                    pairs.append({client: run_client(class_path, scratch, client, bootstrap, topic, options, keys, properties)
                                  for client in order})
                for title, key in figures:
                    ratios = [pair['ours'][key] / pair['official'][key] for pair in pairs]
                    ours, official = (statistics.median(pair[who][key] for pair in pairs) for who in ('ours', 'official'))
                    print('| %s | %s | %s | %s | %.2f [%.2f, %.2f] |' % (
                        name, title, number_text(ours), number_text(official), statistics.median(ratios), min(ratios), max(ratios)))
                sys.stdout.flush()
        finally:
            if broker:
                broker.stop()
    finally:
        shutil.rmtree(scratch)


def number_text(number):
    return '{:,.0f}'.format(number) if number >= 1000 else '{:.4g}'.format(number)


main()
