"""`benches/throughput/run`, once everything is installed and built."""

import argparse
import fcntl
import json
import os
import socket
import struct
import sys
from dataclasses import replace
from pathlib import Path

from . import CouldNot, chart, table
from .contenders import CONTENDERS, USUAL, USUAL_DELAYED, Bench
from .course import Measured
from .folder import Folder
from .scenarios import BARS, SCENARIOS, Scenario

KIT = Path(__file__).resolve().parents[1]
ROOT = KIT.parents[1]
SIOCGIFMTU = 0x8921


def arguments():
    parser = argparse.ArgumentParser(
        prog="benches/throughput/run",
        description="Has Bulletin and its peers send a newsletter to the same sink, in turns, and compares them.",
    )
    parser.add_argument(
        "--rounds", type=int, default=5, help="how often each contender runs (5); 0 with --plot only draws"
    )
    parser.add_argument(
        "--recipients", type=int, default=20_000, help="people in the list (20000); slow contenders get fewer"
    )
    names = ", ".join(CONTENDERS)
    parser.add_argument("--only", type=words, default=[], metavar="NAMES", help=f"of these, with commas: {names}")
    parser.add_argument(
        "--delay",
        type=whole_numbers,
        default=[0],
        metavar="MS",
        help="milliseconds of round trip, with commas: 0,20,100",
    )
    parser.add_argument("--tls", action="store_true", help="through STARTTLS, those who can")
    names = ", ".join(scenario.name for scenario in SCENARIOS)
    parser.add_argument(
        "--bars",
        type=words,
        nargs="?",
        const=[],
        metavar="SCENARIOS",
        help=f"check the bars, of all scenarios or of these, with commas: {names}",
    )
    parser.add_argument(
        "--plot", action="store_true", help="draw docs/pictures/throughput*.svg from the newest results"
    )
    parser.add_argument(
        "--bulletin", type=Path, default=ROOT / "target/release/bulletin", help="another binary than that of this tree"
    )
    return parser.parse_args()


def chosen(options):
    """The scenarios of this call, with the contenders that take part."""
    unknown = [name for name in options.only if name not in CONTENDERS]
    if unknown:
        raise CouldNot(f"--only {','.join(unknown)}: there are {', '.join(CONTENDERS)}")
    scenarios = [conditions(delay, options.tls) for delay in options.delay]
    if options.bars is not None:
        known = {scenario.name: scenario for scenario in SCENARIOS}
        unknown = [name for name in options.bars if name not in known]
        if unknown:
            raise CouldNot(f"--bars {','.join(unknown)}: there are {', '.join(known)}")
        scenarios = [known[name] for name in options.bars or known]
    for scenario in scenarios:
        wanted = scenario.contenders
        if options.only:
            wanted = [name for name in options.only if options.bars is None or name in scenario.contenders]
        able = tuple(name for name in wanted if CONTENDERS[name].in_tls or not scenario.tls)
        if able:
            yield replace(scenario, contenders=able)


def conditions(delay, tls):
    """A scenario of one's own, under the name of the known one where there is one."""
    names = ([f"{delay}-ms"] if delay else []) + (["starttls"] if tls else [])
    return Scenario("-".join(names) or "plain", USUAL_DELAYED if delay else USUAL, delay, tls)


def words(text):
    return text.split(",") if text else []


def whole_numbers(text):
    return [int(number) for number in text.split(",")]


def run(bench, scenario, rounds, recipients):
    """Every contender once a round, every other round in the opposite order; each one's runs in the order of rounds."""
    runs = {name: [] for name in scenario.contenders}
    for turn in range(rounds):
        for name in scenario.contenders if turn % 2 == 0 else reversed(scenario.contenders):
            try:
                measured = CONTENDERS[name].measure(bench, recipients, scenario.delay, scenario.tls)
            except CouldNot as fault:
                measured = Measured(0.0, fault=str(fault))
            runs[name].append(measured)
            if measured.fault:
                print(
                    f"{scenario.name}, {name}, round {turn + 1} failed: {measured.fault}", file=sys.stderr, flush=True
                )
    return runs


def keep(results, scenario, runs):
    """Adds the medians to a file, which the pictures are drawn from."""
    kept = json.loads(results.read_text()) if results.exists() else {}
    summaries = {name: table.summary(rounds) for name, rounds in runs.items()}
    kept.setdefault(scenario.name, {}).update({name: medians for name, medians in summaries.items() if medians})
    results.write_text(json.dumps(kept, indent=2) + "\n")


def judge(bars, runs, only):
    """Prints each bar with its verdict, and tells how many are short."""
    short = 0
    for bar in bars:
        if only and not {bar.ours, bar.theirs or bar.ours} <= set(only):
            continue
        value = table.value(bar, runs)
        reached = value is not None and bar.reached(value)
        short += not reached
        measured = "not measured" if value is None else f"{value:.3g}"
        print(f"{'ok   ' if reached else 'short'} {bar.name}: {measured} ({bar.words()})", flush=True)
    return short


def plot(results):
    """Draws what the kept results are enough for."""
    if not results.exists():
        raise CouldNot("there is nothing to draw yet: run it without --rounds 0")
    for drawn in chart.draw(json.loads(results.read_text()), ROOT / "docs" / "pictures"):
        print(f"drawn: {drawn.relative_to(ROOT)}")
    return 0


def mtu():
    """Of the loopback that the runs use; /sys shows that of the network that it was mounted in."""
    interface = struct.pack("256s", b"lo")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        return struct.unpack_from("16xi", fcntl.ioctl(any_socket, SIOCGIFMTU, interface))[0]


def main():
    options = arguments()
    scenarios = list(chosen(options))
    work = KIT / "work"
    work.mkdir(exist_ok=True)
    results = work / "results.json"
    if options.rounds == 0:
        return plot(results)
    bench = Bench(ROOT, KIT, work, options.bulletin.resolve(), Folder(work, options.bulletin.resolve()))
    print(
        f"a message is {bench.folder.octets:,} bytes; {len(os.sched_getaffinity(0))} cores; the loopback's MTU is "
        f"{mtu()}; {options.rounds} rounds of {options.recipients:,} recipients"
    )
    short, failed = 0, 0
    for scenario in scenarios:
        runs = run(bench, scenario, options.rounds, options.recipients)
        keep(results, scenario, runs)
        failed += sum(1 for rounds in runs.values() for one in rounds if one.fault)
        conditions = f"{scenario.delay} ms of round trip, {'STARTTLS' if scenario.tls else 'in the clear'}"
        print("", f"{scenario.name}: {conditions}", *table.lines(scenario, runs), sep="\n", flush=True)
        if options.bars is not None:
            short += judge([bar for bar in BARS if bar.scenario == scenario.name], runs, options.only)
    if options.plot:
        plot(results)
    return 1 if short or failed else 0


try:
    sys.exit(main())
except CouldNot as fault:
    print(fault, file=sys.stderr)
    sys.exit(2)
