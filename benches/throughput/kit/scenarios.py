"""What is measured together, and the bars that a sender has to clear there."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scenario:
    """Contenders that run in turns under the same conditions."""

    name: str
    contenders: tuple
    delay: int = 0
    """Milliseconds of round trip."""
    tls: bool = False


SCENARIOS = (
    Scenario("plain", ("smtp-source", "lettre-nodelay", "lettre-pool", "nodemailer", "bulletin")),
    Scenario("starttls", ("lettre-nodelay", "bulletin"), tls=True),
    Scenario("signed", ("smtp-source", "openssl-rsa2048", "bulletin-ed25519", "bulletin-rsa2048")),
    Scenario("20-ms", ("smtp-source", "lettre-nodelay", "nodemailer", "bulletin-pipelining", "bulletin"), delay=20),
    Scenario("100-ms", ("smtp-source", "lettre-nodelay", "nodemailer", "bulletin-pipelining", "bulletin"), delay=100),
    Scenario("long-list", ("bulletin", "bulletin-tenfold")),
    Scenario("edition", ("npm-mjml", "bulletin-mjml", "bulletin-edition")),
)


@dataclass(frozen=True)
class Bar:
    """A figure of `ours`, as a ratio to that of `theirs` where there is one: the median over the rounds."""

    name: str
    scenario: str
    figure: str
    """A field of `Measured`."""
    ours: str
    theirs: str = ""
    at_least: float = float("-inf")
    at_most: float = float("inf")

    def reached(self, value):
        return self.at_least <= value <= self.at_most

    def words(self):
        limits = [f">= {self.at_least:g}"] if self.at_least > float("-inf") else []
        limits += [f"<= {self.at_most:g}"] if self.at_most < float("inf") else []
        return f"{self.ours}{' / ' + self.theirs if self.theirs else ''} {self.figure} {' and '.join(limits)}"


BARS = (
    Bar("rate-lettre", "plain", "rate", "bulletin", "lettre-nodelay", at_least=4),
    Bar("rate-smtp-source", "plain", "rate", "bulletin", "smtp-source", at_least=3),
    Bar("rate-nodemailer", "plain", "rate", "bulletin", "nodemailer", at_least=60),
    Bar("cpu-lettre", "plain", "cpu", "bulletin", "lettre-nodelay", at_most=0.25),
    Bar("cpu-nodemailer", "plain", "cpu", "bulletin", "nodemailer", at_most=0.015),
    Bar("cpu-starttls", "starttls", "cpu", "bulletin", "lettre-nodelay", at_most=0.3),
    Bar("rate-ed25519", "signed", "rate", "bulletin-ed25519", "smtp-source", at_least=0.7),
    Bar("rate-rsa2048", "signed", "rate", "bulletin-rsa2048", "openssl-rsa2048", at_least=0.9),
    Bar("rate-20-ms-pipelining", "20-ms", "rate", "bulletin-pipelining", "nodemailer", at_least=2),
    Bar("rate-20-ms-chunking", "20-ms", "rate", "bulletin", "nodemailer", at_least=10),
    Bar("memory", "long-list", "rss", "bulletin", at_most=48),
    Bar("memory-tenfold", "long-list", "rss", "bulletin-tenfold", "bulletin", at_most=1.5),
    Bar("time-tenfold", "long-list", "seconds", "bulletin-tenfold", "bulletin", at_least=9, at_most=11),
    Bar("edition-mjml", "edition", "rate", "bulletin-edition", "npm-mjml", at_least=20),
)
