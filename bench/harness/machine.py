"""What /proc says about process trees and about the machine. A process that ends while it is read counts as 0.

Where a pid is asked for, a tuple of them stands for all their trees."""
import os
import time

TICKS = os.sysconf('SC_CLK_TCK')


def _stat(pid):
    with open(f'/proc/{pid}/stat') as file:
        text = file.read()
    return text[text.rindex(')') + 2:].split()


def tree(pid):
    children = {}
    for name in os.listdir('/proc'):
        if name.isdigit():
            try:
                children.setdefault(int(_stat(name)[1]), []).append(int(name))
            except OSError:
                continue
    found, left = [], list(pid) if isinstance(pid, tuple) else [pid]
    while left:
        one = left.pop()
        found.append(one)
        left += children.get(one, [])
    return found


def cpu(pid):
    """User and system CPU seconds of the tree so far."""
    ticks = 0
    for one in tree(pid):
        try:
            stat = _stat(one)
        except OSError:
            continue
        ticks += int(stat[11]) + int(stat[12])
    return ticks / TICKS


def memory(pid):
    """Resident memory (MB: now, at most, anonymous) and threads of the tree."""
    sums = {'VmRSS': 0, 'VmHWM': 0, 'RssAnon': 0, 'Threads': 0}
    for one in tree(pid):
        try:
            with open(f'/proc/{one}/status') as file:
                for line in file:
                    key = line.split(':')[0]
                    if key in sums:
                        sums[key] += int(line.split()[1])
        except OSError:
            continue
    return {'rss_mb': sums['VmRSS'] / 1024, 'peak_rss_mb': sums['VmHWM'] / 1024, 'anon_mb': sums['RssAnon'] / 1024,
            'threads': sums['Threads']}


def open_files(pid):
    count = 0
    for one in tree(pid):
        try:
            count += len(os.listdir(f'/proc/{one}/fd'))
        except OSError:
            continue
    return count


def busy():
    """CPU seconds that all of the machine has used."""
    with open('/proc/stat') as file:
        fields = [int(field) for field in file.readline().split()[1:]]
    return (sum(fields[:8]) - fields[3] - fields[4]) / TICKS


def disk_bytes(path):
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_blocks * 512
            except OSError:
                continue
    return total


def wait_quiet(limit, cores):
    """Waits at most `limit` seconds for a second in which the machine used less than `cores`."""
    end = time.monotonic() + limit
    while True:
        used, at = busy(), time.monotonic()
        time.sleep(1)
        share = (busy() - used) / (time.monotonic() - at)
        if share < cores or time.monotonic() > end:
            return share


def describe():
    model = 'unknown processor'
    with open('/proc/cpuinfo') as file:
        for line in file:
            if line.startswith('model name'):
                model = line.split(':', 1)[1].strip()
                break
    return f'{os.cpu_count()} cores ({model}), Linux {os.uname().release}'
