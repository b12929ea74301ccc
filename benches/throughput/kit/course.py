"""One run: a fresh sink, a delaying relay where there is a delay, and a sender between spawn and exit."""

import json
import os
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field

from . import CouldNot

# Seconds after which a sender is ended and its run has failed.
PATIENCE = 600
# Seconds between two looks at a sender's memory. The kernel keeps the peak, so that little is missed.
LOOK = 0.02


@dataclass
class Measured:
    """What one run took. A yardstick that sends nothing has a rate and nothing else."""

    rate: float
    """Messages a second over the whole process, from its start to its exit."""
    seconds: float = 0.0
    cpu: float = 0.0
    """Seconds of CPU, user and system, for 1,000 messages; the sender's alone."""
    rss: float = 0.0
    """The most that was resident, in MiB."""
    sink_cpu: float = 0.0
    messages: int = 0
    counted: dict = field(default_factory=dict)
    fault: str = ""
    """Why the run does not count."""


class Peer:
    """A process of the kit that tells its port in its first line, and ends at SIGTERM."""

    def __init__(self, *command):
        self.process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True)
        port = self.process.stdout.readline()
        if not port:
            raise CouldNot(f"{command[0]} ended with {self.process.wait()} before it told its port")
        self.port = int(port)

    def end(self):
        """What it printed at its end, and the CPU seconds that it took."""
        self.process.send_signal(signal.SIGTERM)
        printed = self.process.stdout.read()
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.process.stdout.close()
        return printed, usage.ru_utime + usage.ru_stime


def run(programs, command, count, delay, certificate, distinct):
    """Has `command(port)` send `count` messages, and checks at the sink that it did.

    `certificate` is where the sink writes its own, or None for a run in the clear; `distinct` tells whether each
    message has to have a recipient of its own.
    """
    sink = Peer(programs / "sink", *([certificate] if certificate else []))
    relay = Peer(programs / "delay", sink.port, delay) if delay else None
    try:
        argv, folder, environment = command(relay.port if relay else sink.port)
        seconds, cpu, rss, said = watch(argv, folder, environment)
    finally:
        if relay:
            relay.end()
        printed, sink_cpu = sink.end()
    counted = json.loads(printed)
    people = counted["recipients"]
    if not said and (counted["messages"] != count or (distinct and people != count)):
        said = f"the sink got {counted['messages']} messages to {people} recipients instead of {count}"
    per_thousand = 1000 / count
    return Measured(
        count / seconds, seconds, cpu * per_thousand, rss, sink_cpu * per_thousand, count, counted, fault=said
    )


def watch(argv, folder, environment):
    """Seconds, CPU seconds, peak MiB of a process, and what went wrong."""
    with tempfile.TemporaryFile("w+") as words:
        start = time.monotonic()
        process = subprocess.Popen(
            list(map(str, argv)),
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=words,
        )
        rss = 0.0
        while True:
            rss = max(rss, peak(process.pid))
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
            seconds = time.monotonic() - start
            if ended:
                break
            if seconds > PATIENCE:
                process.kill()
            time.sleep(LOOK)
        process.returncode = os.waitstatus_to_exitcode(status)
        said = ""
        if process.returncode != 0:
            words.seek(0)
            said = f"ended with {process.returncode}: {' '.join(words.read().split())[-400:]}"
    return seconds, usage.ru_utime + usage.ru_stime, rss, said


def peak(pid):
    """The most that was resident of a process so far, in MiB; 0 where it is gone."""
    try:
        with open(f"/proc/{pid}/status") as status:
            lines = [line for line in status if line.startswith("VmHWM:")]
    except OSError:
        return 0.0
    return int(lines[0].split()[1]) / 1024 if lines else 0.0
