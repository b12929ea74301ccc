"""A newsletter's folder for Bulletin, and the same newsletter in parts for the peers.

Everything is drawn from a generator with a fixed seed, so that each run sends the same.
"""

import email
import email.policy
import json
import os
import random
import re
import shutil
import subprocess
from pathlib import Path

from . import CouldNot

ISSUE = "2026-01"
# Signs the tokens in links and return-paths, so that they are the same in each run.
SECRET = "a secret for measurements alone"
ITEMS = 14
# What Bulletin's links to leave look like: the newsletter's address and a token of 33 characters.
LEAVE = "https://news.example.org/u/{}"
TOKEN = 33

NAMES = (
    "Amina Berg",
    "Björn Okafor",
    "Carla Nowak",
    "Dénes Ito",
    "Esra Lind",
    "Farid Moreau",
    "Gwen Adeyemi",
    "Håkon Ruiz",
)
ORGANISATIONS = ("Pilots of the Outer Channel", "Lighthouse Trust", "Rope and Sail Works", "School of Navigation")
CITIES = ("Halifax", "Bergen", "Gdańsk", "Valparaíso", "Port Louis", "Cork")
WORDS = (
    "harbour pier tide crane rope signal pilot cargo keel buoy the a of and to with from over near before after "
    "new council meets opens repairs paints counts plans morning evening winter ferry market fog lamp chart "
    "café façade “quay” crew’s – school visitors children engineers report budget season weather"
).split()

SETTINGS = """\
[newsletter]
name = "Harbour News"
id = "harbour-news.example.org"
languages = ["en"]
unsubscribe = "leave@example.org"
bounces = "bounces@example.org"
web = "https://news.example.org"

[sender]
name = "Harbour Council"
email = "news@example.org"
reply_to = "office@example.org"
postal_address = "1 Pier Street, Sampletown"

[columns]
organisation = "Organisation"
city = "City"

[smtp]
host = "127.0.0.1"
port = {port}
tls = "{tls}"
{more}

[throttle]
# The peers keep their connections, too.
messages_per_connection = 1000000
"""


