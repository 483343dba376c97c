"""What a node allocates per request and per record, where, and how often its lanes wait for a lock: loads like rawsmall and
rawbig against ./millrace, recorded by the JVM's flight recorder once the code is compiled. The allocated bytes are the JVM's
own count for each lane's thread, the places are samples. Wants Linux, a JDK 25, Maven and Python 3."""
import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile

from brokers import HERE, ROOT, Millrace, resolve
from compare import java
from load import compile_driver, measure

ROOM = os.path.join(ROOT, 'bench', 'target')
WARM = dict(warm=4, warmreqs=60000, warmmax=30, secs=1)  # as many requests as the second compiler wants


class Load:
    def __init__(self, name, command, **options):
        self.name, self.command, self.options = name, command, options


LOADS = (
    Load('produce, 1 record of 100 B', 'rawproduce', topic='small', parts=8, conns=8, depth=4, records=1, size=100),
    Load('fetch, batches of 1 record, 64 KB', 'rawfetch', topic='small', parts=8, conns=2, max=65536),
    Load('produce, 64 records of 1 KB', 'rawproduce', topic='big', parts=4, conns=4, depth=5, records=64, size=1000, maxbytes=2e9),
    Load('fetch, batches of 64 records, 1 MB', 'rawfetch', topic='big', parts=4, conns=2),
)


def jcmd(setting, pid, *words):
    result = subprocess.run([os.path.join(os.path.dirname(setting.java), 'jcmd'), str(pid), *words], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0:
        raise SystemExit(f'bench/allocations: jcmd {words[0]} failed:\n' + result.stdout)


def record(setting, broker, load, recording):
    """One load, recorded from its first connection to its last; totals are of all of it, so none is left uncounted."""
    if load.command == 'rawproduce':
        measure(broker, 'create', topic=load.options['topic'], parts=load.options['parts'])
    measure(broker, load.command, **load.options, **WARM)
    jcmd(setting, broker.pid, 'JFR.start', 'name=lanes', 'settings=' + os.path.join(HERE, 'allocations.jfc'))
    result = measure(broker, load.command, **load.options, warm=0, secs=setting.secs)
    jcmd(setting, broker.pid, 'JFR.stop', 'name=lanes', 'filename=' + recording)
    return result['total_requests'], result['total_records']


def report(setting, load, recording, requests, records):
    with open(os.path.join(ROOM, 'class-path')) as file:
        libraries = file.read().strip()
    subprocess.run([setting.java, '-cp', os.path.join(ROOM, 'classes') + os.pathsep + libraries, 'io.millrace.bench.RecordingReport',
                    recording, load.name, str(requests), str(records)], check=True)


def main():
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(130))
    parser = argparse.ArgumentParser(prog='bench/allocations', description=__doc__)
    parser.add_argument('--secs', type=float, default=8, help='seconds of each recorded load (default 8)')
    parser.add_argument('--ours', default='', metavar='OPTIONS', help='more options of ./millrace start, as one word')
    parser.add_argument('--keep', metavar='FOLDER', help='where the recordings are kept, for JDK Mission Control or jfr view')
    setting = parser.parse_args()
    java(setting)
    subprocess.run([os.path.join(HERE, 'build-room')], check=True)
    setting.home = os.path.join(ROOM, 'kafka')
    resolve(setting.home, ('client',))
    if setting.keep:
        os.makedirs(setting.keep, exist_ok=True)
    setting.scratch = tempfile.mkdtemp(prefix='allocations-', dir=ROOM)
    setting.classes = os.path.join(setting.scratch, 'classes')
    broker = None
    try:
        compile_driver(setting)
        broker = Millrace(setting)
        broker.start()
        for number, load in enumerate(LOADS, 1):
            recording = os.path.join(os.path.abspath(setting.keep or setting.scratch), f'{number}.jfr')
            report(setting, load, recording, *record(setting, broker, load, recording))
    finally:
        if broker:
            broker.stop()
        shutil.rmtree(setting.scratch, ignore_errors=True)


if __name__ == '__main__':
    main()
