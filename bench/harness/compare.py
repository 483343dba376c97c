"""Repeats the project's table of figures beside Apache Kafka 4.4.0: every workload of every round on a fresh process and
an empty directory, brokers in alternation, ratios pair by pair within a round, medians over the rounds.

Prints the table, and writes result.json (all raw figures), table.md and SVG plots. Everything runs on 127.0.0.1 with free
ports; data lies in a scratch folder that is removed at the end. Wants an otherwise idle Linux machine, 4 GB of memory and
10 GB of disk."""
import argparse
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import machine
import plot
import report
from brokers import ROOT, Apache, Millrace, resolve
from clusters import ApacheCluster, MillraceCluster
from load import compile_driver
from workloads import ALL, QUICK, SETS

SCHEMA = 1
CLUSTERS = {Millrace: MillraceCluster, Apache: ApacheCluster}
QUICK_SECONDS = 4
LENGTH = 'Takes about 2.5 hours whole (--workloads all), 75 minutes with --workloads table, 10 minutes with --quick.'


def arguments():
    names = '\n'.join(f'  {name:15} {workload.about}' for name, workload in ALL.items())
    parser = argparse.ArgumentParser(
        prog='bench/compare', formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__ + '\n\n' + LENGTH,
        epilog='Workloads (sets: ' + ', '.join(SETS) + '):\n' + names)
    parser.add_argument('--rounds', type=int, default=3, help='how often everything is repeated (default 3; fewer is no verdict)')
    parser.add_argument('--secs', type=float, help=f'seconds of each measured part (default 8; with --quick {QUICK_SECONDS})')
    parser.add_argument('--workloads', help='sets and workloads, separated by commas (default all)')
    parser.add_argument('--quick', action='store_true', help='only ' + ', '.join(QUICK))
    parser.add_argument('--stretch', action='store_true', help='also 10,000 connections and 20,000 partitions')
    parser.add_argument('--only', choices=('ours', 'apache'), help='one broker only')
    parser.add_argument('--ours', default='', metavar='OPTIONS', help='more options of ./millrace start, as one word')
    parser.add_argument('--out', default=os.path.join(ROOT, 'bench', 'target', 'compare'), help='folder of the results')
    parser.add_argument('--kafka-home', default=os.path.join(ROOT, 'bench', 'target', 'kafka'), help="where Apache Kafka's jars are kept")
    parser.add_argument('--scratch', help='folder for data, on the disk to be measured (default: beside the results)')
    parser.add_argument('--max-foreign', type=float, default=0.25, help='repeat a run once in which others used more cores than this')
    parser.add_argument('--table', metavar='RESULT.json', help='only print and plot what an earlier run has written')
    return parser.parse_args()


def chosen(options):
    names = []
    for word in (options.workloads or ('quick' if options.quick else 'all')).split(',') + (['stretch'] if options.stretch else []):
        if word not in SETS and word not in ALL:
            raise SystemExit(f'bench/compare: no workload or set {word}; --help lists them.')
        names += [name for name in SETS.get(word, (word,)) if name not in names]
    return names


def allow_files(names):
    wanted = max(ALL[name].least_files for name in names)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise SystemExit(f'bench/compare: these workloads open up to {wanted} files, and the limit here is {hard} (ulimit -Hn).')
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def flat(parts):
    """Figures as part.name; percentiles of 0 had no sample."""
    return {(part + '.' if part else '') + key: value for part, figures in parts.items() for key, value in figures.items()
            if not (value == 0 and re.search(r'p\d+(_9)?_ms$', key))}


def once(setting, kind, name, round_number):
    workload = ALL[name]
    kind = CLUSTERS[kind] if workload.cluster else kind
    run = {'workload': name, 'broker': kind.name, 'round': round_number, 'busy_before': machine.wait_quiet(20, 0.3)}
    begun, busy, own = time.monotonic(), machine.busy(), sum(os.times()[:4])
    broker = None
    try:
        broker = kind(setting, heap=workload.heap, properties=workload.properties.get(kind.name))
        broker.first_start = broker.start()
        run['metrics'] = flat(workload.run(broker, setting))
    except (RuntimeError, OSError, ValueError, IndexError, KeyError) as failure:  # a failed run is a result too
        run['error'] = f'{type(failure).__name__}: {failure}'
    finally:
        if broker:
            broker.stop()
            if 'error' in run:
                kept = os.path.join(setting.out, f'{name}-{kind.name}-{round_number + 1}.log')
                shutil.copyfile(os.path.join(setting.scratch, kind.name + '.log'), kept)
            shutil.rmtree(broker.data, ignore_errors=True)
    run['took_s'] = time.monotonic() - begun
    run['foreign'] = max(0.0, (machine.busy() - busy - (sum(os.times()[:4]) - own)) / run['took_s'])
    return run


