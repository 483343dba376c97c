"""Medians of a run's figures against the targets: as a table for the terminal, or for a Markdown page."""
import statistics

from targets import AT_MOST, ROWS


def number(value):
    size = abs(value)
    return f'{value:,.0f}' if size >= 1000 else f'{value:.1f}' if size >= 100 else f'{value:.2f}' if size >= 1 else f'{value:.3f}'


def _met(ratio, target):
    return ratio >= target if target > 0 else ratio <= -target


def _words(target):
    return '' if target is None else f'>= {target:g}' if target > 0 else f'<= {-target:g}'


def evaluate(runs):
    """Rows with medians, the ratios of the pairs (both brokers in one round) and a verdict; rows not measured are left out."""
    rows = []
    for workload, figure, label, unit, reach, stretch in ROWS:
        by = {}
        for run in runs:
            if run['workload'] == workload and figure in run.get('metrics', {}):
                by.setdefault(run['broker'], {})[run['round']] = run['metrics'][figure]
        if not by:
            continue
        ours, theirs = by.get('millrace', {}), by.get('kafka', {})
        ratios = [ours[r] / theirs[r] for r in ours if theirs.get(r)]
        at_most = AT_MOST.get((workload, figure))
        rows.append({
            'workload': workload, 'figure': figure, 'label': label + (f', {unit}' if unit else ''),
            'ours': statistics.median(ours.values()) if ours else None, 'theirs': statistics.median(theirs.values()) if theirs else None,
            'ratios': ratios, 'reach': reach, 'stretch': stretch, 'at_most': at_most,
            'verdict': _verdict(ratios, reach, stretch, at_most, statistics.median(ours.values()) if ours else None)})
    return rows


def _verdict(ratios, reach, stretch, at_most, ours):
    if not ratios:
        return 'no pair'
    if reach is None:
        return 'no target'
    ratio = statistics.median(ratios)
    if not _met(ratio, reach):
        return 'missed'
    further = (stretch is not None and _met(ratio, stretch)) or (at_most is not None and ours <= at_most)
    return ('stretch' if further else 'reached') + ('' if all(_met(one, reach) for one in ratios) else ', not in every pair') + (
        '' if len(ratios) >= 3 else f' ({len(ratios)} of 3 pairs)')


def _cells(row):
    ratios = row['ratios']
    ratio = f'{number(statistics.median(ratios))} [{number(min(ratios))}, {number(max(ratios))}]' if ratios else ''
    stretch = _words(row['stretch']) or (f"<= {row['at_most']:g} itself" if row['at_most'] is not None else '')
    values = ['' if row[key] is None else number(row[key]) for key in ('ours', 'theirs')]
    return [row['workload'], row['label'], *values, ratio, _words(row['reach']), stretch, row['verdict']]


HEAD = ['workload', 'figure', 'Millrace', 'Apache', 'ratio [least, most]', 'reach', 'stretch', 'verdict']


def table(rows):
    cells = [HEAD] + [_cells(row) for row in rows]
    widths = [max(len(line[k]) for line in cells) for k in range(len(HEAD))]
    return '\n'.join('  '.join(text.ljust(width) for text, width in zip(line, widths)).rstrip() for line in cells)


def markdown(rows):
    lines = ['| ' + ' | '.join(HEAD) + ' |', '|' + ' --- |' * len(HEAD)]
    return '\n'.join(lines + ['| ' + ' | '.join([f'`{cells[0]}`', *cells[1:]]) + ' |' for cells in map(_cells, rows)])