class Folder:
    """A newsletter's folder below `root`, whose messages come out at some 60 kB."""

    def __init__(self, root, bulletin):
        self.path, self.parts, self.bulletin = Path(root) / "newsletter", Path(root) / "parts", bulletin
        self.environment = {**os.environ, "BULLETIN_SECRET": SECRET}
        shutil.rmtree(self.path, ignore_errors=True)
        (self.path / "issues" / ISSUE).mkdir(parents=True)
        (self.path / "subscribers").mkdir()
        (self.path / "issues" / ISSUE / "issue.toml").write_text('number = 1\ndate = "2026-01-15"\n')
        (self.path / "issues" / ISSUE / "en.md").write_text(issue(), encoding="utf-8")
        self.settings(25)
        self.listed = None
        self.digest, self.octets = self._preview()
        self.signs = {}

    def settings(self, port, certificate=None, chunking=None, signature=None):
        """Writes bulletin.toml anew: where the relay is, and what differs in this run."""
        more = [f'ca = "{certificate}"'] if certificate else []
        more += [f'chunking = "{chunking}"'] if chunking else []
        more += [self._dkim(signature)] if signature else []
        text = SETTINGS.format(port=port, tls="starttls" if certificate else "none", more="\n".join(more))
        (self.path / "bulletin.toml").write_text(text)

    def list(self, count):
        """Writes the list with `count` people, for Bulletin and for the peers."""
        if count == self.listed:
            return
        people = [person(number) for number in range(count)]
        rows = ["email,name,Organisation,City", *(",".join(row[:4]) for row in people)]
        (self.path / "subscribers" / "subscribers.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
        rows = ["email,name,organisation,city,leave", *(",".join(row) for row in people)]
        (self.parts / "people.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
        self.listed = count

    def fresh(self):
        """Forgets all former sends."""
        for name in ("state", "outbox"):
            shutil.rmtree(self.path / name, ignore_errors=True)

    def run(self, *arguments):
        """Runs Bulletin in the folder, and gives what it printed."""
        command = [self.bulletin, *arguments]
        try:
            done = subprocess.run(command, cwd=self.path, env=self.environment, capture_output=True, text=True)
        except OSError as fault:
            raise CouldNot(f"{self.bulletin} can't be run: {fault.strerror}") from fault
        if done.returncode != 0:
            raise CouldNot(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stderr}")
        return done.stdout

    def _dkim(self, algorithm):
        """The table of a key, which is made where it is asked for first."""
        if algorithm not in self.signs:
            selector = f"bench-{algorithm}"
            self.run("dkim", "new", "--selector", selector, "--algorithm", algorithm)
            [key] = [file for file in (self.path / "dkim").iterdir() if selector in file.name]
            self.signs[algorithm] = f'\n[dkim]\nselector = "{selector}"\nkey = "dkim/{key.name}"'
        return self.signs[algorithm]

    def _preview(self):
        """The issue's digest and the size of a message; and the message to one person in parts for the peers."""
        self.parts.mkdir(exist_ok=True)
        known = {"name": "Namezq", "organisation": "Organisationzq", "city": "Cityzq"}
        # As long as the places are filled with on average.
        one = self.path / "one.csv"
        one.write_text("email,name,Organisation,City\nreader@example.net," + ",".join(known.values()) + "\n")
        out = self.path.parent / "preview"
        printed = self.run("preview", ISSUE, "--subscribers", str(one), "--each", "--out", str(out), "--json")
        [finished] = (out / "each").iterdir()
        octets = finished.read_bytes()
        message = email.message_from_bytes(octets, policy=email.policy.default)
        leave = re.search(r"https://[^>]+", message["List-Unsubscribe"]).group()
        for kind, name in (("plain", "text.txt"), ("html", "page.html")):
            text = message.get_body((kind,)).get_content().replace(leave, "{{leave}}")
            for field, value in known.items():
                if value not in text:
                    raise CouldNot(f"the message's {kind} part lacks the merge field {field}")
                text = text.replace(value, "{{" + field + "}}")
            (self.parts / name).write_text(text, encoding="utf-8", newline="")
        # smtp-source ends lines itself.
        (self.parts / "finished.eml").write_bytes(octets.replace(b"\r\n", b"\n"))
        return json.loads(printed)["digest"], len(octets)


def person(number):
    """Address, name, organisation, city and link to leave of reader `number`."""
    token = f"{number:08x}{number * 2654435761 % 2**32:08x}".ljust(TOKEN, "q")
    pick = lambda options, by: options[number // by % len(options)]
    email_address = f"reader{number:07}@d{number % 97}.example.net"
    return email_address, pick(NAMES, 1), pick(ORGANISATIONS, 8), pick(CITIES, 32), LEAVE.format(token)


def issue():
    """The Markdown of the issue."""
    draw = random.Random(20260115)
    sentence = lambda: " ".join(draw.choices(WORDS, k=draw.randint(7, 16))).capitalize() + "."
    paragraph = lambda: " ".join(sentence() for _ in range(4))
    lines = [
        '+++\nsubject = "News from the harbour"\npreheader = "What happened between the piers"\n+++\n',
        'Hello {{ subscriber.name | default(value="reader") }} of {{ subscriber.organisation }},\n',
        "this is what is new, in {{ subscriber.city }} and elsewhere.\n",
    ]
    for number in range(ITEMS):
        title = " ".join(draw.choices(WORDS, k=5)).capitalize()
        link = f"https://www.example.org/stories/{draw.randrange(10**6)}"
        lines += [f"# {title} {{#item-{number}}}\n", paragraph() + "\n", paragraph() + "\n", f"**[Read on]({link})**\n"]
    return "\n".join(lines)