def java(setting):
    found = subprocess.run([os.path.join(ROOT, 'jdk25')], stdout=subprocess.PIPE, text=True)
    if found.returncode != 0:
        raise SystemExit(1)  # it has said what to install
    home = found.stdout.strip()
    os.environ['JAVA_HOME'] = home
    setting.java, setting.javac = os.path.join(home, 'bin', 'java'), os.path.join(home, 'bin', 'javac')


def save(setting, names, runs):
    commit = subprocess.run(['git', '-C', ROOT, 'rev-parse', '--short', 'HEAD'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.strip()
    result = {'schema': SCHEMA, 'date': time.strftime('%Y-%m-%d'), 'commit': commit, 'machine': machine.describe(), 'secs': setting.secs,
              'rounds': setting.rounds, 'ours': setting.ours, 'workloads': names, 'runs': runs}
    path = os.path.join(setting.out, 'result.json')
    with open(path + '.new', 'w') as file:
        json.dump(result, file, indent=1)
    os.replace(path + '.new', path)
    return path


def publish(runs, folder):
    rows = report.evaluate(runs)
    with open(os.path.join(folder, 'table.md'), 'w') as file:
        file.write(report.markdown(rows) + '\n')
    plots = plot.write(rows, folder)
    print('\n' + report.table(rows))
    for run in runs:
        if 'error' in run:
            print(f"\n{run['workload']}, {run['broker']}, round {run['round'] + 1} FAILED: {run['error']}")
    print(f"\n{os.path.join(folder, 'table.md')}\n" + '\n'.join(plots[:1]))


def measure_all(setting, names, kinds):
    runs, begun, done = [], time.monotonic(), 0
    total = setting.rounds * sum(1 if ALL[name].alone else len(kinds) for name in names)
    for round_number in range(setting.rounds):
        order = kinds if round_number % 2 == 0 else kinds[::-1]
        for name in names:
            for kind in order:
                if ALL[name].alone and kind is not Millrace:
                    continue
                run = once(setting, kind, name, round_number)
                if run['foreign'] > setting.max_foreign or 'error' in run:
                    again = once(setting, kind, name, round_number)
                    if 'metrics' in again and ('error' in run or again['foreign'] < run['foreign']):
                        run = {**again, 'repeated': True}
                runs.append(run)
                done += 1
                left = (time.monotonic() - begun) / done * (total - done) / 60
                print(f"{done}/{total}  round {round_number + 1}  {name:14} {kind.name:9} {run['took_s']:6.1f} s  others {run['foreign']:.2f} cores  "
                      f"{'FAILED: ' + run['error'].splitlines()[0][:100] if 'error' in run else 'ok'}  ({left:.0f} min left)", flush=True)
                save(setting, names, runs)
    return runs


def main():
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(130))  # unwinds: brokers and clients are ended, scratch is removed
    setting = arguments()
    if setting.table:
        with open(setting.table) as file:
            publish(json.load(file)['runs'], os.path.dirname(os.path.abspath(setting.table)))
        return 0
    if setting.rounds < 1:
        raise SystemExit('bench/compare: --rounds must be at least 1.')
    setting.secs = setting.secs or (QUICK_SECONDS if setting.quick else 8)
    names = chosen(setting)
    kinds = {'ours': [Millrace], 'apache': [Apache], None: [Millrace, Apache]}[setting.only]
    if kinds == [Apache]:
        names = [name for name in names if not ALL[name].alone]
    allow_files(names)
    java(setting)
    setting.out, setting.home = os.path.abspath(setting.out), os.path.abspath(setting.kafka_home)
    os.makedirs(setting.out, exist_ok=True)
    resolve(setting.home)
    if Millrace in kinds and subprocess.run([os.path.join(ROOT, 'millrace'), '--version'], stdout=subprocess.DEVNULL).returncode != 0:
        raise SystemExit('bench/compare: ./millrace does not run; what it says is above.')
    place = setting.scratch and os.path.abspath(setting.scratch) or setting.out
    os.makedirs(place, exist_ok=True)
    setting.scratch = tempfile.mkdtemp(prefix='scratch-', dir=place)
    setting.classes = os.path.join(setting.scratch, 'classes')
    try:
        compile_driver(setting)
        print(f'{machine.describe()}; {len(names)} workloads, {setting.rounds} rounds; results in {setting.out}', flush=True)
        runs = measure_all(setting, names, kinds)
    finally:
        shutil.rmtree(setting.scratch, ignore_errors=True)
    publish(runs, setting.out)
    return 1 if any('error' in run for run in runs) else 0


if __name__ == '__main__':
    sys.exit(main())
