"""Rows, verdicts and tables from made-up runs, without any broker. Run by the room's tests; or python3 -m unittest here."""
import unittest

import report
from targets import AT_MOST, ROWS
from workloads import ALL, SETS


def run(broker, round_number, figure, value, workload='rawsmall'):
    return {'workload': workload, 'broker': broker, 'round': round_number, 'metrics': {figure: value}}


def rows(pairs, figure='req_s', workload='rawsmall'):
    runs = []
    for number, (ours, theirs) in enumerate(pairs):
        runs += [run('millrace', number, figure, ours, workload), run('kafka', number, figure, theirs, workload)]
    return report.evaluate(runs)


class Verdicts(unittest.TestCase):
    def verdict(self, pairs, **which):
        found = rows(pairs, **which)
        self.assertEqual(1, len(found))
        return found[0]['verdict']

    def test_more_is_better_where_the_target_is_positive(self):
        self.assertEqual('reached', self.verdict([(300, 100)] * 3))
        self.assertEqual('stretch', self.verdict([(400, 100)] * 3))
        self.assertEqual('missed', self.verdict([(249, 100)] * 3))

    def test_less_is_better_where_the_target_is_negative(self):
        figure = 'broker_cpu_us_per_req'
        self.assertEqual('reached', self.verdict([(30, 100)] * 3, figure=figure))
        self.assertEqual('stretch', self.verdict([(20, 100)] * 3, figure=figure))
        self.assertEqual('missed', self.verdict([(31, 100)] * 3, figure=figure))

    def test_a_median_that_holds_does_not_hide_a_pair_that_does_not(self):
        self.assertEqual('reached, not in every pair', self.verdict([(300, 100), (300, 100), (200, 100)]))

    def test_fewer_than_three_pairs_are_told(self):
        self.assertEqual('reached (2 of 3 pairs)', self.verdict([(300, 100)] * 2))

    def test_a_stretch_may_be_a_figure_of_our_own(self):
        start = dict(figure='ready_metadata_s', workload='start')
        self.assertEqual('stretch', self.verdict([(0.25, 2.0)] * 3, **start))
        self.assertEqual('reached', self.verdict([(0.26, 2.0)] * 3, **start))

    def test_a_ratio_is_of_one_round(self):
        runs = [run('millrace', 0, 'req_s', 300), run('kafka', 1, 'req_s', 100)]
        row = report.evaluate(runs)[0]
        self.assertEqual(([], 'no pair'), (row['ratios'], row['verdict']))

    def test_failed_runs_and_a_peer_that_measured_nothing_make_no_pair(self):
        failed = {'workload': 'rawsmall', 'broker': 'kafka', 'round': 0, 'error': 'RuntimeError'}
        self.assertEqual('no pair', report.evaluate([run('millrace', 0, 'req_s', 300), failed])[0]['verdict'])
        self.assertEqual('no pair', self.verdict([(300, 0)]))


class Tables(unittest.TestCase):
    def test_medians_least_and_most_are_shown(self):
        found = rows([(300, 100), (500, 100), (400, 100)])
        line = report.table(found).splitlines()[1]
        self.assertIn('400.0', line)
        self.assertIn('4.00 [3.00, 5.00]', line)
        self.assertTrue(report.markdown(found).splitlines()[2].startswith('| `rawsmall` | requests, /s | 400.0 | 100.0 | 4.00 [3.00, 5.00] |'))

    def test_digits_follow_the_size(self):
        self.assertEqual(['227,000', '591.0', '4.30', '0.250'], [report.number(value) for value in (227000, 591, 4.3, .25)])


class Targets(unittest.TestCase):
    def test_every_row_and_every_set_names_a_workload(self):
        self.assertEqual(set(), {row[0] for row in ROWS} - set(ALL))
        self.assertEqual(set(), {name for names in SETS.values() for name in names} - set(ALL))

    def test_a_stretch_goes_further_than_its_reach(self):
        for workload, figure, _, _, reach, stretch in ROWS:
            if stretch is not None:
                self.assertGreater(stretch, reach, f'{workload} {figure}')  # both are negative where less is better

    def test_a_row_is_there_once(self):
        self.assertEqual(len(ROWS), len({row[:2] for row in ROWS}))
        self.assertEqual(set(), set(AT_MOST) - {row[:2] for row in ROWS})


if __name__ == '__main__':
    unittest.main()
