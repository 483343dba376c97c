"""Clusters of three combined nodes: the same properties for ours and for Apache Kafka, each node a process of its own."""
import os
import shutil
import signal
import subprocess
import time

import machine
import wire
from brokers import PEERS, READY_WITHIN, ROOT, STOPS_WITHIN, apache_command

NODES = (1, 2, 3)
CLUSTER_ID = 'MkU3OEVBNTcwNTJENDM2Qg'


class Cluster:
    """Three nodes on empty data directories. `pid` are those of all nodes that run, so that CPU and memory are sums over them."""
    name = ''

    def __init__(self, setting, heap=None, properties=None):
        self.setting, self.heap = setting, heap
        self.data = os.path.join(setting.scratch, 'data-' + self.name)
        shutil.rmtree(self.data, ignore_errors=True)
        os.makedirs(self.data)
        self.ports = dict(zip(NODES, wire.free_ports(len(NODES))))
        controllers = dict(zip(NODES, wire.free_ports(len(NODES))))
        self.address = ','.join(f'127.0.0.1:{port}' for port in self.ports.values())
        self.processes, self.logs = {}, {}
        voters = ','.join(f'{node}@127.0.0.1:{port}' for node, port in controllers.items())
        for node in NODES:
            self._write(node, {
                'process.roles': 'broker,controller', 'node.id': node, 'controller.quorum.voters': voters,
                'listeners': f'PLAINTEXT://127.0.0.1:{self.ports[node]},CONTROLLER://127.0.0.1:{controllers[node]}',
                'advertised.listeners': f'PLAINTEXT://127.0.0.1:{self.ports[node]}', 'inter.broker.listener.name': 'PLAINTEXT',
                'controller.listener.names': 'CONTROLLER', 'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
                'log.dirs': os.path.join(self.folder(node), 'log'), 'num.partitions': 1, 'default.replication.factor': 3, 'min.insync.replicas': 2,
                'offsets.topic.replication.factor': 3, 'group.initial.rebalance.delay.ms': 0, **self.own_properties(), **(properties or {})})
            self.format(node)

    def folder(self, node):
        return os.path.join(self.data, f'node-{node}')

    def file(self, node):
        return os.path.join(self.folder(node), 'server.properties')

    def _write(self, node, properties):
        os.makedirs(os.path.join(self.folder(node), 'applog'))
        with open(self.file(node), 'w') as file:
            file.writelines(f'{key}={value}\n' for key, value in properties.items())

    def own_properties(self):
        """What only this program is told."""
        raise NotImplementedError

    def format(self, node):
        """Formats the node's directory, before the timed start."""
        command = self.format_command(node)
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.environment())
        if result.returncode != 0:
            raise RuntimeError(f'formatting of node {node} failed: ' + result.stdout[-1000:])

    def format_command(self, node):
        raise NotImplementedError

    def command(self, node):
        raise NotImplementedError

    def environment(self):
        return dict(os.environ)

    @property
    def pid(self):
        return tuple(process.pid for process in self.processes.values() if process.poll() is None)

    def launch(self, node):
        """Starts one node, without waiting for it."""
        self.logs[node] = open(os.path.join(self.setting.scratch, self.name + '.log'), 'ab')
        self.processes[node] = subprocess.Popen(self.command(node), stdout=self.logs[node], stderr=self.logs[node], stdin=subprocess.DEVNULL,
                                                start_new_session=True, env=self.environment())

    def wait(self, node, probe, deadline):
        """Monotonic seconds when the probe first succeeded on the node."""
        return wire.wait_until(self.ports[node], probe, deadline, lambda: self.processes[node].poll() is None)

    def start(self, topic=None):
        """Seconds until every node names all three brokers; CPU seconds of all until then."""
        begun = time.monotonic()
        for node in NODES:
            self.launch(node)
        ready = max(self.wait(node, wire.names_brokers(len(NODES)), begun + READY_WITHIN) for node in NODES)
        return {'ready_s': ready - begun, 'start_cpu_s': machine.cpu(self.pid)}

    def kill(self, node):
        """As a crash of the process: kill -9."""
        os.killpg(self.processes[node].pid, signal.SIGKILL)
        self.processes[node].wait()
        self.logs[node].close()

    def stop(self, how=signal.SIGTERM):
        """Seconds until all have ended. Only process groups that launch() made are ever signalled."""
        begun = time.monotonic()
        running = [process for process in self.processes.values() if process.poll() is None]
        for process in running:
            os.kill(process.pid, how)
        for process in running:
            try:
                process.wait(max(0.1, begun + STOPS_WITHIN - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        for log in self.logs.values():
            log.close()
        return time.monotonic() - begun


class MillraceCluster(Cluster):
    name = 'millrace'

    def own_properties(self):
        return {'millrace.metrics.address': ''}

    def format_command(self, node):
        return [os.path.join(ROOT, 'millrace'), 'format', '-c', self.file(node), '-t', CLUSTER_ID]

    def command(self, node):
        return [os.path.join(ROOT, 'millrace'), 'start', '-c', self.file(node)]

    def environment(self):
        environment = dict(os.environ)
        if self.heap:
            environment['MILLRACE_JVM_OPTS'] = (environment.get('MILLRACE_JVM_OPTS', '') + f' -Xmx{self.heap}').strip()
        return environment


class ApacheCluster(Cluster):
    """With the flags of Kafka's stock start script and the thread and buffer sizes of its server.properties."""
    name = 'kafka'

    def own_properties(self):
        return {'num.network.threads': 3, 'num.io.threads': 8, 'socket.send.buffer.bytes': 102400, 'socket.receive.buffer.bytes': 102400,
                'socket.request.max.bytes': 104857600, 'num.recovery.threads.per.data.dir': 1}

    def format_command(self, node):
        return [self.setting.java, '-Xmx256M', '-Dlog4j2.configurationFile=' + os.path.join(PEERS, 'client-log4j2.properties'), '-cp',
                os.path.join(self.setting.home, 'broker', '*'), 'kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', self.file(node)]

    def command(self, node):
        return apache_command(self.setting, os.path.join(self.folder(node), 'applog'), self.file(node))
