"""Runs in, tables for people out: medians, ratios of each round, and the bars."""

from statistics import median

COLUMNS = ("", "per s", "spread", "cpu s/1k", "peak MiB", "sink s/1k", "conns", "cmds/msg", "B/msg", "rate x", "cpu x")


def good(runs):
    return [run for run in runs if not run.fault]


def ratio(figure, ours, theirs):
    """The median over the rounds of ours by theirs; None where no round has both."""
    pairs = [
        (getattr(one, figure), getattr(other, figure))
        for one, other in zip(ours, theirs)
        if not one.fault and not other.fault
    ]
    ratios = [one / other for one, other in pairs if other]
    return median(ratios) if ratios else None


def value(bar, runs):
    """What a bar is about; None where it was not measured."""
    ours = runs.get(bar.ours, [])
    if bar.theirs:
        return ratio(bar.figure, ours, runs.get(bar.theirs, []))
    figures = [getattr(run, bar.figure) for run in good(ours)]
    return median(figures) if figures else None


def summary(runs):
    """The medians of one contender's good rounds, for a file."""
    runs = good(runs)
    if not runs:
        return None
    return {
        figure: round(median(getattr(run, figure) for run in runs), 6)
        for figure in ("rate", "seconds", "cpu", "rss", "messages")
    }


def lines(scenario, runs):
    """The table of a scenario. Ratios are those to its last contender."""
    last = runs[scenario.contenders[-1]]
    rows = [COLUMNS[:-2] + (f"{COLUMNS[-2]} last", f"{COLUMNS[-1]} last")]
    for name in scenario.contenders:
        rounds = good(runs[name])
        if not rounds:
            rows.append((name, "failed") + ("",) * 9)
            continue
        middle = lambda figure: median(getattr(run, figure) for run in rounds)
        rates = [run.rate for run in rounds]
        cells = [name, f"{middle('rate'):,.0f}", f"{(max(rates) - min(rates)) / middle('rate'):.0%}"]
        counted, messages = rounds[-1].counted, rounds[-1].messages
        if counted:
            cells += [
                f"{middle('cpu'):.3f}",
                f"{middle('rss'):.1f}",
                f"{middle('sink_cpu'):.3f}",
                f"{counted['connections']}",
            ]
            cells += [f"{counted['commands'] / messages:.2f}", f"{counted['octets'] / messages:,.0f}"]
        else:
            cells += [""] * 6
        for figure in ("rate", "cpu"):
            by_last = ratio(figure, runs[name], last)
            cells.append("" if by_last is None else f"{by_last:.3g}")
        rows.append(tuple(cells))
    widths = [max(len(row[at]) for row in rows) for at in range(len(COLUMNS))]
    return [
        "  ".join(cell.rjust(width) if at else cell.ljust(width) for at, (cell, width) in enumerate(zip(row, widths)))
        for row in rows
    ]
