"""What bench/producers and bench/consumers share: two clients in turn, each in processes of its own, against one broker."""
import argparse
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile

from brokers import HERE, ROOT, Apache, Millrace, resolve

HEAP = '512m'
FIGURES = [('records/s', 'recordsPerSecond'), ('client CPU, s/M records', 'cpuSecondsPerMillion'),
           ('bytes allocated/record', 'bytesAllocatedPerRecord'), ('first record, ms from JVM start', 'firstRecordMs')]


class Duel:
    """One comparison: its options, the Java program that is either client, and the broker; a context manager."""

    def __init__(self, command, about, programs, cases, records):
        self.command, self.cases = command, cases
        parser = argparse.ArgumentParser(
            prog=command, description=about, formatter_class=argparse.RawDescriptionHelpFormatter,
            epilog='Cases:\n' + '\n'.join('  %d  %s' % (number, case[0]) for number, case in enumerate(cases)))
        parser.add_argument('--rounds', type=int, default=3, help='pairs of clients per case, order alternating (default: 3)')
        parser.add_argument('--records', type=int, default=records, help='records of a measured part (default: {:,})'.format(records))
        parser.add_argument('--warm', type=int, default=3, help='parts of which only the last counts (default: 3)')
        parser.add_argument('--size', type=int, default=100, help='bytes of a value (default: 100)')
        parser.add_argument('--cases', default='', help='numbers of cases, such as 0,2 (default: all)')
        parser.add_argument('--apache', action='store_true', help='against Apache Kafka 4.4.0 instead of Millrace')
        parser.add_argument('--property', action='append', default=[], metavar='NAME=VALUE', help='a property of either client')
        parser.add_argument('--jvm', default='', metavar='OPTIONS', help='more options of the clients\' JVMs, as one word')
        parser.add_argument('--ours', default='', metavar='OPTIONS', help='more options of ./millrace start, as one word')
        parser.add_argument('--kafka-home', default=os.path.join(ROOT, 'bench', 'target', 'kafka'), help="where Apache Kafka's jars are kept")
        self.options = parser.parse_args()
        self.programs = programs
        self.ours, self.home = self.options.ours, self.options.kafka_home  # what a broker asks of its setting
        self.scratch = None
        self.broker = None

    def __enter__(self):
        jar = os.path.join(ROOT, 'cli', 'target', 'millrace.jar')
        if not os.path.isfile(jar):
            raise SystemExit(self.command + ': there is no cli/target/millrace.jar; build first: mvn -q package -DskipTests')
        home = os.environ.get('JAVA_HOME') or subprocess.run(
            [os.path.join(ROOT, 'jdk25')], capture_output=True, text=True, check=True).stdout.strip()
        self.java, self.javac = os.path.join(home, 'bin', 'java'), os.path.join(home, 'bin', 'javac')
        resolve(self.home, ('client', 'broker') if self.options.apache else ('client',))
        self.class_path = jar + ':' + os.path.join(self.home, 'client', '*')
        self.scratch = tempfile.mkdtemp(prefix='duel-')
        try:
            self.compile()
            self.broker = (Apache if self.options.apache else Millrace)(self, heap=HEAP)
            self.broker.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def compile(self):
        done = subprocess.run(
            [self.javac, '-nowarn', '-proc:none', '-cp', self.class_path, '-d', self.scratch]
            + [os.path.join(HERE, 'load', program + '.java') for program in self.programs], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(self.command + ': the clients do not compile:\n' + done.stderr)

    def __exit__(self, *_):
        if self.broker:
            self.broker.stop()
        shutil.rmtree(self.scratch)

    def topic(self, name, partitions):
        subprocess.run([os.path.join(ROOT, 'millrace'), 'topic', 'create', name, '-p', str(partitions), '-b', self.broker.address],
                       check=True, stdout=subprocess.DEVNULL)

    def run(self, program, client, arguments):
        """The figures of each part."""
        done = subprocess.run(
            [self.java, '-Xmx' + HEAP, '-XX:+UseG1GC', '-XX:+UseCompactObjectHeaders', '--enable-native-access=ALL-UNNAMED']
            + shlex.split(self.options.jvm.replace('{client}', client))
            + ['-cp', self.scratch + ':' + self.class_path, program, client, self.broker.address] + [str(each) for each in arguments],
            capture_output=True, text=True)
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{')]
        if done.returncode != 0 or not lines:
            raise SystemExit('%s: %s failed:\n%s' % (self.command, client, done.stderr[-2000:]))
        return lines

    def chosen(self):
        numbers = [int(each) for each in self.options.cases.split(',') if each] or range(len(self.cases))
        return [(number, self.cases[number]) for number in numbers]

    def compare(self, name, once):
        """Prints the rows of a case; once(client, round) gives the figures of one process."""
        pairs = []
        for round_number in range(self.options.rounds):
            order = ['official', 'ours'] if round_number % 2 == 0 else ['ours', 'official']
            pairs.append({client: once(client, round_number) for client in order})
        for title, key in FIGURES:
            ratios = [pair['ours'][key] / pair['official'][key] for pair in pairs]
            ours, official = (statistics.median(pair[who][key] for pair in pairs) for who in ('ours', 'official'))
            print('| %s | %s | %s | %s | %.2f [%.2f, %.2f] |' % (
                name, title, number_text(ours), number_text(official), statistics.median(ratios), min(ratios), max(ratios)))
        sys.stdout.flush()


def heading():
    print('| case | figure | ours | official | ratio [least, most] |\n| --- | --- | --- | --- | --- |', flush=True)


def number_text(number):
    return '{:,.0f}'.format(number) if number >= 1000 else '{:.4g}'.format(number)
