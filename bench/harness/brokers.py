"""The two brokers: ours from this checkout, Apache Kafka from jars that Maven fetched and verified."""
import os
import shlex
import shutil
import signal
import subprocess
import time

import machine
import wire

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PEERS = os.path.join(HERE, 'peers')
READY_WITHIN = 240
STOPS_WITHIN = 60


def resolve(home, parts=('broker', 'tools', 'client')):
    """Puts the pinned jars of these parts under home; done once per version of the pom files."""
    for part in parts:
        pom, done = os.path.join(PEERS, part + '.pom.xml'), os.path.join(home, part + '.resolved')
        with open(pom) as file:
            wanted = file.read()
        if os.path.exists(done):
            with open(done) as file:
                if file.read() == wanted:
                    continue
        if not shutil.which('mvn'):
            raise SystemExit('bench/compare: Maven is needed to fetch Apache Kafka, and there is no mvn on the PATH.')
        print(f'fetching Apache Kafka with Maven: {part} ...', flush=True)
        folder = os.path.join(home, part)
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        result = subprocess.run(
            ['mvn', '-q', '-B', '--strict-checksums', '-f', pom, 'org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies',
             '-DincludeScope=runtime', '-DoutputDirectory=' + folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if result.returncode != 0:
            raise SystemExit('bench/compare: Maven could not fetch Apache Kafka:\n' + result.stdout[-3000:])
        with open(done, 'w') as file:
            file.write(wanted)


class Broker:
    """One broker process on an empty data directory; start, stop and start again on the same port and data."""
    name = ''

    def __init__(self, setting, heap=None, properties=None):
        self.setting = setting
        self.heap = heap
        self.properties = properties or {}  # of this broker in this workload
        self.data = os.path.join(setting.scratch, 'data-' + self.name)
        shutil.rmtree(self.data, ignore_errors=True)
        os.makedirs(self.data)
        self.port = wire.free_port()
        self.address = f'127.0.0.1:{self.port}'
        self.process = None
        self.log = None
        self.prepare()

    def prepare(self):
        """What is done before the timed start."""

    def command(self):
        raise NotImplementedError

    def environment(self):
        return dict(os.environ)

    def start(self, topic=None):
        """Seconds until it answers ApiVersions, Metadata, and (with a topic) takes a record; CPU seconds until then."""
        self.log = open(os.path.join(self.setting.scratch, self.name + '.log'), 'ab')
        begun = time.monotonic()
        self.process = subprocess.Popen(self.command(), stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL,
                                        start_new_session=True, env=self.environment())
        alive = lambda: self.process.poll() is None
        deadline = begun + READY_WITHIN
        times = {'ready_api_s': wire.wait_until(self.port, wire.answers_api_versions, deadline, alive) - begun,
                 'ready_metadata_s': wire.wait_until(self.port, wire.names_a_broker, deadline, alive) - begun}
        if topic:
            times['ready_produce_s'] = wire.wait_until(self.port, wire.takes_a_record(topic), deadline, alive) - begun
        times['start_cpu_s'] = machine.cpu(self.pid)
        return times

    @property
    def pid(self):
        return self.process.pid

    def stop(self, how=signal.SIGTERM):
        """Seconds until it has ended. Only the process group that start() made is ever signalled."""
        if not self.process or self.process.poll() is not None:
            return 0.0
        begun = time.monotonic()
        if how == signal.SIGKILL:
            os.killpg(self.pid, signal.SIGKILL)
        else:
            os.kill(self.pid, how)
        try:
            self.process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self.process.wait()
        self.log.close()
        return time.monotonic() - begun


class Millrace(Broker):
    name = 'millrace'

    def command(self):
        return [os.path.join(ROOT, 'millrace'), 'start', '--data', os.path.join(self.data, 'log'), '--listen', self.address,
                '--set', 'group.initial.rebalance.delay.ms=0', '--set', 'millrace.metrics.address='] + [
                    word for key, value in self.properties.items() for word in ('--set', f'{key}={value}')] + shlex.split(self.setting.ours)

    def environment(self):
        environment = dict(os.environ)
        if self.heap:
            environment['MILLRACE_JVM_OPTS'] = (environment.get('MILLRACE_JVM_OPTS', '') + f' -Xmx{self.heap}').strip()
        return environment


class Apache(Broker):
    """One combined KRaft node with the flags and settings of Kafka's stock start script and server.properties, but for
    replication factors of 1 and no initial rebalance delay (which would only add to its join time)."""
    name = 'kafka'

    def prepare(self):
        controller = f'127.0.0.1:{wire.free_port()}'
        both = f'PLAINTEXT://{self.address},CONTROLLER://{controller}'
        settings = {
            'process.roles': 'broker,controller', 'node.id': 1, 'controller.quorum.bootstrap.servers': controller,
            'listeners': both, 'advertised.listeners': both, 'inter.broker.listener.name': 'PLAINTEXT',
            'controller.listener.names': 'CONTROLLER', 'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
            'num.network.threads': 3, 'num.io.threads': 8, 'socket.send.buffer.bytes': 102400, 'socket.receive.buffer.bytes': 102400,
            'socket.request.max.bytes': 104857600, 'log.dirs': os.path.join(self.data, 'log'), 'num.partitions': 1,
            'num.recovery.threads.per.data.dir': 1, 'offsets.topic.replication.factor': 1,
            'share.coordinator.state.topic.replication.factor': 1, 'share.coordinator.state.topic.min.isr': 1,
            'transaction.state.log.replication.factor': 1, 'transaction.state.log.min.isr': 1, 'log.retention.hours': 168,
            'log.segment.bytes': 1073741824, 'log.retention.check.interval.ms': 300000, 'group.initial.rebalance.delay.ms': 0}
        settings.update(self.properties)
        self.file = os.path.join(self.data, 'server.properties')
        with open(self.file, 'w') as file:
            file.writelines(f'{key}={value}\n' for key, value in settings.items())
        os.makedirs(os.path.join(self.data, 'applog'))
        result = subprocess.run(
            [self.setting.java, '-Xmx256M', '-Dlog4j2.configurationFile=' + os.path.join(PEERS, 'client-log4j2.properties'), '-cp', self.jars(),
             'kafka.tools.StorageTool', 'format', '--standalone', '-t', 'MkU3OEVBNTcwNTJENDM2Qg', '-c', self.file],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if result.returncode != 0:
            raise RuntimeError('formatting of Apache Kafka failed: ' + result.stdout[-1000:])

    def jars(self):
        return os.path.join(self.setting.home, 'broker', '*')

    def command(self):
        return apache_command(self.setting, os.path.join(self.data, 'applog'), self.file)


def apache_command(setting, logs, properties):
    """What Kafka's stock start script runs, with these folders and this file."""
    return [setting.java, '-Xmx1G', '-Xms1G', '-server', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20', '-XX:InitiatingHeapOccupancyPercent=35',
            '-XX:+ExplicitGCInvokesConcurrent', '-Djava.awt.headless=true',
            f'-Xlog:gc*:file={logs}/kafkaServer-gc.log:time,tags:filecount=10,filesize=100M', '-Dcom.sun.management.jmxremote=true',
            '-Dcom.sun.management.jmxremote.authenticate=false', '-Dcom.sun.management.jmxremote.ssl=false', '-Dkafka.logs.dir=' + logs,
            '-Dlog4j2.configurationFile=' + os.path.join(PEERS, 'server-log4j2.yaml'), '-cp', os.path.join(setting.home, 'broker', '*'),
            'kafka.Kafka', properties]
