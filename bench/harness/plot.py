"""SVG files of the ratios: one bar per row on a logarithmic axis, with the target as a mark."""
import math
import os
import statistics
from html import escape

LABEL, WIDTH, ROW, LEAST, MOST = 360, 560, 24, 0.01, 100


def _x(ratio):
    share = (math.log10(min(max(ratio, LEAST), MOST)) - math.log10(LEAST)) / (math.log10(MOST) - math.log10(LEAST))
    return LABEL + share * WIDTH


def _svg(title, rows):
    height = 70 + ROW * len(rows)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABEL + WIDTH + 90}" height="{height}" font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="white"/>', f'<text x="10" y="20" font-size="15">{escape(title)}</text>']
    for tick in (0.01, 0.1, 1, 10, 100):
        out.append(f'<line x1="{_x(tick):.0f}" x2="{_x(tick):.0f}" y1="34" y2="{height - 24}" stroke="{"#333" if tick == 1 else "#ddd"}"/>'
                   f'<text x="{_x(tick):.0f}" y="{height - 8}" text-anchor="middle">{tick:g} x</text>')
    for index, row in enumerate(rows):
        top = 40 + ROW * index
        ratio = statistics.median(row['ratios'])
        low, high = sorted((_x(1), _x(ratio)))
        good = {'missed': '#c0392b', 'no target': '#7f8c8d'}.get(row['verdict'], '#27ae60')
        out.append(f'<text x="{LABEL - 8}" y="{top + 13}" text-anchor="end">{escape(row["workload"] + ": " + row["label"])}</text>'
                   f'<rect x="{low:.1f}" y="{top + 2}" width="{max(high - low, 1):.1f}" height="14" fill="{good}"/>'
                   f'<line x1="{_x(min(row["ratios"])):.1f}" x2="{_x(max(row["ratios"])):.1f}" y1="{top + 9}" y2="{top + 9}" stroke="#333"/>'
                   f'<text x="{_x(MOST) + 8}" y="{top + 13}">{ratio:.3g}</text>')
        if row['reach'] is not None:
            at = _x(abs(row['reach']))
            out.append(f'<path d="M {at:.1f} {top - 1} V {top + 19}" stroke="#2c3e50" stroke-width="2" stroke-dasharray="3 2"/>')
    return '\n'.join(out + ['</svg>']) + '\n'


def write(rows, folder):
    """One file for all rows with a pair, and one for each workload; the paths."""
    rows = [row for row in rows if row['ratios'] and statistics.median(row['ratios']) > 0]
    paths = []
    for name in ['all', *dict.fromkeys(row['workload'] for row in rows)]:
        shown = rows if name == 'all' else [row for row in rows if row['workload'] == name]
        if shown:
            paths.append(os.path.join(folder, name + '.svg'))
            with open(paths[-1], 'w') as file:
                file.write(_svg('Millrace / Apache Kafka 4.4.0' + ('' if name == 'all' else ': ' + name) + ' (dashed: to reach)', shown))
    return paths
