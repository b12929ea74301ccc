"""Who runs: each sender's command, how many messages it is given, and the yardsticks that send nothing."""

from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from . import course, yardsticks
from .folder import ISSUE, Folder

CONNECTIONS = 10
WINDOW = 16
# With a delay a run is to last so many seconds, where there are people enough.
DELAYED = 8


@dataclass
class Bench:
    """What all runs share: where things are."""

    root: Path
    """Of the project."""
    kit: Path
    work: Path
    bulletin: Path
    folder: Folder

    @property
    def programs(self):
        return self.kit / "target" / "release"


@dataclass(frozen=True)
class Sender:
    """A program that sends the newsletter."""

    command: Callable
    """`(bench, port, count, certificate)` to arguments, folder and environment."""
    share: float = 1.0
    """Of the recipients where there is no delay: slow senders get fewer, so that a round ends."""
    trips: float = 4.0
    """Round trips that a message waits for; with a delay they, too, decide how many messages are sent."""
    distinct: bool = True
    """Whether each message has a recipient of its own."""
    in_tls: bool = True

    def count(self, recipients, delay):
        count = recipients * self.share
        if delay:
            count = min(recipients, DELAYED * CONNECTIONS * 1000 / (self.trips * delay))
        return max(CONNECTIONS, int(count))

    def measure(self, bench, recipients, delay, tls):
        count = self.count(recipients, delay)
        certificate = bench.work / "certificate.pem" if tls else None
        bench.folder.list(count)
        bench.folder.fresh()
        command = lambda port: self.command(bench, port, count, certificate)
        return course.run(bench.programs, command, count, delay, certificate, self.distinct)


@dataclass(frozen=True)
class Yardstick:
    """Something that sends nothing, and is so fast."""

    rate: Callable
    """`(bench)` to so many a second."""
    in_tls: bool = True

    def measure(self, bench, _recipients, _delay, _tls):
        return course.Measured(self.rate(bench))


def bulletin(chunking=None, signature=None):
    """The program itself, with this in its bulletin.toml."""

    def command(bench, port, _count, certificate):
        bench.folder.settings(port, certificate, chunking, signature)
        pace = ["--rate", "max", "--connections", str(CONNECTIONS), "--window", str(WINDOW)]
        argv = [bench.bulletin, "send", ISSUE, "--approve", bench.folder.digest, *pace, "--json"]
        return argv, bench.folder.path, bench.folder.environment

    return command


def smtp_source(bench, port, count, _certificate):
    message = bench.folder.parts / "finished.eml"
    argv = ["smtp-source", "-d", "-N", "-s", CONNECTIONS, "-m", count, "-F", message]
    argv += ["-f", "bounces@example.org", "-t", "reader@example.net", f"127.0.0.1:{port}"]
    return argv, bench.work, None


def lettre(way):
    def command(bench, port, count, certificate):
        argv = [
            bench.programs / "lettre",
            way,
            port,
            bench.folder.parts,
            count,
            *([certificate] if certificate else []),
        ]
        return argv, bench.work, None

    return command


def nodemailer(bench, port, count, certificate):
    script = bench.kit / "peers" / "nodemailer.mjs"
    argv = ["node", script, port, bench.folder.parts, count, *([certificate] if certificate else [])]
    return argv, bench.work, None


CONTENDERS = {
    # Its recipients carry a number, but each of its sessions begins anew with it; and it speaks no TLS.
    "smtp-source": Sender(smtp_source, distinct=False, in_tls=False),
    "lettre-nodelay": Sender(lettre("nodelay")),
    "lettre-pool": Sender(lettre("pool"), share=0.2),
    "nodemailer": Sender(nodemailer, share=0.1, trips=2.5),
    "bulletin": Sender(bulletin(), trips=0.1),
    "bulletin-pipelining": Sender(bulletin(chunking="off"), trips=1.0),
    "bulletin-ed25519": Sender(bulletin(signature="ed25519"), trips=0.1),
    "bulletin-rsa2048": Sender(bulletin(signature="rsa"), share=0.5, trips=0.1),
    "bulletin-tenfold": Sender(bulletin(), share=10, trips=0.1),
    "openssl-rsa2048": Yardstick(yardsticks.openssl_signs),
    # The sample's largest English edition: templates, MJML, checks and plain text; and its MJML alone.
    "bulletin-edition": Yardstick(yardsticks.bulletin_kernel("edition")),
    "bulletin-mjml": Yardstick(yardsticks.bulletin_kernel("mjml")),
    "npm-mjml": Yardstick(yardsticks.mjml_editions),
}

# Who runs where nobody is named, without a delay and with one.
USUAL = ("smtp-source", "lettre-nodelay", "lettre-pool", "nodemailer", "bulletin")
USUAL_DELAYED = ("smtp-source", "lettre-nodelay", "nodemailer", "bulletin-pipelining", "bulletin")
