"""Medians in, pictures out: SVG that follows the reader's light or dark, with no font of its own."""

import math

WIDTH, ROW, MARGIN, LABEL = 720, 26, 16, 150
# One colour a contender, told apart in light and dark and by those who see few colours.
COLOURS = {
    "bulletin": "#0f7c8c",
    "bulletin-pipelining": "#5aa9b3",
    "smtp-source": "#b5651d",
    "lettre-nodelay": "#7a5195",
    "lettre-pool": "#a487bd",
    "nodemailer": "#8a8a8a",
}
STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #20292e }
.head { font-weight: 600 } .small { font-size: 12px; fill: #5b6770 }
line { stroke: #d4dadd } .way { fill: none; stroke-width: 2.5 }
@media (prefers-color-scheme: dark) { text { fill: #e4e9ec } .small { fill: #a3afb7 } line { stroke: #3c474e } }
</style>"""


def draw(results, folder):
    """Draws what there are results for, and gives the files."""
    if "plain" in results:
        yield write(folder / "throughput.svg", bars(results["plain"]))
    delays = {0: results.get("plain"), 20: results.get("20-ms"), 100: results.get("100-ms")}
    if all(delays.values()):
        yield write(folder / "throughput-delay.svg", ways(delays))


def write(file, drawn):
    height, body = drawn
    frame = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
    file.write_text("\n".join([frame, STYLE, *body, "</svg>"]) + "\n")
    return file


def text(x, y, words, kind="", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{words}</text>'


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def shown(results):
    return [name for name in COLOURS if name in results]


def bars(results):
    """Rate and CPU of each contender without a delay, beside each other."""
    names = sorted(shown(results), key=lambda name: -results[name]["rate"])
    panels = (("rate", "Messages a second"), ("cpu", "Milliseconds of CPU a message"))
    room = (WIDTH - LABEL - MARGIN) / 2
    body = [f"<title>Rate and CPU of {', '.join(names)} without a delay</title>"]
    for place, (figure, title) in enumerate(panels):
        left = LABEL + place * room
        body.append(text(left, 24, title, "head"))
        most = max(results[name][figure] for name in names)
        for at, name in enumerate(names):
            top, value = 40 + at * ROW, results[name][figure]
            length = max(1.0, value / most * (room - 80))
            body.append(
                f'<rect x="{left:.1f}" y="{top}" width="{length:.1f}" height="{ROW - 9}" rx="2" fill="{COLOURS[name]}"/>'
            )
            body.append(text(left + length + 6, top + 13, number(value), "small"))
    body += [text(LABEL - 10, 53 + at * ROW, name, anchor="end") for at, name in enumerate(names)]
    return 40 + len(names) * ROW + 8, body


def ways(delays):
    """Rates over the delays, each step of the scale ten times the one below."""
    height, top, bottom, left, right = 380, 48, 340, 64, WIDTH - 170
    # Whoever was measured at one distance only is no line.
    names = [name for name in COLOURS if sum(name in results for results in delays.values()) > 1]
    rates = [results[name]["rate"] for results in delays.values() for name in names if name in results]
    low, high = math.floor(math.log10(min(rates))), math.ceil(math.log10(max(rates)))
    y = lambda rate: bottom - (math.log10(rate) - low) / (high - low) * (bottom - top)
    x = {delay: left + at * (right - left) / (len(delays) - 1) for at, delay in enumerate(delays)}
    body = [
        "<title>Rates of the contenders over the round trip</title>",
        text(MARGIN, 24, "Messages a second, over the round trip", "head"),
    ]
    for power in range(low, high + 1):
        level = y(10**power)
        body.append(f'<line x1="{left}" x2="{right}" y1="{level:.1f}" y2="{level:.1f}"/>')
        body.append(text(left - 8, level + 4, f"{10**power:,}", "small", "end"))
    body += [text(place, bottom + 22, f"{delay} ms", "small", "middle") for delay, place in x.items()]
    ends = []
    for name in names:
        points = [(x[delay], y(results[name]["rate"])) for delay, results in delays.items() if name in results]
        path = " ".join(f"{'L' if at else 'M'}{px:.1f} {py:.1f}" for at, (px, py) in enumerate(points))
        body.append(f'<path class="way" d="{path}" stroke="{COLOURS[name]}"/>')
        body += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3.5" fill="{COLOURS[name]}"/>' for px, py in points]
        if points[-1][0] == right:
            last = [results[name]["rate"] for results in delays.values() if name in results][-1]
            ends.append((points[-1][1], f"{name} {number(last)}"))
    lowest = -math.inf
    for level, words in sorted(ends):
        # Names that would lie over each other move down.
        lowest = max(level, lowest + 15)
        body.append(text(right + 10, lowest + 4, words, "small"))
    return height, body
